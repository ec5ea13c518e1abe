//! Prompts: within the limit and with as much of the input as fits; and the toolchain's golden ids, on the real tokenizer.

use std::path::{Path, PathBuf};
use std::{env, fs};

use proptest::prelude::*;
use serde::Deserialize;
use tandem_bundle::InputErrorKind;
use tandem_bundle::text::{Input, Message, fill, render};
use tandem_engine::{Encoder, EngineError, Error, Prompt, PromptRules};
use tandem_fixture::{GoldenInput, golden};

use crate::support::required;

const TEMPLATE: &str = "Do: {input}\nDone:";
const BOS: u32 = 2;

/// One id for each scalar value.
#[expect(clippy::unnecessary_wraps, reason = "this is what the caller takes")]
fn encode(text: &str) -> Result<Vec<u32>, EngineError> {
    Ok(text.chars().map(u32::from).collect())
}

fn decode(ids: &[u32]) -> String {
    ids[1..].iter().map(|id| char::from_u32(*id).unwrap()).collect()
}

fn message() -> impl Strategy<Value = Message> {
    ("[A-C]{0,1}", "[a-zé😀]{1,12}").prop_map(|(speaker, text)| Message { speaker, text })
}

proptest! {
    #[test]
    fn as_many_of_the_latest_messages_as_fit_are_kept(messages in prop::collection::vec(message(), 1..8), max_tokens in 1usize..80) {
        let rules = PromptRules { bos: BOS, turn_start: &[], turn_end: &[], max_tokens };
        let whole = |left_out: usize| fill(TEMPLATE, &render(&messages[left_out..]), "");
        let fits = |left_out: usize| whole(left_out).chars().count() < max_tokens;
        match Prompt::new(rules, TEMPLATE, &Input::Conversation(messages.clone()), None, encode) {
            Ok(prompt) => {
                prop_assert!(prompt.ids.len() <= max_tokens);
                prop_assert_eq!(prompt.ids[0], BOS);
                let left_out = prompt.left_out_messages;
                prop_assert!(left_out == 0 || !fits(left_out - 1));
                if prompt.input_truncated {
                    // Only the last message is shortened, at its start, and not more than needed.
                    let last = &messages[messages.len() - 1];
                    prop_assert_eq!(left_out, messages.len() - 1);
                    let prefix = if last.speaker.is_empty() { String::new() } else { format!("{}: ", last.speaker) };
                    let found = decode(&prompt.ids);
                    let kept = found.strip_prefix(&format!("Do: {prefix}")).and_then(|rest| rest.strip_suffix("\nDone:")).unwrap();
                    prop_assert!(!kept.is_empty() && last.text.ends_with(kept) && kept.len() < last.text.len());
                    prop_assert_eq!(prompt.ids.len(), max_tokens);
                } else {
                    prop_assert_eq!(decode(&prompt.ids), whole(left_out));
                }
            }
            Err(Error::Input(e)) => {
                prop_assert_eq!(e.kind, InputErrorKind::PromptTooLong);
                prop_assert!(!fits(messages.len() - 1));
            }
            Err(e) => panic!("{e}"),
        }
    }

    #[test]
    fn what_is_far_too_long_is_not_encoded(messages in 1usize..6, bytes in 1usize..100_000, max_tokens in 20usize..80) {
        let rules = PromptRules { bos: BOS, turn_start: &[], turn_end: &[], max_tokens };
        let last = Message { speaker: "A".into(), text: "hi".into() };
        let long = Message { speaker: "B".into(), text: "x".repeat(bytes) };
        let input = Input::Conversation([vec![long; messages], vec![last]].concat());
        let longest = std::cell::Cell::new(0);
        let prompt = Prompt::new(rules, TEMPLATE, &input, None, |text| {
            longest.set(text.len().max(longest.get()));
            encode(text)
        });
        prop_assert!(prompt.is_ok());
        prop_assert!(longest.get() <= max_tokens * 256 + TEMPLATE.len());
    }

    #[test]
    fn a_turn_stands_around_the_text_and_counts(text in "[a-z é]{1,40}", start in "[a-c]{0,4}", end in "[a-c]{0,4}", max_tokens in 1usize..60) {
        let (start, end) = (encode(&start).unwrap(), encode(&end).unwrap());
        let plain = PromptRules { bos: BOS, turn_start: &[], turn_end: &[], max_tokens };
        let taken = start.len() + end.len();
        let turned = PromptRules { turn_start: &start, turn_end: &end, max_tokens: max_tokens + taken, ..plain };
        let ask = |rules| Prompt::new(rules, TEMPLATE, &Input::Text(text.clone()), None, encode);
        match (ask(plain), ask(turned)) {
            (Ok(without), Ok(within)) => {
                prop_assert_eq!(within.ids, [&without.ids[..1], &start, &without.ids[1..], &end].concat());
                prop_assert_eq!(within.input_truncated, without.input_truncated);
            }
            (Err(_), Err(_)) => {}
            (without, within) => panic!("{without:?}, {within:?}"),
        }
    }

    #[test]
    fn the_end_of_a_plain_text_is_kept(text in "[a-z é]{1,40}", max_tokens in 1usize..60) {
        let rules = PromptRules { bos: BOS, turn_start: &[], turn_end: &[], max_tokens };
        if let Ok(prompt) = Prompt::new(rules, TEMPLATE, &Input::Text(text.clone()), None, encode) {
            prop_assert!(prompt.ids.len() <= max_tokens);
            let found = decode(&prompt.ids);
            let kept = found.strip_prefix("Do: ").and_then(|rest| rest.strip_suffix("\nDone:")).unwrap();
            prop_assert!(text.ends_with(kept));
            prop_assert_eq!(prompt.input_truncated, kept != text);
        }
    }
}

