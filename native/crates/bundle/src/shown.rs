//! A stranger's text on a terminal or a screen: nothing in it may pass for other text, or do something there.

/// Whether a character is not seen itself but changes what is: a control character, a line break, or one that turns the direction of writing.
pub fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// The text with an escape in place of each such character.
pub fn escaped(text: String) -> String {
    if !text.contains(is_hidden) {
        return text;
    }
    let mut shown = String::new();
    for c in text.chars() {
        if is_hidden(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown
}
