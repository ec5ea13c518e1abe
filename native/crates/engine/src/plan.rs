use tandem_bundle::text::Input;
use tandem_bundle::{InputError, InputErrorKind, Manifest, Mode};
use tandem_compose::Recipe;

/// What a user asks for.
#[derive(Clone, Debug)]
pub struct Request {
    pub input: Input,
    /// For replies: who is to answer.
    pub reply_speaker: Option<String>,
    /// Task ids, the main task first.
    pub tasks: Vec<String>,
    /// The composition's recommended mode when absent.
    pub mode: Option<Mode>,
    /// For each step; the bundle's limit when absent.
    pub max_tokens: Option<usize>,
    /// For each step, BOS included; the bundle's limit when absent or larger.
    pub max_prompt_tokens: Option<usize>,
}

impl Request {
    /// Whether a bundle can do what is asked, whatever the input says.
    pub fn check(&self, manifest: &Manifest) -> Result<(), InputError> {
        Plan::new(manifest, self).map(drop)
    }
}

/// What is to be done for a request.
#[derive(Clone, Debug)]
pub struct Plan {
    pub mode: Mode,
    pub tasks: Vec<String>,
    pub steps: Vec<Step>,
    pub max_tokens: usize,
    pub max_prompt_tokens: usize,
}

/// One pass through the model. Each but the first works on the answer of the one before.
#[derive(Clone, Debug)]
pub struct Step {
    pub tasks: Vec<String>,
    pub template: String,
    /// The base model alone when absent.
    pub recipe: Option<Recipe>,
}

impl Plan {
    pub fn new(manifest: &Manifest, request: &Request) -> Result<Self, InputError> {
        let name = || request.tasks.join("+");
        let composition = manifest.composition(&request.tasks).ok_or_else(|| {
            let offered = manifest.compositions.iter().map(tandem_bundle::Composition::name).collect::<Vec<_>>().join(", ");
            let message = format!("the bundle does not offer {}; it offers {offered}.", name().escape_debug());
            InputError::new(InputErrorKind::CompositionUnknown, message)
        })?;
        let mode = request.mode.unwrap_or(composition.recommended_mode);
        if !composition.modes().contains(&mode) {
            let message = format!("the bundle holds no calibration for {}; choose another mode than {mode}.", name());
            return Err(InputError::new(InputErrorKind::ModeUnavailable, message));
        }
        let max_tokens = request.max_tokens.unwrap_or(manifest.text.max_new_tokens);
        if max_tokens == 0 {
            return Err(InputError::new(InputErrorKind::InputInvalid, "the limit of generated tokens is 0; give at least 1."));
        }
        let longest = manifest.text.max_prompt_tokens;
        let max_prompt_tokens = request.max_prompt_tokens.map_or(longest, |limit| limit.min(longest));
        let steps = if mode == Mode::TwoStep {
            let tasks = composition.tasks.iter().filter_map(|id| manifest.task(id));
            tasks
                .map(|task| Step { tasks: vec![task.id.clone()], template: task.prompt.clone(), recipe: Some(Recipe::single(&task.id)) })
                .collect()
        } else {
            let recipe = Recipe::one_pass(composition, mode);
            vec![Step { tasks: composition.tasks.clone(), template: composition.prompt(mode).to_owned(), recipe }]
        };
        Ok(Self { mode, tasks: composition.tasks.clone(), steps, max_tokens, max_prompt_tokens })
    }
}