#[derive(Deserialize)]
struct Case {
    name: String,
    template: String,
    input: GoldenInput,
    #[serde(default)]
    reply_speaker: Option<String>,
    max_prompt_tokens: usize,
    #[serde(default)]
    turn_start_ids: Vec<u32>,
    #[serde(default)]
    turn_end_ids: Vec<u32>,
    #[serde(default)]
    ids: Vec<u32>,
    #[serde(default)]
    left_out_messages: usize,
    #[serde(default)]
    input_truncated: bool,
    #[serde(default)]
    error: Option<String>,
}

/// The base's tokenizer, where it has been fetched.
fn tokenizer() -> Option<PathBuf> {
    let cache = env::var_os("TANDEM_CACHE").map(PathBuf::from).or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".cache/tandem")));
    let path = env::var_os("TANDEM_TOKENIZER").map(PathBuf::from).or_else(|| Some(cache?.join("model/tokenizer.json")));
    path.filter(|path| path.exists())
}

#[test]
fn limits_in_a_tokenizers_file_neither_cut_a_text_nor_fill_it_up() {
    let file = serde_json::json!({
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0},
        "padding": {
            "strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0, "pad_token": "a"
        },
        "added_tokens": [], "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
        "model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []},
    });
    let encoder = Encoder::parse(&serde_json::to_vec(&file).unwrap()).unwrap();
    assert_eq!(encoder.encode("abab").unwrap(), [0, 1, 0, 1]);
}

#[test]
fn ids_are_the_toolchains() {
    let Some(tokenizer) = tokenizer() else {
        return required("the base's tokenizer is not there; fetch the base, or name it in TANDEM_TOKENIZER");
    };
    let encoder = Encoder::parse(&fs::read(tokenizer).unwrap()).unwrap();
    for case in golden::<Case>("prompt_ids.jsonl") {
        let (turn_start, turn_end) = (&case.turn_start_ids[..], &case.turn_end_ids[..]);
        let rules = PromptRules { bos: BOS, turn_start, turn_end, max_tokens: case.max_prompt_tokens };
        let found = Prompt::new(rules, &case.template, &case.input.into(), case.reply_speaker.as_deref(), |text| encoder.encode(text));
        let found = found.map_err(|e| e.kind().to_owned());
        let expected = match case.error {
            Some(kind) => Err(kind),
            None => Ok(Prompt { ids: case.ids, left_out_messages: case.left_out_messages, input_truncated: case.input_truncated }),
        };
        assert_eq!(found, expected, "{}", case.name);
    }
}
