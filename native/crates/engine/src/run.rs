use std::ops::ControlFlow;
use std::time::Duration;

use tandem_bundle::Bundle;
use tandem_bundle::text::Input;

use crate::plan::{Plan, Step};
use crate::statistics::StepStatistics;
use crate::{
    AdapterCache, Answer, AnswerText, Cancel, Ended, Engine, Error, FinishReason, Generation, Prompt, PromptRules, Request, Scratch,
    Statistics, Stopped, peak_rss_bytes,
};

/// What happens while a request runs. `step` counts from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    PromptReady {
        step: usize,
        steps: usize,
        prompt_tokens: usize,
        left_out_messages: usize,
    },
    /// A piece of text, to be appended to the step's text.
    Text {
        step: usize,
        text: String,
    },
    StepFinished {
        step: usize,
    },
}

/// Runs a request to its answer. A cancelled run is an answer too: of what was written until then.
pub fn run(
    engine: &mut dyn Engine,
    bundle: &Bundle,
    scratch: &Scratch,
    adapters: &mut AdapterCache,
    request: &Request,
    cancel: &Cancel,
    sink: &mut dyn FnMut(Event),
) -> Result<Answer, Error> {
    let manifest = bundle.manifest();
    let plan = Plan::new(manifest, request)?;
    let mut answer = Answer {
        text: String::new(),
        statistics: Statistics {
            mode: plan.mode,
            tasks: plan.tasks.clone(),
            finish_reason: FinishReason::Cancelled,
            left_out_messages: 0,
            input_truncated: false,
            load: Duration::ZERO,
            steps: Vec::new(),
            peak_rss_bytes: 0,
        },
    };
    let mut input = request.input.clone();
    for (number, step) in plan.steps.iter().enumerate() {
        if cancel.is_cancelled() {
            answer.statistics.finish_reason = FinishReason::Cancelled;
            break;
        }
        let rules = PromptRules::new(&manifest.text, plan.max_prompt_tokens);
        let reply_speaker = request.reply_speaker.as_deref();
        let prompt = Prompt::new(rules, &step.template, &input, reply_speaker, |text| engine.encode(text))?;
        sink(Event::PromptReady {
            step: number,
            steps: plan.steps.len(),
            prompt_tokens: prompt.ids.len(),
            left_out_messages: prompt.left_out_messages,
        });
        if number == 0 {
            answer.statistics.left_out_messages = prompt.left_out_messages;
        }
        answer.statistics.input_truncated |= prompt.input_truncated;
        let compose = match &step.recipe {
            Some(recipe) => adapters.prepare(engine, bundle, scratch, recipe)?,
            None => Duration::ZERO,
        };
        let mut show = |text: &str| sink(Event::Text { step: number, text: text.to_owned() });
        let pass = Pass { step, prompt: &prompt, compose, max_tokens: plan.max_tokens, stop_ids: &manifest.text.eos_token_ids };
        let (text, finish_reason, statistics) = pass.run(engine, cancel, &mut show)?;
        answer.statistics.steps.push(statistics);
        answer.statistics.finish_reason = finish_reason;
        sink(Event::StepFinished { step: number });
        let last = number + 1 == plan.steps.len();
        if last {
            answer.text = text;
        } else if text.is_empty() || finish_reason == FinishReason::Cancelled {
            // Nothing for the next step to work on; what an earlier step wrote is no answer.
            break;
        } else {
            input = Input::Text(text);
        }
    }
    answer.statistics.peak_rss_bytes = peak_rss_bytes();
    Ok(answer)
}

/// One step, ready to generate.
struct Pass<'a> {
    step: &'a Step,
    prompt: &'a Prompt,
    compose: Duration,
    max_tokens: usize,
    stop_ids: &'a [u32],
}

impl Pass<'_> {
    fn run(
        &self,
        engine: &mut dyn Engine,
        cancel: &Cancel,
        show: &mut dyn FnMut(&str),
    ) -> Result<(String, FinishReason, StepStatistics), Error> {
        let mut text = AnswerText::default();
        let mut ended = None;
        let mut sink = |piece: &str| {
            if cancel.is_cancelled() {
                return ControlFlow::Break(());
            }
            text.push(piece, &mut *show).map_break(|reason| ended = Some(reason))
        };
        let generation = Generation {
            ids: &self.prompt.ids,
            adapter: self.step.recipe.as_ref().map(|recipe| recipe.name.as_str()),
            stop_ids: self.stop_ids,
            max_tokens: self.max_tokens,
            cancel,
        };
        let generated = engine.generate(&generation, &mut sink)?;
        let (text, loop_cut) = text.into_text();
        let finish_reason = match (generated.stopped, ended) {
            (Stopped::Sink | Stopped::Cancelled, None) => FinishReason::Cancelled,
            (_, Some(Ended::Repetition)) => FinishReason::Repetition,
            _ if loop_cut => FinishReason::Repetition,
            (_, Some(Ended::LineBreak)) => FinishReason::LineBreak,
            (Stopped::StopId, None) => FinishReason::Stop,
            (Stopped::MaxTokens, None) => FinishReason::Length,
        };
        let statistics = StepStatistics {
            tasks: self.step.tasks.clone(),
            prompt_tokens: generated.prompt_tokens,
            generated_tokens: generated.generated_tokens,
            compose: self.compose,
            prefill: generated.prefill,
            decode: generated.decode,
        };
        Ok((text, finish_reason, statistics))
    }
}
