//! The toolchain's golden vectors: the same messages become the same prompt.

use serde::Deserialize;
use tandem_bundle::InputError;
use tandem_bundle::text::{Content, asks_for_reply_speaker, fill};
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
