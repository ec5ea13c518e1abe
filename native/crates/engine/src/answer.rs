use std::ops::ControlFlow;

use tandem_bundle::text::is_line_break;

/// A block of at most so many words …
const LOOP_WORDS: usize = 8;
/// … that comes so many times in a row is a loop, not text.
const LOOP_TIMES: usize = 4;

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
        match loop_cut(self.complete_words()) {
            Some(_) => ControlFlow::Break(Ended::Repetition),
            None => ControlFlow::Continue(()),
        }
    }

    pub fn into_text(mut self) -> String {
        if let Some(cut) = loop_cut(&self.text) {
            self.text.truncate(cut);
        }
        self.text
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

/// Where a text is to be cut, in bytes, if a block of words comes four times in a row: behind the first of them.
fn loop_cut(text: &str) -> Option<usize> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (end, block) = (LOOP_TIMES..=words.len()).find_map(|end| {
        let blocks = (1..=LOOP_WORDS.min(end / LOOP_TIMES)).find(|&block| {
            let rounds = &words[end - LOOP_TIMES * block..end];
            rounds.chunks(block).all(|round| *round == rounds[..block])
        });
        blocks.map(|block| (end, block))
    })?;
    let last = words[end - (LOOP_TIMES - 1) * block - 1];
    Some(last.as_ptr() as usize - text.as_ptr() as usize + last.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_do_not_matter(pieces in prop::collection::vec(r"[a \n\u{2028}é]{0,4}", 0..12)) {
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
            let text = answer.into_text();
            prop_assert!(shown.starts_with(&text));
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
        fn fewer_rounds_are_no_loop(block in "[f-j]( [k-o]){0,7}", times in 1..4_usize) {
            prop_assume!(loop_cut(&block).is_none());
            let words: std::collections::HashSet<_> = block.split(' ').collect();
            prop_assume!(words.len() == block.split(' ').count());
            prop_assert_eq!(loop_cut(&vec![block.as_str(); times].join(" ")), None);
        }
    }
}
