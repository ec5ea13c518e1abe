//! What a manifest has to hold beyond the types of its values (`docs/bundle-format.md`); `tests/golden/manifests.jsonl` holds this and the
//! toolchain to it.

use std::collections::BTreeSet;

use super::{Composition, FileEntry, Manifest, TOKENIZER, TaskKind, major, refuse};
use crate::{BundleError, path, shown};

const MAX_ID_BYTES: usize = 64;

impl Manifest {
    pub(super) fn check(&self) -> Result<(), BundleError> {
        for file in self.files.keys() {
            path::check(file)?;
            if matches!(file.as_str(), crate::bundle::MANIFEST | crate::bundle::SIGNATURE) {
                return Err(refuse(&format!("files lists {file}, which cannot list itself.")));
            }
        }
        self.check_names()?;
        let listed = |file: &str, of: &str| {
            if self.files.contains_key(file) { Ok(()) } else { Err(refuse(&format!("files lacks {file} ({of})."))) }
        };
        self.check_base(&listed)?;
        self.check_text()?;
        let mut folders = BTreeSet::new();
        for (id, adapter) in &self.adapters {
            check_id(id, "key of adapters")?;
            // So the adapters are no more than the files, however many are named.
            if !folders.insert(&adapter.path) {
                return Err(refuse(&format!("two adapters lie at {}.", adapter.path)));
            }
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

    /// They are shown as they are.
    fn check_names(&self) -> Result<(), BundleError> {
        let (tool, base) = (&self.tool, &self.base);
        let names = [
            ("tool.name", &tool.name),
            ("tool.version", &tool.version),
            ("tool.git_commit", &tool.git_commit),
            ("base.name", &base.name),
            ("base.architecture", &base.architecture),
        ];
        let tags = self.tasks.iter().filter_map(|task| Some(("language_tag", task.language_tag.as_ref()?)));
        match names.into_iter().chain(tags).find(|(_, name)| name.contains(shown::is_hidden)) {
            Some((key, _)) => Err(refuse(&format!("{key} has a control character, a line break or one that turns the direction of text."))),
            None => Ok(()),
        }
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
        if self.base.bytes == 0 {
            return Err(refuse("base.bytes is at least 1."));
        }
        Ok(())
    }

    fn check_text(&self) -> Result<(), BundleError> {
        if self.text.eos_token_ids.is_empty() {
            return Err(refuse("text.eos_token_ids names no token that ends an answer."));
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
            check_id(id, "task id")?;
            if !ids.insert(id) {
                return Err(refuse(&format!("the task id {id} is there twice.")));
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
        let mut adapters = BTreeSet::new();
        for (position, id) in composition.tasks.iter().enumerate() {
            let task = self.task(id).ok_or_else(|| refuse(&format!("the task {id} is not among tasks.")))?;
            if (task.kind == TaskKind::Main) != (position == 0) {
                return Err(refuse("the first task is a main task, the others are not."));
            }
            // So no adapter is read twice for it, however many tasks are named.
            if !adapters.insert(&task.adapter) {
                return Err(refuse(&format!("two of its tasks have the adapter {}, or are one.", task.adapter)));
            }
        }
        if composition.weights.len() != composition.tasks.len() || !composition.weights.iter().all(|weight| weight.is_finite()) {
            return Err(refuse("weights has one finite number for each task."));
        }
        if let Some(calibration) = &composition.calibration {
            listed(calibration, &format!("calibration of {name}"))?;
        }
        if composition.method.is_some() != composition.calibration.is_some() {
            return Err(refuse("method and calibration come together."));
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

fn check_id(id: &str, what: &str) -> Result<(), BundleError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if id.len() <= MAX_ID_BYTES && id.starts_with(|c: char| c.is_ascii_lowercase()) && id.bytes().all(plain) {
        return Ok(());
    }
    Err(refuse(&format!("the {what} {id:?} is not of small letters, digits and -, a letter first, at most {MAX_ID_BYTES}.")))
}
