//! WhatsApp's own words in its languages: one phrase a line in the files beside this one, `*` for a name or a
//! number, `#` at an end for a time of day.

mod pattern;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::phrases::pattern::{Pattern, any_matches};

/// No notice or placeholder is longer, in bytes.
const MAX_PHRASE: usize = 800;
/// A placeholder has at most so many words.
const MAX_WORDS: usize = 6;

static OMITTED: LazyLock<HashSet<String>> = LazyLock::new(|| set(include_str!("omitted.txt"), bare));
static ATTACHED: LazyLock<HashSet<String>> = LazyLock::new(|| set(include_str!("attached.txt"), bare));
static LOCATION: LazyLock<HashSet<String>> = LazyLock::new(|| set(include_str!("location.txt"), bare));
static EDITED: LazyLock<HashSet<String>> = LazyLock::new(|| set(include_str!("edited.txt"), bare));
static BEFORE_NOON: LazyLock<HashSet<String>> = LazyLock::new(|| set(include_str!("before_noon.txt"), letters));
static AFTER_NOON: LazyLock<HashSet<String>> = LazyLock::new(|| set(include_str!("after_noon.txt"), letters));
static DELETED: LazyLock<Vec<Pattern>> = LazyLock::new(|| patterns(include_str!("deleted.txt")));
static SYSTEM: LazyLock<Vec<Pattern>> = LazyLock::new(|| patterns(include_str!("system.txt")));
static NOTICES: LazyLock<Vec<Pattern>> = LazyLock::new(|| patterns(include_str!("notices.txt")));
/// A line for each month, with its names.
static MONTHS: LazyLock<HashMap<&str, u32>> = LazyLock::new(|| {
    let months = (1..).zip(include_str!("months.txt").lines());
    months.flat_map(|(month, names)| names.split(' ').map(move |name| (name, month))).collect()
});

/// Whether a text, without its `<` and `>`, stands for media.
pub fn is_omitted(text: &str) -> bool {
    text.len() <= MAX_PHRASE && OMITTED.contains(&bare(text))
}

/// What stands before the placeholder that a text ends with; none where it does not.
pub fn without_omitted(text: &str) -> Option<&str> {
    let ends = text.rmatch_indices(|c: char| c.is_whitespace() || c == '\u{200e}').take(MAX_WORDS);
    ends.into_iter().find_map(|(at, _)| is_omitted(&text[at..]).then(|| &text[..at]))
}

/// Whether this stands in brackets behind the name of an attached file.
pub fn is_attached(text: &str) -> bool {
    text.len() <= MAX_PHRASE && ATTACHED.contains(&bare(text))
}

/// Whether this stands before the link of a place.
pub fn is_location(text: &str) -> bool {
    text.len() <= MAX_PHRASE && LOCATION.contains(&bare(text))
}

/// Whether this stands in `<…>` behind an edited message.
pub fn is_edited(text: &str) -> bool {
    text.len() <= MAX_PHRASE && EDITED.contains(&bare(text))
}

/// Whether a text stands for a deleted message.
pub fn is_deleted(text: &str) -> bool {
    text.len() <= MAX_PHRASE && any_matches(&DELETED, &bare(text))
}

/// Whether a text is a sentence of WhatsApp that no person would write: about encryption, a missed call.
pub fn is_system(text: &str) -> bool {
    text.len() <= MAX_PHRASE && any_matches(&SYSTEM, &bare(text))
}

/// Whether a text without a speaker is a notice: of WhatsApp itself or about what someone did in a group.
pub fn is_notice(text: &str) -> bool {
    text.len() <= MAX_PHRASE && (is_system(text) || any_matches(&NOTICES, &bare(text)))
}

/// The month, from 1, that a text names.
pub fn month(text: &str) -> Option<u32> {
    text.split(|c: char| !c.is_alphabetic()).find_map(|word| MONTHS.get(word).copied())
}

pub fn is_before_noon(text: &str) -> bool {
    BEFORE_NOON.contains(&letters(text))
}

pub fn is_after_noon(text: &str) -> bool {
    AFTER_NOON.contains(&letters(text))
}

/// A phrase as it is compared: lower case, one kind of space and apostrophe, no marks, no brackets around it, no full stop.
pub fn bare(text: &str) -> String {
    let is_end = |c: char| c.is_whitespace() || is_unseen(c) || matches!(c, '<' | '>' | '＜' | '＞' | '.' | '。');
    let mut bare = String::with_capacity(text.len());
    for c in text.trim_matches(is_end).chars().filter(|c| !is_unseen(*c)) {
        match c {
            '’' | '‘' => bare.push('\''),
            c if c.is_whitespace() => bare.push(' '),
            c => bare.extend(c.to_lowercase()),
        }
    }
    bare
}

/// A half of the day as it is compared: without spaces and points.
fn letters(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !is_unseen(*c) && !".·'’׳״\"".contains(*c)).collect()
}

/// Marks of direction, and what joins or parts letters.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn set(phrases: &str, key: fn(&str) -> String) -> HashSet<String> {
    phrases.lines().map(key).collect()
}

fn patterns(phrases: &str) -> Vec<Pattern> {
    phrases.lines().map(|phrase| Pattern::new(&bare(phrase))).collect()
}
