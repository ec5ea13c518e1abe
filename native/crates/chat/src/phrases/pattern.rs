use crate::phrases::{is_after_noon, is_before_noon};

/// A phrase with `*` for whatever stands there, and perhaps `#` at its end for a time of day.
#[derive(Debug)]
pub struct Pattern {
    /// What stands between the stars; empty before one at the start, and after one at the end.
    parts: Vec<String>,
    ends_with_time: bool,
}

/// What ends a speaker's name. A star at the start is a name, so it holds none.
const END_OF_NAME: &str = ": ";

impl Pattern {
    pub fn new(phrase: &str) -> Self {
        let before_time = phrase.strip_suffix('#');
        let parts = before_time.unwrap_or(phrase).split('*').map(str::to_owned).collect();
        Self { parts, ends_with_time: before_time.is_some() }
    }

    /// Whether the pattern is the whole text. `name_end` is where the text's first name could end, in bytes.
    fn matches(&self, text: &str, name_end: usize) -> bool {
        if self.ends_with_time {
            return self.parts.first().and_then(|part| text.strip_prefix(part.as_str())).is_some_and(is_time_of_day);
        }
        let [first, middle @ .., last] = self.parts.as_slice() else {
            return self.parts.first().is_some_and(|part| part == text);
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        for (number, part) in middle.iter().enumerate() {
            let name_first = number == 0 && first.is_empty();
            let within = if name_first { rest.floor_char_boundary(name_end.saturating_add(part.len())) } else { rest.len() };
            match rest[..within].find(part.as_str()) {
                Some(0) if name_first => return false,
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        let alone = middle.is_empty() && first.is_empty();
        rest.ends_with(last.as_str()) && (!alone || rest.len() - last.len() <= name_end)
    }
}

/// `9:41 pm`, `21.41`, `21h41`, `21:41 uhr`
fn is_time_of_day(text: &str) -> bool {
    let is_of_numbers = |c: char| c.is_numeric() || matches!(c, ':' | '.' | ' ');
    let words = text.trim_start_matches(is_of_numbers);
    let after_hour = words.strip_prefix('h').unwrap_or(words);
    let is_word = words == "uhr" || is_before_noon(words) || is_after_noon(words);
    text.starts_with(char::is_numeric) && (after_hour.chars().all(is_of_numbers) || is_word)
}

/// Whether a text, in the form that phrases are compared in, is one of the phrases.
pub fn any_matches(patterns: &[Pattern], text: &str) -> bool {
    let name_end = text.find(END_OF_NAME).unwrap_or(text.len());
    patterns.iter().any(|pattern| pattern.matches(text, name_end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is(pattern: &str, text: &str) -> bool {
        any_matches(&[Pattern::new(pattern)], text)
    }

    proptest! {
        #[test]
        fn stars_stand_for_anything(a in "[a-f ]{0,6}", b in "[g-k:]{1,6}", c in "[l-p]{1,6}", d in "[q-z ]{0,4}") {
            let text = format!("{a}x{b}{c}{d}");
            let starred = [format!("{a}x*"), format!("{a}x*{c}{d}"), format!("{a}*{c}*")];
            for pattern in starred {
                prop_assert!(is(&pattern, &text), "{pattern} {text}");
            }
            let longer = format!("{text}!");
            prop_assert!(!is(&text, &longer));
        }

        #[test]
        fn a_time_stands_for_a_time_alone(
            hour in 0u32..24,
            minute in 0u32..60,
            half in prop::sample::select(vec!["", " pm", " p. m.", " uhr"]),
            said in "[a-z ,]{0,9}[b-gi-z]",
        ) {
            let times = [format!("{hour}:{minute:02}{half}"), format!("{hour}.{minute:02}{half}"), format!("{hour}h{minute:02}")];
            for call in times.map(|time| format!("missed call at {time}")) {
                let goes_on = format!("{call}, {said}");
                prop_assert!(is("missed call at #", &call), "{call}");
                prop_assert!(!is("missed call at #", &goes_on), "{goes_on}");
            }
            let elsewhere = format!("missed call at {said}");
            prop_assert!(!is("missed call at #", &elsewhere), "{elsewhere}");
        }

        #[test]
        fn a_star_at_the_start_is_no_speaker(name in "[a-f]{1,6}", speaker in "[g-k]{1,6}") {
            let (notice, quoted) = (format!("{name} left"), format!("{speaker}: {name} left"));
            prop_assert!(is("* left", &notice));
            prop_assert!(!is("* left", &quoted));
            let (added, said) = (format!("{name} added {speaker}"), format!("{speaker}: {name} added tea"));
            prop_assert!(is("* added *", &added));
            prop_assert!(!is("* added *", &said));
        }
    }
}
