//! The toolchain's golden vectors: the same messages become the same prompt, and the same manifests are taken.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use tandem_bundle::text::{Content, asks_for_reply_speaker, fill};
use tandem_bundle::{Bundle, InputError};
use tandem_fixture::{GoldenInput, golden};

#[derive(Deserialize)]
struct Case {
    name: String,
    template: String,
    input: GoldenInput,
    reply_speaker: Option<String>,
    #[serde(default)]
    prompt: Option<String>,
    #[serde(default)]
    error: Option<String>,
}

fn prompt(case: &Case) -> Result<String, InputError> {
    let content = Content::new(&case.input.clone().into())?;
    let asked = asks_for_reply_speaker(&case.template);
    let speaker = if asked { content.reply_speaker(case.reply_speaker.as_deref())? } else { String::new() };
    Ok(fill(&case.template, &content.render(), &speaker))
}

#[test]
fn prompts_are_the_toolchains() {
    for case in golden::<Case>("text.jsonl") {
        let found = prompt(&case).map_err(|e| e.kind.id().to_owned());
        let expected = case.prompt.ok_or_else(|| case.error.expect("a prompt or an error"));
        assert_eq!(found, expected, "{}", case.name);
    }
}

/// A change of the golden bundle's manifest, as text, and perhaps of an adapter's configuration.
#[derive(Deserialize)]
struct Changed {
    name: String,
    changes: Vec<(String, String)>,
    #[serde(default)]
    config: Option<String>,
    verdict: String,
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

#[test]
fn changed_manifests_are_taken_or_refused_as_the_list_says() {
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/golden/bundle");
    let manifest = fs::read_to_string(bundle.join("manifest.json")).unwrap();
    for Changed { name, changes, config, verdict } in golden("manifests.jsonl") {
        let folder = tempfile::tempdir().unwrap();
        copy(&bundle, folder.path());
        let mut changed = manifest.clone();
        for (old, new) in changes {
            assert_eq!(changed.matches(&old).count(), 1, "{name}: {old}");
            changed = changed.replace(&old, &new);
        }
        fs::write(folder.path().join("manifest.json"), changed).unwrap();
        if let Some(config) = config {
            fs::write(folder.path().join("adapters/es/adapter_config.json"), config).unwrap();
        }
        let found = Bundle::open(folder.path(), None).and_then(|bundle| bundle.verify());
        assert_eq!(found.map_or_else(|e| e.kind.id(), |()| "intact"), verdict, "{name}");
    }
}
