//! WhatsApp's exports: `31/12/23, 21:41 - Name: text` (Android) and `[31/12/23, 21:41:05] Name: text` (iOS), in any order of the date,
//! with 12 or 24 hours.

use tandem_bundle::text::Message;

use crate::Messages;

/// WhatsApp puts it before text of its own on iOS.
const LEFT_TO_RIGHT_MARK: char = '\u{200e}';
/// No stamp is longer, in bytes.
const MAX_STAMP: usize = 48;

/// One phrase a line, in WhatsApp's languages.
const DELETED: &str = include_str!("phrases/deleted.txt");
const EDITED: &str = include_str!("phrases/edited.txt");

/// Reads an export; none if no line has a stamp.
pub fn parse(text: &str) -> Option<Vec<Message>> {
    text.lines().any(|line| after_stamp(line).is_some()).then(|| {
        let mut messages = Messages::default();
        for line in text.lines() {
            match after_stamp(line) {
                Some(rest) => {
                    // A notice has no speaker and no text, and takes what follows it to itself.
                    let (speaker, text) = split_speaker(rest).unwrap_or_default();
                    messages.start(speaker, written(text));
                }
                None => messages.go_on(line),
            }
        }
        let of_a_person = |message: &Message| !message.speaker.is_empty();
        messages.finish().into_iter().map(without_edited).filter(of_a_person).collect()
    })
}

/// What follows the stamp of a line that has one.
fn after_stamp(line: &str) -> Option<&str> {
    let line = line.trim_start_matches(is_invisible);
    let (stamp, rest) = match line.strip_prefix('[') {
        Some(line) => line.split_once(']')?,
        None => line.split_once(" - ").or_else(|| line.split_once(" – "))?,
    };
    (stamp.len() <= MAX_STAMP && is_stamp(stamp)).then(|| rest.trim_start())
}

/// Whether a text is a date and a time: three numbers, then two or three, then perhaps a half of the day.
fn is_stamp(stamp: &str) -> bool {
    let mut rest = stamp.trim_matches(is_invisible);
    let mut number = |separators: &[char], last: bool| {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let after = &rest[digits..];
        let cut = after.trim_start_matches(separators);
        let separated = cut.len() < after.len();
        rest = cut;
        (1..=4).contains(&digits) && (separated || last)
    };
    let date = number(&['/', '.', '-'], false) && number(&['/', '.', '-'], false) && number(&[',', '.', ' '], false);
    let time = date && number(&[':', '.'], false) && number(&[':', '.'], true);
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit()).trim();
    time && rest.chars().count() <= 6 && rest.chars().all(|c| c.is_alphabetic() || c == '.' || c.is_whitespace())
}

/// Splits `Name: text`; none for a notice.
fn split_speaker(rest: &str) -> Option<(&str, &str)> {
    let (speaker, text) = rest.split_once(": ").or_else(|| rest.strip_suffix(':').map(|speaker| (speaker, "")))?;
    // Numbers and names that are not saved are marked so.
    let speaker = speaker.trim_start_matches('~').trim_matches(|c: char| is_invisible(c) || c.is_whitespace());
    (!speaker.is_empty() && !speaker.contains(['"', '“', '«'])).then_some((speaker, text))
}

/// What of a first line a person wrote: nothing where a placeholder stands for media or for a deleted message.
fn written(text: &str) -> &str {
    let by_whatsapp = text.starts_with(LEFT_TO_RIGHT_MARK);
    let plain = text.trim_matches(|c: char| is_invisible(c) || c.is_whitespace());
    let is_media = plain.starts_with('<') && plain.ends_with('>') && plain.contains(' ');
    if by_whatsapp || is_media || is_phrase(DELETED, plain) { "" } else { text.trim() }
}

