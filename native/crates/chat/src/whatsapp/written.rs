use crate::phrases;
use crate::whatsapp::placeholder::{Tags, is_around, is_media, is_title, last_tag};
use crate::whatsapp::scan::is_invisible;

/// WhatsApp puts it before words of its own on an iPhone, and before files on Android.
const OWN: char = '\u{200e}';

/// What of a message's text its speaker wrote; none where that is nothing.
pub fn by_person(speaker: &str, text: &str, tags: &Tags) -> Option<String> {
    let text = without_edited(text, tags);
    if is_poll(text) {
        return Some(text.lines().map(|line| line.trim_matches(is_around)).collect::<Vec<_>>().join("\n").trim().to_owned());
    }
    if phrases::is_deleted(text) || phrases::is_system(text) || is_about_speaker(speaker, text) {
        return None;
    }
    let mut lines = text.split('\n');
    let first = lines.next().unwrap_or_default();
    let said = without_own(first, tags);
    let mut kept: Vec<&str> = lines.filter(|line| !(starts_with_own(line) && tags.is_placeholder(line))).map(str::trim_end).collect();
    match said {
        Some(said) => kept.insert(0, said),
        // A document's title stands below its placeholder.
        None if matches!(kept.as_slice(), [title] if is_title(title.trim())) => return None,
        None => {}
    }
    let text = without_mention_marks(&kept.join("\n"));
    let text = text.trim_matches(is_blank);
    (!text.is_empty()).then(|| text.to_owned())
}

/// What a person wrote of the first line; none for a line of WhatsApp.
fn without_own<'a>(line: &'a str, tags: &Tags) -> Option<&'a str> {
    let has_letters = |text: &str| text.contains(char::is_alphabetic);
    if (starts_with_own(line) && has_letters(line)) || tags.is_placeholder(line) {
        return None;
    }
    // A caption may stand before the placeholder, or behind it.
    let own = line.rfind(OWN).filter(|at| tags.is_placeholder(&line[*at..]));
    let end = own.or_else(|| last_tag(line).filter(|(_, inside)| is_media(inside)).map(|(at, _)| at)).unwrap_or(line.len());
    let start = line.find('>').filter(|at| *at < end && line.strip_prefix('<').is_some_and(|rest| phrases::is_omitted(&rest[..*at - 1])));
    Some(line[start.map_or(0, |at| at + 1)..end].trim_end_matches(is_around))
}

pub fn starts_with_own(line: &str) -> bool {
    line.trim_start().starts_with(OWN)
}

/// Removes the marks of an edited message from its end.
fn without_edited<'a>(mut text: &'a str, tags: &Tags) -> &'a str {
    while let Some((start, inside)) = last_tag(text) {
        let before = &text[..start];
        // Alone it is a text, or stands for media.
        let marks_text = tags.is_edited_mark(inside, before.ends_with(OWN)) && !before.trim_matches(is_around).is_empty();
        if !marks_text && !phrases::is_edited(inside) {
            break;
        }
        text = before.trim_end_matches(is_around);
    }
    text
}

/// `POLL:` in whatever language, the question, and the options.
fn is_poll(text: &str) -> bool {
    let Some((first, _)) = text.split_once('\n') else {
        return false;
    };
    let header = first.trim_matches(is_around);
    starts_with_own(first) && header.ends_with([':', '：']) && !header.contains(char::is_lowercase)
}

/// A notice that names the speaker, as an iPhone gives them: `Ana: Ana left`.
fn is_about_speaker(speaker: &str, text: &str) -> bool {
    let text = text.trim_matches(is_around);
    !speaker.is_empty() && text.starts_with(speaker) && phrases::is_notice(text)
}

/// Names that a message mentions are wrapped in marks of direction.
fn without_mention_marks(text: &str) -> String {
    let mut parts = text.split("@\u{2068}");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push('@');
        out.push_str(&part.replacen('\u{2069}', "", 1));
    }
    out
}

/// What shows nothing at the ends of a text; marks that join emoji may be part of it.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || (is_invisible(c) && c != '\u{200d}')
}
