use std::io::{Read, Seek};

use tandem_bundle::{InputError, InputErrorKind};
use zip::ZipArchive;
use zip::result::ZipError;

use crate::bounded;

/// An export with media has some thousand files.
const MAX_FILES: usize = 100_000;
/// What an iPhone calls the chat, and what an Android phone has in its name whatever its language.
const IOS_NAME: &str = "_chat.txt";
const ANDROID_NAME: &str = "whatsapp";

/// Whether a file starts as a zip does, be it empty.
pub fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// The bytes of the one chat in a zip. Media may lie beside it, other texts among them.
pub fn chat_of(source: impl Read + Seek) -> Result<Vec<u8>, InputError> {
    let mut zip = ZipArchive::new(source).map_err(|e| invalid(&e))?;
    if zip.len() > MAX_FILES {
        let message = format!("the zip holds {} files, and at most {MAX_FILES} are read; export the chat without media.", zip.len());
        return Err(InputError::new(InputErrorKind::ChatTooLarge, message));
    }
    let texts: Vec<String> = zip.file_names().filter(|path| is_text(path)).map(str::to_owned).collect();
    let chat = choose(&texts)?.to_owned();
    let entry = zip.by_name(&chat).map_err(|e| invalid(&e))?;
    bounded(entry, |e| invalid(&ZipError::Io(e)))
}

/// The chat among the texts of a zip: the only one, or the only one that is named as a chat is.
fn choose(texts: &[String]) -> Result<&str, InputError> {
    let named = |matches: fn(&str) -> bool| texts.iter().filter(|path| matches(name(path))).collect::<Vec<_>>();
    let all = named(|_| true);
    let choices = [named(|name| name == IOS_NAME), named(|name| name.to_lowercase().contains(ANDROID_NAME)), all];
    match choices.iter().find(|choice| !choice.is_empty()).map(Vec::as_slice) {
        None => {
            let message = "the zip holds no .txt file; give the zip that the chat app exported.";
            Err(InputError::new(InputErrorKind::ChatMissing, message))
        }
        Some([chat]) => Ok(chat),
        Some(several) => {
            let message = format!("the zip holds {} chats; give a zip, or a .txt file, with one.", several.len());
            Err(InputError::new(InputErrorKind::ChatSeveral, message))
        }
    }
}

/// Whether a path is that of a text, and not of what macOS puts beside each file.
fn is_text(path: &str) -> bool {
    path.to_lowercase().ends_with(".txt") && !path.starts_with("__MACOSX/") && !name(path).starts_with("._")
}

fn name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Only the kind of the fault is told: the library's sentence may quote the names of files.
fn invalid(e: &ZipError) -> InputError {
    let what = match e {
        ZipError::Io(_) => "cut short or damaged",
        ZipError::UnsupportedArchive(_) => "encrypted, or compressed in an unusual way",
        _ => "damaged",
    };
    InputError::new(InputErrorKind::ChatZipInvalid, format!("the zip is {what}; export the chat again."))
}
