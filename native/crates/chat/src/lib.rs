//! Exported or pasted chat text becomes messages. The text is untrusted: whatever it is, it is parsed, unless it is too large.
//!
//! `docs/chat-formats.md` tells what is recognised; `tests/formats.rs` holds the parser to it.

mod archive;
mod encoding;
mod phrases;
mod plain;
mod sent_at;
mod telegram;
mod whatsapp;

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::Path;

use tandem_bundle::text::{Message, is_line_break};
use tandem_bundle::{InputError, InputErrorKind};

pub use sent_at::SentAt;

/// The longest chat that is read, in bytes: some hundred thousand messages.
pub const MAX_CHAT_BYTES: u64 = 64 << 20;

/// The most line breaks of a chat that is read: what is known of a line takes far more memory than a short line.
pub const MAX_LINE_BREAKS: usize = 1_000_000;

/// A message of a chat, and when it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentMessage {
    /// May be empty: then the text stands alone.
    pub speaker: String,
    /// Not empty; may have several lines.
    pub text: String,
    /// Local time; absent where the text does not tell the whole date.
    pub sent_at: Option<SentAt>,
}

impl From<SentMessage> for Message {
    fn from(message: SentMessage) -> Self {
        Self { speaker: message.speaker, text: message.text }
    }
}

/// Reads the messages of a chat text. What no person wrote (notices, placeholders of media, deleted messages) is left out.
pub fn parse(text: &str) -> Result<Vec<SentMessage>, InputError> {
    // "\r\n" is one.
    if text.matches(is_line_break).count() - text.matches("\r\n").count() > MAX_LINE_BREAKS {
        let message = format!("the chat has more than {MAX_LINE_BREAKS} lines; export a shorter one.");
        return Err(InputError::new(InputErrorKind::ChatTooLarge, message));
    }
    Ok(whatsapp::parse(text).or_else(|| telegram::parse(text)).unwrap_or_else(|| plain::parse(text)))
}

/// Reads the messages of a chat file: a text in UTF-8 or UTF-16, or a zip that holds one.
pub fn read(bytes: &[u8]) -> Result<Vec<SentMessage>, InputError> {
    read_from(Cursor::new(bytes))
}

/// Reads the messages of a chat file, as [`read`] does, without holding all of a zip in memory.
pub fn read_file(path: &Path) -> Result<Vec<SentMessage>, InputError> {
    let file =
        File::open(path).and_then(|file| if file.metadata()?.is_dir() { Err(std::io::ErrorKind::IsADirectory.into()) } else { Ok(file) });
    let unreadable = |e: &std::io::Error| {
        let message = format!("{}: the chat cannot be read ({e}); check the path.", path.display());
        InputError::new(InputErrorKind::ChatUnreadable, message)
    };
    read_from(BufReader::new(file.map_err(|e| unreadable(&e))?))
}

fn read_from(mut source: impl Read + Seek) -> Result<Vec<SentMessage>, InputError> {
    let unreadable =
        |e: std::io::Error| InputError::new(InputErrorKind::ChatUnreadable, format!("the chat cannot be read ({e}); copy it again."));
    let mut head = Vec::new();
    source.by_ref().take(4).read_to_end(&mut head).map_err(unreadable)?;
    source.rewind().map_err(unreadable)?;
    let bytes = if archive::is_zip(&head) { archive::chat_of(source)? } else { bounded(source, unreadable)? };
    parse(&encoding::decode(&bytes)?)
}

/// Reads to the end, but no more than a chat may be long.
fn bounded(source: impl Read, unreadable: impl FnOnce(std::io::Error) -> InputError) -> Result<Vec<u8>, InputError> {
    let mut bytes = Vec::new();
    source.take(MAX_CHAT_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_CHAT_BYTES {
        let message = format!("the chat is longer than {} MiB; export a shorter one.", MAX_CHAT_BYTES >> 20);
        return Err(InputError::new(InputErrorKind::ChatTooLarge, message));
    }
    Ok(bytes)
}

/// Messages while lines come in.
#[derive(Default)]
struct Messages(Vec<SentMessage>);

impl Messages {
    fn start(&mut self, speaker: &str, text: &str, sent_at: Option<SentAt>) {
        self.0.push(SentMessage { speaker: speaker.to_owned(), text: text.to_owned(), sent_at });
    }

    /// Adds a line to the last message, or starts one without a speaker.
    fn go_on(&mut self, line: &str) {
        match self.0.last_mut() {
            Some(last) => {
                last.text.push('\n');
                last.text.push_str(line);
            }
            None => self.start("", line, None),
        }
    }

    /// The messages that hold text, trimmed.
    fn finish(self) -> Vec<SentMessage> {
        let trimmed = |message: SentMessage| SentMessage { text: message.text.trim().to_owned(), ..message };
        self.0.into_iter().map(trimmed).filter(|message| !message.text.is_empty()).collect()
    }
}
