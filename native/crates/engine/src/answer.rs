use std::ops::ControlFlow;

use tandem_bundle::text::is_line_break;

/// The text of an answer while it is generated: no white space at its ends, and nothing from the first line break on.
///
/// What is handed out piece by piece is, joined, the answer; white space is held back until text follows it.
#[derive(Debug, Default)]
pub struct AnswerText {
    text: String,
    held_back: String,
}

impl AnswerText {
    /// Takes a piece of generated text and hands what can be shown to `show`. Breaks when a line break ends the answer.
    pub fn push(&mut self, piece: &str, mut show: impl FnMut(&str)) -> ControlFlow<()> {
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
        match end {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }

    pub fn into_text(self) -> String {
        self.text
    }
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
            prop_assert_eq!(&shown, first_line);
            prop_assert_eq!(answer.into_text(), first_line);
            prop_assert_eq!(ended, trimmed.contains(is_line_break));
        }
    }
}