/// Removes the mark of an edited message from its end.
fn without_edited(message: Message) -> Message {
    let Message { speaker, mut text } = message;
    if let Some(start) = text.rfind('<') {
        let marked = text[..start].ends_with(LEFT_TO_RIGHT_MARK);
        if text.ends_with('>') && (marked || is_phrase(EDITED, &text[start..])) {
            text.truncate(text[..start].trim_end_matches(|c: char| is_invisible(c) || c.is_whitespace()).len());
        }
    }
    Message { speaker, text }
}

fn is_phrase(phrases: &str, text: &str) -> bool {
    let bare = |text: &str| text.trim_end_matches(['.', '>']).trim_start_matches('<').to_lowercase();
    phrases.lines().any(|phrase| bare(phrase) == bare(text))
}

/// Marks of direction and order, which show nothing.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{feff}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STAMPS: &[&str] = &[
        "12/31/23, 9:41 PM - ",
        "12/31/23, 9:41\u{202f}PM - ",
        "31/12/2023, 21:41 - ",
        "31/12/23 21:41 - ",
        "31/12/23, 9:41 p. m. - ",
        "31.12.23, 21:41 – ",
        "2023-12-31, 21:41 - ",
        "[31/12/23, 21:41:05] ",
        "[12/31/23, 9:41:05 PM] ",
        "\u{200e}[31.12.23, 21:41:05] ",
    ];

    fn message() -> impl Strategy<Value = Message> {
        let line = "[a-zé😀?!,.:0-9 ]{0,10}[a-z]";
        let text = prop::collection::vec(line, 1..4).prop_map(|lines| lines.join("\n").trim().to_owned());
        ("[A-Z][a-zé]{1,6}( [A-Z][a-z]{1,6})?", text).prop_map(|(speaker, text)| Message { speaker, text })
    }

    proptest! {
        #[test]
        fn exported_messages_come_back(
            messages in prop::collection::vec(message(), 1..6),
            stamp in prop::sample::select(STAMPS),
        ) {
            let lines: Vec<_> = messages.iter().map(|m| format!("{stamp}{}: {}\n", m.speaker, m.text)).collect();
            let export = lines.concat();
            prop_assert_eq!(parse(&export), Some(messages));
        }

        #[test]
        fn any_text_is_taken(text in r"([\[\]0-9/:, <>\-\n]|\PC){0,80}") {
            crate::parse(&text);
        }

        #[test]
        fn what_whatsapp_wrote_is_left_out(
            message in message(),
            stamp in prop::sample::select(STAMPS),
            notice in prop::sample::select(vec![
                "Messages and calls are end-to-end encrypted.",
                "Ana changed the group name from \"a: b\" to \"c\"",
                "Ana: \u{200e}image omitted",
                "Ana: <Media omitted>",
                "Ana: This message was deleted",
                "Ana: Diese Nachricht wurde gelöscht.",
            ]),
        ) {
            let export = format!("{stamp}{notice}\n{stamp}{}: {}\n{stamp}{notice}\n", message.speaker, message.text);
            prop_assert_eq!(parse(&export), Some(vec![message]));
        }
    }

    #[test]
    fn marks_of_edited_messages_are_removed() {
        for mark in [" <This message was edited>", " \u{200e}<Se editó este mensaje.>", " \u{200e}<anything>"] {
            let export = format!("[31/12/23, 21:41:05] Ana: a < b{mark}\n");
            assert_eq!(parse(&export), Some(vec![Message { speaker: "Ana".into(), text: "a < b".into() }]));
        }
    }

    #[test]
    fn a_caption_keeps_its_speaker() {
        let export = "31/12/23, 21:41 - Ana: <Media omitted>\nlook!\n";
        assert_eq!(parse(export), Some(vec![Message { speaker: "Ana".into(), text: "look!".into() }]));
    }

    #[test]
    fn times_and_dates_in_text_are_no_stamps() {
        for line in ["at 12:30 - maybe", "31/12/23 - party", "[1] see", "a - b: c", "12/31/23, 9:41 quite late - x: y"] {
            assert_eq!(after_stamp(line), None, "{line}");
        }
    }
}
