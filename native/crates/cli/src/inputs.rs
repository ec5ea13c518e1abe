use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tandem_bundle::text::{Input, Message};
use tandem_bundle::{InputError, InputErrorKind};

/// One line of input.
#[derive(Debug)]
pub struct Line {
    /// As given, to be given back; null where there is none.
    pub id: Value,
    /// A line that cannot be read does not stop the others.
    pub content: Result<Content, InputError>,
}

#[derive(Debug)]
pub struct Content {
    pub input: Input,
    pub reply_speaker: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
pub struct JsonMessage {
    #[serde(default)]
    pub speaker: String,
    pub text: String,
}

#[derive(Deserialize)]
struct JsonLine {
    #[serde(default)]
    conversation: Option<Vec<JsonMessage>>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    reply_speaker: Option<String>,
}

/// Reads a file, or standard input for `-`.
pub fn read(path: &Path) -> Result<String, InputError> {
    let read = || -> io::Result<String> {
        if path == Path::new("-") {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text)?;
            return Ok(text);
        }
        fs::read_to_string(path)
    };
    read().map_err(|e| invalid(format!("{}: it cannot be read as text ({e}); check the path.", path.display())))
}

/// Reads one JSON object a line; blank lines are skipped.
pub fn lines(text: &str) -> Result<Vec<Line>, InputError> {
    let numbered = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let lines: Vec<_> = numbered.map(|(index, line)| parse(index + 1, line)).collect();
    if lines.is_empty() {
        return Err(invalid("the input holds no line; give one JSON object a line."));
    }
    Ok(lines)
}

/// Reads a JSON array of such objects.
pub fn array(text: &str) -> Result<Vec<Line>, InputError> {
    let values: Vec<Value> = serde_json::from_str(text).map_err(|_| invalid("the input is no JSON array."))?;
    let line =
        |(index, value): (usize, Value)| Line { id: value.get("id").cloned().unwrap_or(Value::Null), content: content(index + 1, value) };
    Ok(values.into_iter().enumerate().map(line).collect())
}

fn parse(number: usize, line: &str) -> Line {
    let value = match serde_json::from_str::<Value>(line) {
        Ok(value) => value,
        // Only where it broke is told: the library's sentence may quote the text.
        Err(e) => {
            let message = format!("line {number} is no JSON (column {}); give one JSON object a line.", e.column());
            return Line { id: Value::Null, content: Err(invalid(message)) };
        }
    };
    let id = value.get("id").cloned().unwrap_or(Value::Null);
    Line { id, content: content(number, value) }
}

fn content(number: usize, value: Value) -> Result<Content, InputError> {
    let wrong = || {
        let shape = r#"{"id", "conversation": [{"speaker", "text"}] or "text", "reply_speaker"?}"#;
        invalid(format!("line {number} does not have the shape {shape}."))
    };
    let line: JsonLine = serde_json::from_value(value).map_err(|_| wrong())?;
    let input = match (line.conversation, line.text) {
        (Some(messages), None) => {
            Input::Conversation(messages.into_iter().map(|message| Message { speaker: message.speaker, text: message.text }).collect())
        }
        (None, Some(text)) => Input::Text(text),
        _ => return Err(wrong()),
    };
    Ok(Content { input, reply_speaker: line.reply_speaker })
}

fn invalid(message: impl Into<String>) -> InputError {
    InputError::new(InputErrorKind::InputInvalid, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_line_is_named_and_not_quoted() {
        let lines = lines("{\"id\": 1, \"text\": \"a\"}\n\n{\"text\": \"secret\n{\"id\": \"x\", \"conversation\": 3}").unwrap();
        assert_eq!(lines.iter().map(|line| line.content.is_ok()).collect::<Vec<_>>(), [true, false, false]);
        let messages: Vec<_> = lines.iter().filter_map(|line| line.content.as_ref().err()).map(|e| &e.message).collect();
        assert!(messages[0].contains("line 3") && messages[1].contains("line 4"));
        assert!(messages.iter().all(|message| !message.contains("secret")));
        assert_eq!(lines[2].id, "x");
    }

    #[test]
    fn an_input_without_lines_is_refused() {
        assert_eq!(lines(" \n\n").unwrap_err().kind, InputErrorKind::InputInvalid);
    }

    #[test]
    fn both_kinds_of_input_at_once_are_refused() {
        assert!(lines(r#"{"text": "a", "conversation": []}"#).unwrap()[0].content.is_err());
    }
}
