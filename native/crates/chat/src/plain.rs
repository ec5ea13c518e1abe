//! Lines of `Name: text`. A line that does not start so belongs to the message before it.

use crate::{Messages, SentMessage};

/// Longer ones are sentences with a colon in them.
const MAX_NAME_CHARS: usize = 40;
const MAX_NAME_WORDS: usize = 4;

pub fn parse(text: &str) -> Vec<SentMessage> {
    let mut messages = Messages::default();
    for line in text.lines() {
        match split(line) {
            Some((name, text)) => messages.start(name, text, None),
            None => messages.go_on(line),
        }
    }
    messages.finish()
}

/// Splits `Name: text` where the name looks like one.
pub fn split(line: &str) -> Option<(&str, &str)> {
    let (name, text) = line.split_once(':')?;
    let name = name.trim();
    let starts_well = name.chars().next().is_some_and(char::is_alphabetic);
    let short = name.chars().count() <= MAX_NAME_CHARS && name.split_whitespace().count() <= MAX_NAME_WORDS;
    let is_sentence = name.contains([',', '!', '?', ';', '"', '/']);
    // `http://…` is no name, and neither is `at 12:30`.
    let apart = text.is_empty() || text.starts_with(char::is_whitespace);
    (starts_well && short && !is_sentence && apart).then(|| (name, text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tandem_bundle::text::Message;

    proptest! {
        #[test]
        fn named_lines_come_back(chat in prop::collection::vec(("[A-Z][a-zé]{1,8}( [A-Z][a-z]{1,6})?", "[a-z0-9é😀,.!?/ ]{0,12}[a-z]"), 1..6)) {
            let chat: Vec<_> = chat.into_iter().map(|(speaker, text)| Message { speaker, text: text.trim().to_owned() }).collect();
            let parsed: Vec<Message> = parse(&tandem_bundle::text::render(&chat)).into_iter().map(Message::from).collect();
            prop_assert_eq!(parsed, chat);
        }

        #[test]
        fn no_word_is_lost(text in r"([A-Za-z: ,\n]|http://a){0,60}") {
            let parsed = parse(&text).iter().map(|m| format!("{} {}\n", m.speaker, m.text)).collect::<Vec<_>>().concat();
            let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).collect::<String>();
            // A name without any text says nothing.
            let said = text.lines().filter(|line| split(line).is_none_or(|(_, text)| !text.is_empty()));
            for line in said {
                prop_assert!(letters(&parsed).contains(&letters(line)), "{line:?} is lost in {parsed:?}");
            }
        }
    }

    #[test]
    fn a_colon_does_not_make_a_name() {
        for line in ["https://example.org", "at 12:30", "one, two: three", "this is a long sentence with: a colon", ": x"] {
            assert_eq!(split(line), None, "{line}");
        }
    }
}
