use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::{BundleError, BundleErrorKind, Sha256, path, unique_keys};

/// The manifest of a bundle. Unknown keys are ignored; an unknown major version, and a key that stands twice, are refused.
#[derive(Clone, Debug, Deserialize)]
pub struct Manifest {
    pub tool: Tool,
    pub base: BaseEntry,
    pub text: TextRules,
    pub tasks: Vec<Task>,
    /// By task id, as named in [`Task::adapter`].
    #[serde(deserialize_with = "unique_keys::deserialize")]
    pub adapters: BTreeMap<String, AdapterEntry>,
    pub compositions: Vec<Composition>,
    /// By path inside the bundle: every file but the manifest and its signature.
    #[serde(deserialize_with = "unique_keys::deserialize")]
    pub files: BTreeMap<String, FileEntry>,
}

/// What wrote the bundle.
#[derive(Clone, Debug, Deserialize)]
pub struct Tool {
    pub name: String,
    pub version: String,
    pub git_commit: String,
}

/// The model that the adapters belong to.
#[derive(Clone, Debug, Deserialize)]
pub struct BaseEntry {
    pub name: String,
    pub architecture: String,
    /// File name, without folders.
    pub file: String,
    pub bytes: u64,
    pub sha256: Sha256,
    pub licence: String,
}

impl BaseEntry {
    /// Where the base lies in a bundle that is packed with it.
    pub fn path(&self) -> String {
        format!("base/{}", self.file)
    }
}

#[derive(Clone, Debug, Deserialize)]
pub struct TextRules {
    version: String,
    pub bos_token_id: u32,
    pub eos_token_ids: Vec<u32>,
    /// Counts the ids of a prompt, BOS and turn included.
    pub max_prompt_tokens: usize,
    pub max_new_tokens: usize,
    /// What stands between the BOS and the text, and behind the text, where the base reads turns of a chat (text/2).
    #[serde(default)]
    pub turn_start_ids: Vec<u32>,
    #[serde(default)]
    pub turn_end_ids: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskKind {
    Main,
    Translation,
    Tone,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Task {
    pub id: String,
    pub kind: TaskKind,
    /// BCP-47, for translations only.
    #[serde(default)]
    pub language_tag: Option<String>,
    /// Template with `{input}`.
    pub prompt: String,
    /// Key into [`Manifest::adapters`].
    pub adapter: String,
}

#[derive(Clone, Debug, Deserialize)]
pub struct AdapterEntry {
    /// Folder of `adapter_config.json` and `adapter_model.safetensors`.
    pub path: String,
    pub rank: usize,
    /// Over the bytes of the configuration, then those of the tensors.
    pub sha256: Sha256,
}

impl AdapterEntry {
    pub fn config_path(&self) -> String {
        format!("{}/adapter_config.json", self.path)
    }

    pub fn tensors_path(&self) -> String {
        format!("{}/adapter_model.safetensors", self.path)
    }
}

/// Several tasks in one request: a main task, then the others in order.
#[derive(Clone, Debug, Deserialize)]
pub struct Composition {
    pub tasks: Vec<String>,
    prompt: String,
    #[serde(default, deserialize_with = "unique_keys::deserialize")]
    prompt_overrides: BTreeMap<String, String>,
    /// Of each task's adapter, in the calibrated mode.
    pub weights: Vec<f64>,
    /// Path of the calibration file.
    #[serde(default)]
    pub calibration: Option<String>,
    pub recommended_mode: Mode,
}

impl Composition {
    /// The ids joined with `+`.
    pub fn name(&self) -> String {
        self.tasks.join("+")
    }

    /// The template of the whole composition in a mode.
    pub fn prompt(&self, mode: Mode) -> &str {
        self.prompt_overrides.get(mode.id()).unwrap_or(&self.prompt)
    }

    /// The modes that this composition can run.
    pub fn modes(&self) -> Vec<Mode> {
        Mode::ALL.iter().copied().filter(|&mode| mode != Mode::Calibrated || self.calibration.is_some()).collect()
    }
}

/// How the tasks of a composition are done together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    Calibrated,
    TwoStep,
    Merge,
    ZeroShot,
}

impl Mode {
    pub const ALL: &[Self] = &[Self::Calibrated, Self::TwoStep, Self::Merge, Self::ZeroShot];

