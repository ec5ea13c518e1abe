//! From an input to the ids that are prefilled, within the limit; `docs/text-format.md` has the rule and
//! `tests/golden/prompt_ids.jsonl` holds this and the toolchain to it.

use tandem_bundle::text::{self, Content, Input, Message};
use tandem_bundle::{InputError, InputErrorKind, TextRules};

use crate::Error;

/// No vocabulary has longer tokens, in bytes: what is longer than so many for each token of the limit need not be encoded.
const MAX_TOKEN_BYTES: usize = 256;

/// What holds for all prompts of a bundle.
#[derive(Clone, Copy, Debug)]
pub struct PromptRules<'a> {
    pub bos: u32,
    /// Between the BOS and the text, where the base reads turns of a chat (text/2).
    pub turn_start: &'a [u32],
    /// Behind the text.
    pub turn_end: &'a [u32],
    /// Counts the BOS and the turn too.
    pub max_tokens: usize,
}

impl<'a> PromptRules<'a> {
    /// Those of a bundle, with a limit that may be lower than its own.
    pub fn new(text: &'a TextRules, max_tokens: usize) -> Self {
        Self { bos: text.bos_token_id, turn_start: &text.turn_start_ids, turn_end: &text.turn_end_ids, max_tokens }
    }
}

/// A prompt that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// BOS and turn included.
    pub ids: Vec<u32>,
    /// Oldest messages that did not fit.
    pub left_out_messages: usize,
    /// Whether only the end of the last message, or of a plain text, is in it.
    pub input_truncated: bool,
}

impl Prompt {
    /// Fills a template. `encode` gives the ids of a text, without BOS.
    pub fn new<E: Into<Error>>(
        rules: PromptRules<'_>,
        template: &str,
        input: &Input,
        reply_speaker: Option<&str>,
        encode: impl Fn(&str) -> Result<Vec<u32>, E>,
    ) -> Result<Self, Error> {
        let content = Content::new(input)?;
        let speaker = if text::asks_for_reply_speaker(template) { content.reply_speaker(reply_speaker)? } else { String::new() };
        // The ids, if they are within the limit.
        let fit = |input: &str| -> Result<Option<Vec<u32>>, Error> {
            if input.len() > rules.max_tokens.saturating_mul(MAX_TOKEN_BYTES) {
                return Ok(None);
            }
            let text = encode(&text::fill(template, input, &speaker)).map_err(Into::into)?;
            let ids = [&[rules.bos], rules.turn_start, &text, rules.turn_end].concat();
            Ok((ids.len() <= rules.max_tokens).then_some(ids))
        };
        let (left_out_messages, whole, prefix, end) = match &content {
            Content::Conversation(messages) => {
                let left_out = smallest(messages.len() - 1, |left_out| Ok(fit(&text::render(&messages[left_out..]))?.is_some()))?;
                // Where more than one message is left, they fit: only the last alone was never tried.
                let (prefix, end) = split(&messages[left_out]);
                (left_out, text::render(&messages[left_out..]), prefix, end)
            }
            Content::Text(text) => (0, text.clone(), String::new(), text.as_str()),
        };
        if let Some(ids) = fit(&whole)? {
            return Ok(Self { ids, left_out_messages, input_truncated: false });
        }
        let shortened = |scalars| fit(&format!("{prefix}{}", text::tail(end, scalars)));
        let kept = largest(end.chars().count(), |scalars| Ok(shortened(scalars)?.is_some()))?;
        match shortened(kept)? {
            Some(ids) if kept > 0 => Ok(Self { ids, left_out_messages, input_truncated: true }),
            _ => Err(too_long(rules.max_tokens).into()),
        }
    }
}

/// The part of a message that stays when its text is shortened, and its text.
fn split(message: &Message) -> (String, &str) {
    let prefix = if message.speaker.is_empty() { String::new() } else { format!("{}: ", message.speaker) };
    (prefix, &message.text)
}

/// The smallest of `0..=high` for which `fits` holds, if it holds for all above; `high` when there is none.
fn smallest(high: usize, fits: impl Fn(usize) -> Result<bool, Error>) -> Result<usize, Error> {
    let (mut low, mut high) = (0, high);
    while low < high {
        let middle = usize::midpoint(low, high);
        if fits(middle)? {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

/// The largest of `0..=high` for which `fits` holds, if it holds for all below; 0 when there is none.
fn largest(high: usize, fits: impl Fn(usize) -> Result<bool, Error>) -> Result<usize, Error> {
    let (mut low, mut high) = (0, high);
    while low < high {
        let middle = (low + high).div_ceil(2);
        if fits(middle)? {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    Ok(low)
}

fn too_long(limit: usize) -> InputError {
    let message = format!("the prompt does not fit into {limit} tokens even without the input; choose another task or bundle.");
    InputError::new(InputErrorKind::PromptTooLong, message)
}
