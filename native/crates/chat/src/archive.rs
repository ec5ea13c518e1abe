use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};

use tandem_bundle::{InputError, InputErrorKind};
use zip::ZipArchive;
use zip::result::ZipError;

use crate::bounded;

/// An export with media has some thousand files.
const MAX_FILES: u64 = 100_000;
/// So much of a zip is read to list its files, whatever number it tells: that many with long names, and at most four times as many without.
const MAX_LISTING_BYTES: u64 = 16 << 20;
/// The longest end of a zip: its records, and a comment.
const MAX_TAIL_BYTES: u64 = 20 + 22 + 0xffff;
/// What an iPhone calls the chat, and what an Android phone has in its name whatever its language.
const IOS_NAME: &str = "_chat.txt";
const ANDROID_NAME: &str = "whatsapp";

/// Whether a file starts as a zip does, be it empty.
pub fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// The bytes of the one chat in a zip. Media may lie beside it, other texts among them.
pub fn chat_of(mut source: impl Read + Seek) -> Result<Vec<u8>, InputError> {
    // Before the library makes room for as many files as a large zip says to have; what a small one says is below the limit.
    check_files(large_count(&mut source).map_err(|e| invalid(&ZipError::Io(e)))?.unwrap_or(0))?;
    let left = Cell::new(MAX_LISTING_BYTES);
    let mut zip = ZipArchive::new(Metered { source, left: &left }).map_err(|e| invalid(&e))?;
    left.set(u64::MAX);
    check_files(zip.len() as u64)?;
    let texts: Vec<String> = zip.file_names().filter(|path| is_text(path)).map(str::to_owned).collect();
    let chat = choose(&texts)?.to_owned();
    let entry = zip.by_name(&chat).map_err(|e| invalid(&e))?;
    bounded(entry, |e| invalid(&ZipError::Io(e)))
}

/// Reads so many bytes and no more.
struct Metered<'a, R> {
    source: R,
    left: &'a Cell<u64>,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        let left = self.left.get().checked_sub(read as u64).ok_or_else(|| io::Error::other("more than is read"))?;
        self.left.set(left);
        Ok(read)
    }
}

impl<R: Seek> Seek for Metered<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.source.seek(to)
    }
}

fn check_files(files: u64) -> Result<(), InputError> {
    if files <= MAX_FILES {
        return Ok(());
    }
    let message = format!("the zip holds {files} files, and at most {MAX_FILES} are read; export the chat without media.");
    Err(InputError::new(InputErrorKind::ChatTooLarge, message))
}

/// The number of files that the last end record of a large zip (zip64) tells; none where the zip has no such record.
fn large_count(source: &mut (impl Read + Seek)) -> io::Result<Option<u64>> {
    let start = source.seek(SeekFrom::End(0))?.saturating_sub(MAX_TAIL_BYTES);
    let tail = read_at(source, start, MAX_TAIL_BYTES)?;
    let Some(end) = tail.windows(4).rposition(|window| window == b"PK\x05\x06") else { return Ok(None) };
    let Some((_, locator)) = tail[..end].split_last_chunk::<20>().filter(|(_, locator)| locator.starts_with(b"PK\x06\x07")) else {
        return Ok(None);
    };
    let record = read_at(source, u64_at(locator, 8), 40)?;
    Ok((record.len() == 40 && record.starts_with(b"PK\x06\x06")).then(|| u64_at(&record, 32)))
}

fn read_at(source: &mut (impl Read + Seek), start: u64, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.seek(SeekFrom::Start(start))?;
    source.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..][..8].iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
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
