mod mode;
mod rules;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde::{Deserialize, Deserializer};

use crate::{BundleError, BundleErrorKind, Sha256, json};

pub use mode::Mode;

/// The manifest of a bundle. Unknown keys are ignored; an unknown major version, and a key that stands twice, are refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(remote = "Self")]
pub struct Manifest {
    pub tool: Tool,
    pub base: BaseEntry,
    pub text: TextRules,
    pub tasks: Vec<Task>,
    /// By task id, as named in [`Task::adapter`].
    pub adapters: BTreeMap<String, AdapterEntry>,
    pub compositions: Vec<Composition>,
    /// By path inside the bundle: every file but the manifest and its signature.
    pub files: BTreeMap<String, FileEntry>,
}

/// What wrote the bundle.
#[derive(Clone, Debug, Deserialize)]
#[serde(remote = "Self")]
pub struct Tool {
    pub name: String,
    pub version: String,
    pub git_commit: String,
}

/// The model that the adapters belong to.
#[derive(Clone, Debug, Deserialize)]
#[serde(remote = "Self")]
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
#[serde(remote = "Self")]
pub struct TextRules {
    version: String,
    pub bos_token_id: u32,
    pub eos_token_ids: Vec<u32>,
    /// Counts the ids of a prompt, BOS and turn included.
    #[serde(deserialize_with = "count")]
    pub max_prompt_tokens: usize,
    #[serde(deserialize_with = "count")]
    pub max_new_tokens: usize,
    /// What stands between the BOS and the text, and behind the text, where the base reads turns of a chat (text/2).
    #[serde(default)]
    pub turn_start_ids: Vec<u32>,
    #[serde(default)]
    pub turn_end_ids: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", remote = "Self")]
pub enum TaskKind {
    Main,
    Translation,
    Tone,
}

json::from_strings!(TaskKind);

#[derive(Clone, Debug, Deserialize)]
#[serde(remote = "Self")]
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
#[serde(remote = "Self")]
pub struct AdapterEntry {
    /// Folder of `adapter_config.json` and `adapter_model.safetensors`.
    pub path: String,
    /// `r` of `adapter_config.json`.
    #[serde(deserialize_with = "count")]
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
#[serde(remote = "Self")]
pub struct Composition {
    pub tasks: Vec<String>,
    prompt: String,
    #[serde(default)]
    prompt_overrides: BTreeMap<Mode, String>,
    /// How it was calibrated, if it was; information only. Has to be there, as the calibration has to: serde lets what may be null be absent
    /// otherwise.
    #[serde(deserialize_with = "Option::deserialize")]
    pub method: Option<String>,
    /// Of each task's adapter, in the calibrated mode.
    pub weights: Vec<f64>,
    /// Path of the calibration file.
    #[serde(deserialize_with = "Option::deserialize")]
    pub calibration: Option<String>,
    /// Scores on held-out conversations, by metric; information only.
    #[serde(default)]
    pub validation: BTreeMap<String, f64>,
    pub recommended_mode: Mode,
}

impl Composition {
    /// The ids joined with `+`.
    pub fn name(&self) -> String {
        self.tasks.join("+")
    }

    /// The template of the whole composition in a mode.
    pub fn prompt(&self, mode: Mode) -> &str {
        self.prompt_overrides.get(&mode).unwrap_or(&self.prompt)
    }

    /// The modes that this composition can run.
    pub fn modes(&self) -> Vec<Mode> {
        Mode::ALL.iter().copied().filter(|&mode| mode != Mode::Calibrated || self.calibration.is_some()).collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(remote = "Self")]
pub struct FileEntry {
    pub bytes: u64,
    pub sha256: Sha256,
}

json::from_objects!(Manifest, Tool, BaseEntry, TextRules, Task, AdapterEntry, Composition, FileEntry);

/// A count or a limit: at least 1, and below 2^32.
pub(crate) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    NonZeroU32::deserialize(deserializer).map(|count| count.get() as usize)
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
        json::check(bytes).map_err(invalid)?;
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

/// The major part of a version, which is that and perhaps a minor one.
fn major<'a>(version: &'a str, prefix: &str) -> Option<&'a str> {
    let version = version.strip_prefix(prefix)?;
    let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(major) && is_number(minor)).then_some(major)
}

fn refuse(what: &str) -> BundleError {
    BundleError::new(BundleErrorKind::ManifestInvalid, crate::bundle::MANIFEST, format!("{what} Export the bundle anew."))
}
