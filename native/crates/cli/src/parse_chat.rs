use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use tandem_bundle::text::{Message, render};
use tandem_bundle::{InputError, InputErrorKind};

use crate::arguments::ParseChat;
use crate::failure::Failure;
use crate::inputs::JsonMessage;

/// Prints the messages of a chat.
pub fn parse_chat(arguments: &ParseChat) -> Result<ExitCode, Failure> {
    let messages = read(&arguments.file)?;
    if messages.is_empty() {
        let message = format!("{}: there is no message in it; give a chat export, or lines of `Name: text`.", arguments.file.display());
        return Err(InputError::new(InputErrorKind::InputEmpty, message).into());
    }
    let json_message = |message: Message| JsonMessage { speaker: message.speaker, text: message.text };
    let mut stdout = io::stdout().lock();
    if arguments.input_line {
        let id = arguments.file.file_stem().unwrap_or_default().to_string_lossy();
        let conversation: Vec<_> = messages.into_iter().map(json_message).collect();
        writeln!(stdout, "{}", json!({"id": id, "conversation": conversation}))?;
    } else if arguments.json {
        for message in messages {
            serde_json::to_writer(&mut stdout, &json_message(message)).map_err(io::Error::from)?;
            writeln!(stdout)?;
        }
    } else {
        writeln!(stdout, "{}", render(&messages))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a file, or standard input for `-`.
fn read(path: &Path) -> Result<Vec<Message>, InputError> {
    let messages = if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).map_err(|e| {
            let message = format!("standard input cannot be read ({e}); give a file.");
            InputError::new(InputErrorKind::ChatUnreadable, message)
        })?;
        tandem_chat::read(&bytes)?
    } else {
        tandem_chat::read_file(path)?
    };
    Ok(messages.into_iter().map(Message::from).collect())
}
