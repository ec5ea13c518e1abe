use std::collections::{HashMap, HashSet};

use crate::phrases;
use crate::whatsapp::scan::is_invisible;

/// WhatsApp allows 25 characters, a phone's contacts more.
const MAX_NAME_CHARS: usize = 120;
const MAX_NAME_WORDS: usize = 10;
/// A second part of a name, behind a colon, is no longer.
const MAX_PART_CHARS: usize = 24;
/// So many messages that all go on with the same words have them in the name.
const MIN_MESSAGES: usize = 3;

/// How names end in one export.
#[derive(Debug)]
pub struct Speakers {
    /// Names up to their first colon, where they go on behind it, and how.
    longer: HashMap<String, String>,
    /// What stands before the first colon of several lines is a name, be it like a notice.
    repeated: HashSet<String>,
}

impl Speakers {
    /// Learns from what follows the stamps of an export.
    pub fn of_export<'a>(rests: impl Iterator<Item = &'a str>) -> Self {
        let mut seen: HashMap<&str, (usize, Option<&str>)> = HashMap::new();
        for rest in rests {
            let Some((name, text)) = split_at_colon(rest) else { continue };
            let part = split_at_colon(text).map(|(part, _)| part).filter(|part| part.chars().count() <= MAX_PART_CHARS);
            let (count, common) = seen.entry(name).or_insert((0, part));
            *count += 1;
            *common = common.filter(|common| part == Some(common));
        }
        let repeated = seen.iter().filter(|(_, (count, _))| *count > 1).map(|(name, _)| (*name).to_owned()).collect();
        let goes_on = |(name, (count, part)): (&str, (usize, Option<&str>))| {
            let part = part.filter(|_| count >= MIN_MESSAGES)?;
            Some((name.to_owned(), part.to_owned()))
        };
        Self { longer: seen.into_iter().filter_map(goes_on).collect(), repeated }
    }

    /// Splits `Name: text`; none for a notice. Marks around the name are left out, and the one of a number or name that is not saved.
    pub fn split<'a>(&self, rest: &'a str) -> Option<(&'a str, &'a str)> {
        let (first, after) = split_at_colon(rest)?;
        if !self.repeated.contains(first) && phrases::is_notice(rest) {
            return None;
        }
        let (name, text) = match self.longer.get(first).and_then(|_| split_at_colon(after)) {
            Some((part, text)) => (&rest[..end_of(rest, part)], text),
            None => (first, after),
        };
        let name = name.trim_matches(is_around_name).trim_start_matches('~').trim_matches(is_around_name);
        let short = name.chars().count() <= MAX_NAME_CHARS && name.split_whitespace().count() <= MAX_NAME_WORDS;
        (!name.is_empty() && short).then_some((name, text))
    }
}

fn is_around_name(c: char) -> bool {
    is_invisible(c) || c.is_whitespace()
}

/// Where in `text` its slice `part` ends, in bytes.
fn end_of(text: &str, part: &str) -> usize {
    part.as_ptr() as usize - text.as_ptr() as usize + part.len()
}

/// Splits at the first colon that white space or the end follows. What is quoted before it belongs to a notice, as in `Ana changed the
/// subject from "a: b" to "c"`.
fn split_at_colon(text: &str) -> Option<(&str, &str)> {
    let colon = text.char_indices().find_map(|(at, c)| {
        let after = &text[at + c.len_utf8()..];
        let parted = after.is_empty() || after.starts_with(|c: char| c.is_whitespace() || is_invisible(c));
        (c == '：' || (c == ':' && parted)).then_some((at, after))
    });
    let (name, text) = colon.map(|(at, after)| (&text[..at], after))?;
    (!is_in_quotes(name)).then(|| (name, text.strip_prefix(|c: char| c.is_whitespace()).unwrap_or(text)))
}

/// Whether a quotation is open at the end of a text. Inside a word a quotation mark is none: Hebrew has it in abbreviations.
fn is_in_quotes(text: &str) -> bool {
    let mut open = None;
    let mut before = ' ';
    for c in text.chars() {
        let closes = match open {
            Some('«') => c == '»',
            Some('»' | '„' | '“' | '”') => matches!(c, '“' | '”' | '«' | '"'),
            Some('「') => c == '」',
            Some(_) => c == '"',
            None => false,
        };
        if closes {
            open = None;
        } else if open.is_none() && (matches!(c, '«' | '„' | '“' | '”' | '「') || (matches!(c, '"' | '»') && !before.is_alphanumeric()))
        {
            open = Some(c);
        }
        if !is_invisible(c) {
            before = c;
        }
    }
    open.is_some()
}
