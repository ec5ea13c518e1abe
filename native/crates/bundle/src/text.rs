//! Text format, version `text/1`: how messages become the text of a prompt. `docs/text-format.md` is the rule;
//! `tests/golden/text.jsonl` holds this and the toolchain to it.

use crate::{InputError, InputErrorKind};

/// One message of a conversation, as the user gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// May be empty: then the text stands alone.
    pub speaker: String,
    pub text: String,
}

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Conversation(Vec<Message>),
    Text(String),
}

/// An input with something in it, normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Messages on one line each; at least one, none without text.
    Conversation(Vec<Message>),
    /// Unchanged; not only white space.
    Text(String),
}

impl Content {
    pub fn new(input: &Input) -> Result<Self, InputError> {
        let content = match input {
            Input::Conversation(messages) => {
                let on_one_line = |message: &Message| Message { speaker: one_line(&message.speaker), text: one_line(&message.text) };
                Self::Conversation(messages.iter().map(on_one_line).filter(|message| !message.text.is_empty()).collect())
            }
            Input::Text(text) => Self::Text(text.clone()),
        };
        let empty = match &content {
            Self::Conversation(messages) => messages.is_empty(),
            Self::Text(text) => text.trim().is_empty(),
        };
        if empty {
            return Err(InputError::new(InputErrorKind::InputEmpty, "the input holds no text; give at least one message."));
        }
        Ok(content)
    }

    /// The whole input as it stands in a prompt.
    pub fn render(&self) -> String {
        match self {
            Self::Conversation(messages) => render(messages),
            Self::Text(text) => text.clone(),
        }
    }

    /// Who is to answer: `wanted`, else the latest speaker who is not the speaker of the last message.
    pub fn reply_speaker(&self, wanted: Option<&str>) -> Result<String, InputError> {
        let wanted = wanted.map(one_line).filter(|speaker| !speaker.is_empty());
        let latest = || match self {
            Self::Conversation(messages) => {
                let last = &messages.last()?.speaker;
                messages.iter().rev().map(|message| &message.speaker).find(|speaker| *speaker != last && !speaker.is_empty()).cloned()
            }
            Self::Text(_) => None,
        };
        wanted.or_else(latest).ok_or_else(|| {
            InputError::new(InputErrorKind::ReplySpeakerMissing, "it is not clear who is to reply; name one with reply_speaker.")
        })
    }
}

/// Messages as lines of `speaker: text`.
pub fn render(messages: &[Message]) -> String {
    let line = |message: &Message| match message.speaker.as_str() {
        "" => message.text.clone(),
        speaker => format!("{speaker}: {}", message.text),
    };
    messages.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The last `scalars` Unicode scalar values of a text, without white space at their start.
pub fn tail(text: &str, scalars: usize) -> &str {
    let skipped = text.chars().count().saturating_sub(scalars);
    let start = text.char_indices().nth(skipped).map_or(text.len(), |(at, _)| at);
    text[start..].trim_start()
}

/// Whether a template asks for a speaker of the reply.
pub fn asks_for_reply_speaker(template: &str) -> bool {
    template.contains("{reply_speaker}")
}

/// Fills a template in one pass, so that braces in what is filled in stay text.
pub fn fill(template: &str, input: &str, reply_speaker: &str) -> String {
    let mut prompt = String::with_capacity(template.len() + input.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        prompt.push_str(&rest[..at]);
        rest = &rest[at..];
        let (value, placeholder) = [(input, "{input}"), (reply_speaker, "{reply_speaker}")]
            .into_iter()
            .find(|(_, placeholder)| rest.starts_with(placeholder))
            .unwrap_or(("{", "{"));
        prompt.push_str(value);
        rest = &rest[placeholder.len()..];
    }
    prompt.push_str(rest);
    prompt
}

/// Makes each line break one space and trims both ends.
fn one_line(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    text.replace(is_line_break, " ").trim().to_owned()
}

/// Whether a character ends a line.
pub fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message() -> impl Strategy<Value = Message> {
        let text = r"[ab:{}\r\n\u{2028}\u{a0} ]{0,8}";
        (text, text).prop_map(|(speaker, text)| Message { speaker, text })
    }

    proptest! {
        #[test]
        fn each_message_becomes_one_trimmed_line(messages in prop::collection::vec(message(), 0..6)) {
            match Content::new(&Input::Conversation(messages.clone())) {
                Ok(content) => {
                    let rendered = content.render();
                    let lines: Vec<_> = rendered.split(is_line_break).collect();
                    prop_assert!(lines.len() <= messages.len());
                    prop_assert!(lines.iter().all(|line| !line.is_empty() && line.trim() == *line));
                }
                Err(e) => {
                    prop_assert_eq!(e.kind, InputErrorKind::InputEmpty);
                    prop_assert!(messages.iter().all(|message| message.text.trim().is_empty()));
                }
            }
        }

        #[test]
        fn normalising_twice_changes_nothing(messages in prop::collection::vec(message(), 1..6)) {
            if let Ok(Content::Conversation(once)) = Content::new(&Input::Conversation(messages)) {
                prop_assert_eq!(Content::new(&Input::Conversation(once.clone())), Ok(Content::Conversation(once)));
            }
        }

        #[test]
        fn what_is_filled_in_stays_as_it_is(before in "[a{} ]{0,4}", input in r"[a{}\n]{0,4}|\{input\}|\{reply_speaker\}", speaker in ".{0,6}") {
            let template = format!("{before}|{{input}}|{{reply_speaker}}|");
            prop_assert_eq!(fill(&template, &input, &speaker), format!("{before}|{input}|{speaker}|"));
        }

        #[test]
        fn a_tail_is_an_end_of_the_text(text in "[ a\u{1f600}é]{0,12}", scalars in 0usize..14) {
            let kept = tail(&text, scalars);
            prop_assert!(text.ends_with(kept));
            prop_assert!(kept.chars().count() <= scalars);
            prop_assert!(!kept.starts_with(char::is_whitespace));
        }

        #[test]
        fn the_replying_speaker_is_not_the_last_one(messages in prop::collection::vec(message(), 1..6)) {
            if let Ok(content) = Content::new(&Input::Conversation(messages))
                && let (Ok(speaker), Content::Conversation(messages)) = (content.reply_speaker(None), &content)
            {
                prop_assert_ne!(&speaker, &messages[messages.len() - 1].speaker);
                prop_assert!(messages.iter().any(|message| message.speaker == speaker));
            }
        }
    }
}