    pub const fn id(self) -> &'static str {
        match self {
            Self::Calibrated => "calibrated",
            Self::TwoStep => "two-step",
            Self::Merge => "merge",
            Self::ZeroShot => "zero-shot",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Mode {
    type Err = ();

    fn from_str(id: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|mode| mode.id() == id).ok_or(())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct FileEntry {
    pub bytes: u64,
    pub sha256: Sha256,
}

/// Where the tokenizer lies in every bundle.
pub const TOKENIZER: &str = "base/tokenizer.json";

#[derive(Deserialize)]
struct Versioned {
    format: String,
}

impl Manifest {
    /// Reads and checks a manifest, its version first.
    pub fn parse(bytes: &[u8]) -> Result<Self, BundleError> {
        let invalid = |e: serde_json::Error| refuse(&format!("the manifest cannot be read: {e}."));
        let Versioned { format } = serde_json::from_slice(bytes).map_err(invalid)?;
        check_version("format", &format, "tandem.bundle/", &["1"])?;
        let manifest: Self = serde_json::from_slice(bytes).map_err(invalid)?;
        check_version("text.version", &manifest.text.version, "text/", &["1", "2"])?;
        manifest.check()?;
        Ok(manifest)
    }

    pub fn task(&self, id: &str) -> Option<&Task> {
        self.tasks.iter().find(|task| task.id == id)
    }

    /// The entry and key of a task's adapter.
    pub fn adapter_of(&self, task: &Task) -> Option<&AdapterEntry> {
        self.adapters.get(&task.adapter)
    }

    pub fn composition(&self, tasks: &[String]) -> Option<&Composition> {
        self.compositions.iter().find(|composition| composition.tasks == tasks)
    }

    fn check(&self) -> Result<(), BundleError> {
        for file in self.files.keys() {
            path::check(file)?;
            if matches!(file.as_str(), crate::bundle::MANIFEST | crate::bundle::SIGNATURE) {
                return Err(refuse(&format!("files lists {file}, which cannot list itself.")));
            }
        }
        let listed = |file: &str, of: &str| {
            if self.files.contains_key(file) { Ok(()) } else { Err(refuse(&format!("files lacks {file} ({of})."))) }
        };
        self.check_base(&listed)?;
        for (id, adapter) in &self.adapters {
            listed(&adapter.config_path(), &format!("adapter {id}"))?;
            listed(&adapter.tensors_path(), &format!("adapter {id}"))?;
        }
        self.check_tasks()?;
        let mut names = BTreeSet::new();
        for composition in &self.compositions {
            self.check_composition(composition, &listed)?;
            if !names.insert(composition.name()) {
                return Err(refuse(&format!("the composition {} is there twice.", composition.name())));
            }
        }
        Ok(())
    }

    fn check_base(&self, listed: &impl Fn(&str, &str) -> Result<(), BundleError>) -> Result<(), BundleError> {
        path::check(&self.base.file)?;
        if self.base.file.contains('/') {
            return Err(refuse("base.file is a file name, without folders."));
        }
        listed(TOKENIZER, "the tokenizer")?;
        listed(&self.base.licence, "the base's licence")?;
        let FileEntry { bytes, sha256 } = match self.files.get(&self.base.path()) {
            Some(packed) => *packed,
            None => FileEntry { bytes: self.base.bytes, sha256: self.base.sha256 },
        };
        if (bytes, sha256) != (self.base.bytes, self.base.sha256) {
            return Err(refuse("base and files disagree about the packed base."));
        }
        if self.text.max_prompt_tokens == 0 || self.text.max_new_tokens == 0 {
            return Err(refuse("text.max_prompt_tokens and text.max_new_tokens are at least 1."));
        }
        let has_turn = !(self.text.turn_start_ids.is_empty() && self.text.turn_end_ids.is_empty());
        if has_turn != (major(&self.text.version, "text/") == Some("2")) {
            return Err(refuse("the ids of a turn (text.turn_start_ids, text.turn_end_ids) belong to text/2, which has to have some."));
        }
        Ok(())
    }

    fn check_tasks(&self) -> Result<(), BundleError> {
        let mut ids = BTreeSet::new();
        for task in &self.tasks {
            let id = &task.id;
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if id.is_empty() || id.len() > 64 || !id.chars().all(plain) || !ids.insert(id) {
                return Err(refuse(&format!("the task id {id:?} is there twice, or holds other than letters, digits, - and _.")));
            }
            if task.language_tag.is_some() != (task.kind == TaskKind::Translation) {
                return Err(refuse(&format!("the task {id}: translations have a language_tag, other tasks have none.")));
            }
            if !self.adapters.contains_key(&task.adapter) {
                return Err(refuse(&format!("the task {id} names the adapter {}, which adapters lacks.", task.adapter)));
            }
            check_template(&task.prompt, id)?;
        }
        Ok(())
    }

    fn check_composition(
        &self,
        composition: &Composition,
        listed: &impl Fn(&str, &str) -> Result<(), BundleError>,
    ) -> Result<(), BundleError> {
        let name = composition.name();
        let refuse = |what: &str| refuse(&format!("the composition {name}: {what}"));
        if composition.tasks.is_empty() {
            return Err(refuse("it has no task."));
        }
        for (position, id) in composition.tasks.iter().enumerate() {
            let task = self.task(id).ok_or_else(|| refuse(&format!("the task {id} is not among tasks.")))?;
            if (task.kind == TaskKind::Main) != (position == 0) {
                return Err(refuse("the first task is a main task, the others are not."));
            }
        }
        if composition.weights.len() != composition.tasks.len() || !composition.weights.iter().all(|weight| weight.is_finite()) {
            return Err(refuse("weights has one finite number for each task."));
        }
        if let Some(calibration) = &composition.calibration {
            listed(calibration, &format!("calibration of {name}"))?;
        }
        if !composition.modes().contains(&composition.recommended_mode) {
            return Err(refuse("the recommended mode calibrated needs a calibration."));
        }
        check_template(&composition.prompt, &name)?;
        composition.prompt_overrides.values().try_for_each(|prompt| check_template(prompt, &name))
    }
}

fn check_template(template: &str, of: &str) -> Result<(), BundleError> {
    if template.matches("{input}").count() == 1 && template.matches("{reply_speaker}").count() <= 1 {
        return Ok(());
    }
    Err(refuse(&format!("the prompt of {of} holds {{input}} once, and {{reply_speaker}} at most once.")))
}

fn check_version(key: &str, found: &str, prefix: &str, wanted: &[&str]) -> Result<(), BundleError> {
    if major(found, prefix).is_some_and(|major| wanted.contains(&major)) {
        return Ok(());
    }
    let wanted: Vec<_> = wanted.iter().map(|major| format!("{prefix}{major}")).collect();
    Err(BundleError::new(
        BundleErrorKind::VersionUnsupported,
        crate::bundle::MANIFEST,
        format!("{key} is {found:?}, this version reads {}; update the app, or export the bundle for this version.", wanted.join(" and ")),
    ))
}

fn major<'a>(version: &'a str, prefix: &str) -> Option<&'a str> {
    version.strip_prefix(prefix)?.split('.').next()
}

fn refuse(what: &str) -> BundleError {
    BundleError::new(BundleErrorKind::ManifestInvalid, crate::bundle::MANIFEST, format!("{what} Export the bundle anew."))
}
