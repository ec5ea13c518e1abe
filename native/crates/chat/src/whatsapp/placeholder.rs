//! What WhatsApp puts where a chat holds no text: `<Media omitted>`, `image omitted`, `IMG-20231231-WA0001.jpg (file attached)`,
//! `<attached: 00000012-PHOTO.jpg>`, `location: https://maps.google.com/?q=…`.

use std::collections::HashMap;

use crate::phrases;
use crate::whatsapp::scan::is_invisible;

/// A tag in an unknown language has at most so many words.
const MAX_WORDS: usize = 8;
/// One that comes once, and may be a person's, has at most so many.
const MAX_WORDS_ONCE: usize = 5;
/// How Android names files: kind, date and number.
const ANDROID_FILES: &[&str] = &["img-", "vid-", "aud-", "ptt-", "stk-", "doc-", "gif-"];
const LONGEST_EXTENSION: usize = 5;
/// Endings of documents. What ends otherwise, such as in `.com`, may be a person's words.
const DOCUMENTS: &[&str] = &[
    "3gp", "7z", "aac", "amr", "apk", "avi", "csv", "doc", "docm", "docx", "dwg", "eml", "epub", "exe", "gif", "gz", "heic", "html", "ics",
    "jpeg", "jpg", "json", "key", "log", "m4a", "md", "mkv", "mov", "mp3", "mp4", "odg", "odp", "ods", "odt", "ogg", "opus", "p7m",
    "pages", "pdf", "png", "ppt", "pptx", "psd", "rar", "rtf", "svg", "tar", "tgz", "txt", "vcf", "wav", "webp", "xls", "xlsm", "xlsx",
    "xml", "xps", "zip",
];
const MAPS: &[&str] = &["https://maps.google.com/", "https://www.google.com/maps/", "https://maps.apple.com/", "https://goo.gl/maps/"];

/// The tags of an export (`<…>`) that come again and again: no person writes them.
#[derive(Debug)]
pub struct Tags(HashMap<String, usize>);

impl Tags {
    pub fn of_export<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut tags = HashMap::new();
        for text in texts {
            let first = text.lines().next().unwrap_or_default();
            let tag = tag(first).or_else(|| last_tag(text).map(|(_, inside)| inside));
            if let Some(inside) = tag.filter(|inside| is_wording(inside)) {
                *tags.entry(phrases::bare(inside)).or_insert(0) += 1;
            }
        }
        Self(tags)
    }

    fn are_repeated(&self, inside: &str) -> bool {
        self.0.get(&phrases::bare(inside)).is_some_and(|count| *count > 1)
    }

    /// Whether a tag at the end of a text marks the message as edited. `marked` says that WhatsApp's mark stands before it.
    pub fn is_edited_mark(&self, inside: &str, marked: bool) -> bool {
        phrases::is_edited(inside) || (is_wording(inside) && (marked || self.are_repeated(inside)))
    }

    /// Whether a line stands for media.
    pub fn is_placeholder(&self, line: &str) -> bool {
        let line = line.trim_matches(is_around);
        let is_tag =
            tag(line).is_some_and(|inside| is_media(inside) || (is_wording(inside) && (self.are_repeated(inside) || is_capital(inside))));
        is_tag || line == "null" || phrases::is_omitted(line) || is_attached(line) || is_document(line) || is_location(line)
    }
}

/// Whether what stands in `<…>` is known to stand for media.
pub fn is_media(inside: &str) -> bool {
    phrases::is_omitted(inside) || is_named_file(inside)
}

/// Few words that start with a capital, in scripts that have them.
fn is_capital(inside: &str) -> bool {
    let capital = inside.starts_with(char::is_uppercase) || !inside.contains(char::is_lowercase);
    capital && inside.split_whitespace().count() <= MAX_WORDS_ONCE
}

/// What stands in `<…>`, if a text is nothing else.
fn tag(text: &str) -> Option<&str> {
    let text = text.trim_matches(is_around);
    let inside = text.strip_prefix(['<', '＜'])?.strip_suffix(['>', '＞'])?;
    (!inside.contains(['<', '>', '＜', '＞'])).then_some(inside)
}

/// The `<…>` at the end of a text: where it starts, in bytes, and what stands in it.
pub fn last_tag(text: &str) -> Option<(usize, &str)> {
    let text = text.trim_end_matches(is_around);
    let start = text.rfind(['<', '＜'])?;
    tag(&text[start..]).map(|inside| (start, inside))
}

/// Whether what stands in `<…>` may be words of WhatsApp in a language that is not known: several words, and no mark-up.
fn is_wording(inside: &str) -> bool {
    let words = inside.split_whitespace().count();
    let letters = inside.chars().filter(|c| c.is_alphabetic()).count();
    let plain = inside.chars().all(|c| !c.is_ascii() || c.is_ascii_alphabetic() || " .,'-".contains(c));
    // Chinese and Japanese have no spaces.
    let several = (2..=MAX_WORDS).contains(&words) || (letters > 3 && inside.chars().all(|c| c >= '\u{2e80}'));
    several && plain && letters > 3
}

/// `attached: 00000012-PHOTO.jpg`
fn is_named_file(inside: &str) -> bool {
    inside
        .split_once([':', '：'])
        .is_some_and(|(word, file)| is_file_name(file.trim_matches(is_around)) && word.split_whitespace().count() <= 2)
}

/// `IMG-20231231-WA0001.jpg (file attached)`
fn is_attached(line: &str) -> bool {
    let Some((file, phrase)) = line.strip_suffix([')', '）']).and_then(|line| line.rsplit_once(['(', '（'])) else {
        return false;
    };
    let by_android = |file: &str| ANDROID_FILES.iter().any(|start| file.to_lowercase().starts_with(start));
    is_file_name(file.trim()) && (phrases::is_attached(phrase) || by_android(file.trim()))
}

/// `Invoice.pdf • 3 pages document omitted`
fn is_document(line: &str) -> bool {
    let title = phrases::without_omitted(line).map(|title| title.trim_end_matches(is_around));
    title.is_some_and(|title| title.contains('•') || is_file_name(title))
}

/// `location: https://maps.google.com/?q=40.4,-3.7`
fn is_location(line: &str) -> bool {
    let Some(at) = MAPS.iter().find_map(|start| line.find(start)) else {
        return false;
    };
    let label = line[..at].trim_matches(is_around).trim_end_matches([':', '：']).trim_end();
    phrases::is_location(label) && !line[at..].contains(char::is_whitespace)
}

/// Whether a text below a placeholder is the title of a document.
pub fn is_title(text: &str) -> bool {
    let ends_as_documents_do = |extension: &str| DOCUMENTS.iter().any(|document| document.eq_ignore_ascii_case(extension));
    is_file_name(text) && text.rsplit_once('.').is_some_and(|(_, extension)| ends_as_documents_do(extension))
}

/// Whether a text is a file's name with an extension.
fn is_file_name(text: &str) -> bool {
    let Some((name, extension)) = text.rsplit_once('.') else {
        return false;
    };
    let is_extension = (2..=LONGEST_EXTENSION).contains(&extension.len())
        && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && extension.bytes().any(|byte| byte.is_ascii_alphabetic());
    is_extension && name.ends_with(|c: char| !c.is_whitespace())
}

pub fn is_around(c: char) -> bool {
    is_invisible(c) || c.is_whitespace()
}
