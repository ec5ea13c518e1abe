use std::io::{self, Write as _};
use std::process::ExitCode;

use serde_json::json;
use tandem_bundle::{InputError, InputErrorKind};

use crate::arguments::ParseChat;
use crate::failure::Failure;
use crate::inputs::{self, JsonMessage};

/// Prints the messages of a chat text.
pub fn parse_chat(arguments: &ParseChat) -> Result<ExitCode, Failure> {
    let messages = tandem_chat::parse(&inputs::read(&arguments.file)?);
    if messages.is_empty() {
        let message = format!("{}: there is no message in it; give a chat export, or lines of `Name: text`.", arguments.file.display());
        return Err(InputError::new(InputErrorKind::InputEmpty, message).into());
    }
    let mut stdout = io::stdout().lock();
    if arguments.json {
        let id = arguments.file.file_stem().unwrap_or_default().to_string_lossy();
        let conversation: Vec<_> =
            messages.into_iter().map(|message| JsonMessage { speaker: message.speaker, text: message.text }).collect();
        writeln!(stdout, "{}", json!({"id": id, "conversation": conversation}))?;
    } else {
        writeln!(stdout, "{}", tandem_bundle::text::render(&messages))?;
    }
    Ok(ExitCode::SUCCESS)
}
