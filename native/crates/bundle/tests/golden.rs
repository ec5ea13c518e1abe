//! The toolchain's golden vectors: the same messages become the same prompt.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use tandem_bundle::InputError;
use tandem_bundle::text::{Content, Input, Message, asks_for_reply_speaker, fill};

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

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum GoldenInput {
    Conversation(Vec<GoldenMessage>),
    Text(String),
}

#[derive(Deserialize)]
struct GoldenMessage {
    speaker: String,
    text: String,
}

fn prompt(case: &Case) -> Result<String, InputError> {
    let input = match &case.input {
        GoldenInput::Text(text) => Input::Text(text.clone()),
        GoldenInput::Conversation(messages) => {
            Input::Conversation(messages.iter().map(|m| Message { speaker: m.speaker.clone(), text: m.text.clone() }).collect())
        }
    };
    let content = Content::new(&input)?;
    let asked = asks_for_reply_speaker(&case.template);
    let speaker = if asked { content.reply_speaker(case.reply_speaker.as_deref())? } else { String::new() };
    Ok(fill(&case.template, &content.render(), &speaker))
}

#[test]
fn prompts_are_the_toolchains() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/golden/text.jsonl");
    let mut cases = 0;
    for line in fs::read_to_string(&path).unwrap().lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let found = prompt(&case).map_err(|e| e.kind.id().to_owned());
        let expected = case.prompt.ok_or_else(|| case.error.expect("a prompt or an error"));
        assert_eq!(found, expected, "{}", case.name);
        cases += 1;
    }
    assert!(cases > 0, "no golden vectors in {}", path.display());
}
