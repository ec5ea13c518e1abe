use std::ops::ControlFlow;

use tandem_bundle::text::is_line_break;

/// A block of at most so many words …
const LOOP_WORDS: usize = 8;
/// … that comes so many times in a row is a loop, not text;
const LOOP_TIMES: usize = 4;
/// and so is, inside a word, a block of at most so many characters …
const LOOP_CHARACTERS: usize = 4;
/// … that comes so many times in a row.
const CHARACTER_LOOP_TIMES: usize = 16;

/// What in the text itself ends an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    LineBreak,
    Repetition,
}

/// The text of an answer while it is generated: no white space at its ends, nothing from the first line break on, and of a loop only its
/// first round.
///
/// What is handed out piece by piece is, joined, the answer, except that of a loop all rounds have been handed out before it shows as one. White space
/// is held back until text follows it.
#[derive(Debug, Default)]
pub struct AnswerText {
    text: String,
    held_back: String,
}

impl AnswerText {
    /// Takes a piece of generated text and hands what can be shown to `show`. Breaks when the text ends the answer.
    pub fn push(&mut self, piece: &str, mut show: impl FnMut(&str)) -> ControlFlow<Ended> {
        let start = if self.text.is_empty() { piece.len() - piece.trim_start().len() } else { 0 };
        let piece = &piece[start..];
        // White space at the start was cut, so a line break comes after text of this piece or of an earlier one.
        let end = piece.find(is_line_break);
        let line = &piece[..end.unwrap_or(piece.len())];
        let visible = line.trim_end();
        if !visible.is_empty() {
            let mut shown = std::mem::take(&mut self.held_back);
            shown.push_str(visible);
            self.text.push_str(&shown);
            show(&shown);
        }
        if !self.text.is_empty() {
            self.held_back.push_str(&line[visible.len()..]);
        }
        if end.is_some() {
            return ControlFlow::Break(Ended::LineBreak);
        }
        if word_loop(self.complete_words()).is_some() || character_loop(&self.text).is_some() {
            return ControlFlow::Break(Ended::Repetition);
        }
        ControlFlow::Continue(())
    }

    /// The answer, and whether a loop was cut from it: one may close with the last word, which only the answer's end shows to be whole.
    pub fn into_text(mut self) -> (String, bool) {
        let cut = loop_cut(&self.text);
        self.text.truncate(cut.unwrap_or(self.text.len()));
        (self.text, cut.is_some())
    }

    /// The text without the word that may still grow.
    fn complete_words(&self) -> &str {
        if self.held_back.is_empty() {
            let last_word = self.text.rfind(char::is_whitespace).unwrap_or(0);
            &self.text[..last_word]
        } else {
            &self.text
        }
    }
}

/// Where, in bytes, a text is to be cut: behind the first round of the loop that shows first.
fn loop_cut(text: &str) -> Option<usize> {
    let loops = [character_loop(text), word_loop(text)];
    loops.into_iter().flatten().min_by_key(|found| found.end).map(|found| found.cut)
}

/// A loop in a text: where it shows as one, and where its first round ends, both in bytes.
struct Loop {
    end: usize,
    cut: usize,
}

/// The first loop of whole words.
fn word_loop(text: &str) -> Option<Loop> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (end, block) = first_loop(&words, LOOP_WORDS, LOOP_TIMES)?;
    let end_of = |word: usize| words[word].as_ptr() as usize - text.as_ptr() as usize + words[word].len();
    Some(Loop { end: end_of(end - 1), cut: end_of(end - (LOOP_TIMES - 1) * block - 1) })
}

/// The first loop of characters inside a word.
fn character_loop(text: &str) -> Option<Loop> {
    text.split_whitespace().find_map(|word| {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        let characters: Vec<(usize, char)> = word.char_indices().map(|(at, c)| (start + at + c.len_utf8(), c)).collect();
        let plain: Vec<char> = characters.iter().map(|(_, c)| *c).collect();
        let (end, block) = first_loop(&plain, LOOP_CHARACTERS, CHARACTER_LOOP_TIMES)?;
        Some(Loop { end: characters[end - 1].0, cut: characters[end - (CHARACTER_LOOP_TIMES - 1) * block - 1].0 })
    })
}

/// The first end, and the shortest block, of `times` equal blocks of at most `longest` items.
fn first_loop<T: PartialEq>(items: &[T], longest: usize, times: usize) -> Option<(usize, usize)> {
    (times..=items.len()).find_map(|end| {
        let blocks = (1..=longest.min(end / times)).find(|&block| {
            let rounds = &items[end - times * block..end];
            rounds.chunks(block).all(|round| *round == rounds[..block])
        });
        blocks.map(|block| (end, block))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn golden_answers() {
        let golden = include_str!("../../../../tests/golden/answer.jsonl");
        assert!(!golden.is_empty());
        for line in golden.lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let mut answer = AnswerText::default();
            for character in case["generated"].as_str().unwrap().chars() {
                if answer.push(character.encode_utf8(&mut [0; 4]), |_| ()).is_break() {
                    break;
                }
            }
            assert_eq!(answer.into_text().0, case["answer"].as_str().unwrap(), "{}", case["name"]);
        }
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(pieces in prop::collection::vec(r"[a \n\u{2028}é]{0,4}|é{9}", 0..12)) {
            let whole = pieces.concat();
            let mut answer = AnswerText::default();
            let mut shown = String::new();
            let mut ended = false;
            for piece in &pieces {
                if answer.push(piece, |text| shown.push_str(text)).is_break() {
                    ended = true;
                    break;
                }
            }
            let trimmed = whole.trim_start();
            let first_line = trimmed.split(is_line_break).next().unwrap_or_default().trim_end();
            let (text, cut) = answer.into_text();
            prop_assert!(shown.starts_with(&text));
            prop_assert_eq!(cut, loop_cut(first_line).is_some());
            if let Some(cut) = loop_cut(first_line) {
                prop_assert_eq!(text, &first_line[..cut]);
            } else {
                prop_assert_eq!(&text, first_line);
                prop_assert_eq!(shown, text);
                prop_assert_eq!(ended, trimmed.contains(is_line_break));
            }
        }

        #[test]
        fn of_a_loop_the_first_round_stays(before in "[a-e]", block in "[f-j]( [k-o]){0,7}", times in 4..9_usize) {
            let rounds = vec![block.as_str(); times].join(" ");
            let text = format!("{before} {rounds}");
            let cut = loop_cut(&text).map(|cut| text[..cut].to_owned());
            // A block may itself be a loop of a shorter block.
            let first_round = loop_cut(&block).map_or(block.clone(), |cut| block[..cut].to_owned());
            prop_assert_eq!(cut, Some(format!("{before} {first_round}")));
        }

        #[test]
        fn a_word_that_does_not_end_is_a_loop(before in "[a-e]{0,3}", block in "[f-j][k-o]{0,3}", times in 16..40_usize) {
            let text = format!("x {before}{}", block.repeat(times));
            prop_assert_eq!(loop_cut(&text).map(|cut| text[..cut].to_owned()), Some(format!("x {before}{block}")));
            prop_assert_eq!(loop_cut(&format!("x {before}{}", block.repeat(15))), None);
        }

        #[test]
        fn fewer_rounds_are_no_loop(block in "[f-j]( [k-o]){0,7}", times in 1..4_usize) {
            prop_assume!(loop_cut(&block).is_none());
            let words: std::collections::HashSet<_> = block.split(' ').collect();
            prop_assume!(words.len() == block.split(' ').count());
            prop_assert_eq!(loop_cut(&vec![block.as_str(); times].join(" ")), None);
        }
    }
}
