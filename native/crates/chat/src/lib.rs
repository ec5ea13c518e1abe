//! Pasted or exported chat text becomes messages. The text is untrusted: whatever it is, parsing does not fail.

mod plain;
mod whatsapp;

use tandem_bundle::text::Message;

/// Reads the messages of a chat text. What no person wrote (notices, placeholders of media, deleted messages) is left out.
pub fn parse(text: &str) -> Vec<Message> {
    whatsapp::parse(text).unwrap_or_else(|| plain::parse(text))
}

/// Messages while lines come in.
#[derive(Default)]
struct Messages(Vec<Message>);

impl Messages {
    fn start(&mut self, speaker: &str, text: &str) {
        self.0.push(Message { speaker: speaker.to_owned(), text: text.to_owned() });
    }

    /// Adds a line to the last message, or starts one without a speaker.
    fn go_on(&mut self, line: &str) {
        match self.0.last_mut() {
            Some(last) => {
                last.text.push('\n');
                last.text.push_str(line);
            }
            None => self.start("", line),
        }
    }

    /// The messages that hold text, trimmed.
    fn finish(self) -> Vec<Message> {
        let trimmed = |message: Message| Message { speaker: message.speaker, text: message.text.trim().to_owned() };
        self.0.into_iter().map(trimmed).filter(|message| !message.text.is_empty()).collect()
    }
}
