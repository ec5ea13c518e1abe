//! Chat files: zips as phones make them, and as nobody should.

use std::io::{Cursor, Write as _};

use proptest::prelude::*;
use tandem_bundle::InputErrorKind;
use tandem_chat::{MAX_CHAT_BYTES, MAX_LINE_BREAKS, parse, read, read_file};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const CHAT: &str = "31/12/23, 21:41 - Ana: hi\n";

fn zip(files: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn refused(bytes: &[u8]) -> InputErrorKind {
    read(bytes).unwrap_err().kind
}

#[test]
fn the_chat_is_found_among_the_media() {
    let photo = ("00000012-PHOTO.jpg", &b"\xff\xd8"[..]);
    let other = ("notes.txt", &b"Ben: no chat"[..]);
    let names =
        ["_chat.txt", "WhatsApp Chat with Ana.txt", "Chat de WhatsApp con Ana 😀.txt", "WhatsApp-Chat mit Ana/WhatsApp-Chat mit Ana.TXT"];
    for name in names {
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            let files = [photo, other, (name, CHAT.as_bytes()), ("__MACOSX/._chat.txt", b"\0")];
            let bytes = zip(&files, method);
            assert_eq!(read(&bytes).unwrap()[0].speaker, "Ana", "{name}");
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("chat.zip");
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(read_file(&path).unwrap(), read(CHAT.as_bytes()).unwrap());
        }
    }
    assert_eq!(read(&zip(&[photo, ("Ana.txt", CHAT.as_bytes())], CompressionMethod::Deflated)).unwrap().len(), 1);
}

#[test]
fn what_holds_no_one_chat_is_refused() {
    let stored = CompressionMethod::Stored;
    assert_eq!(refused(&zip(&[("a.jpg", b"x")], stored)), InputErrorKind::ChatMissing);
    assert_eq!(refused(&zip(&[], stored)), InputErrorKind::ChatMissing);
    let two = [("WhatsApp Chat with A.txt", CHAT.as_bytes()), ("WhatsApp Chat with B.txt", CHAT.as_bytes())];
    assert_eq!(refused(&zip(&two, stored)), InputErrorKind::ChatSeveral);
    assert_eq!(refused(&zip(&[("_chat.txt", b"\xff\xfe\x00\xdc")], stored)), InputErrorKind::ChatEncoding);
    assert_eq!(refused(&zip(&two, stored)[..60]), InputErrorKind::ChatZipInvalid);
    assert_eq!(read_file(std::path::Path::new("/")).unwrap_err().kind, InputErrorKind::ChatUnreadable);
}

#[test]
fn a_bomb_is_refused_before_it_fills_the_memory() {
    let zeros = vec![b'0'; 1 << 20];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("_chat.txt", SimpleFileOptions::default()).unwrap();
    for _ in 0..=MAX_CHAT_BYTES >> 20 {
        zip.write_all(&zeros).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    assert!(bytes.len() < 1 << 20);
    assert_eq!(refused(&bytes), InputErrorKind::ChatTooLarge);
}

#[test]
fn more_lines_than_a_chat_has_are_refused_before_they_are_collected() {
    for line_break in ["\n", "\r\n", "\u{2028}"] {
        let most = line_break.repeat(MAX_LINE_BREAKS);
        assert_eq!(parse(&most), Ok(vec![]));
        let more = most + line_break;
        assert_eq!(parse(&more).unwrap_err().kind, InputErrorKind::ChatTooLarge);
        assert_eq!(refused(&zip(&[("_chat.txt", more.as_bytes())], CompressionMethod::Deflated)), InputErrorKind::ChatTooLarge);
    }
}

/// What ends a large zip of so many files, whose directory of so many bytes lies at the start.
fn large_end(files: u64, directory: u64) -> Vec<u8> {
    let mut end = b"PK\x06\x06".to_vec();
    end.extend(44_u64.to_le_bytes());
    end.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for value in [files, files, directory, 0] {
        end.extend(value.to_le_bytes());
    }
    end.extend(b"PK\x06\x07\0\0\0\0");
    end.extend(directory.to_le_bytes());
    end.extend(1_u32.to_le_bytes());
    end.extend(b"PK\x05\x06\0\0\0\0");
    end.extend([0xff; 12]);
    end.extend([0, 0]);
    end
}

#[test]
fn a_zip_that_tells_of_more_files_than_are_read_is_refused_before_they_are_listed() {
    // More entries than there are bytes for.
    let start = b"PK\x03\x04";
    assert_eq!(refused(&[&start[..], &large_end(100_001, 4)].concat()), InputErrorKind::ChatTooLarge);
}

#[test]
fn a_directory_that_the_last_end_of_a_zip_does_not_tell_of_is_bounded_too() {
    let entry = [&b"PK\x01\x02"[..], &[0; 42]].concat();
    let directory = entry.repeat(400_000);
    let end = large_end(400_000, directory.len() as u64);
    // Behind it stands the start of another, which is none.
    assert_eq!(refused(&[b"PK\x03\x04", &directory[..], &end, b"PK\x05\x06"].concat()), InputErrorKind::ChatZipInvalid);
}

proptest! {
    #[test]
    fn no_damage_is_a_panic_or_another_chat(at in any::<prop::sample::Index>(), bit in 0u8..8, cut in any::<prop::sample::Index>()) {
        let whole = zip(&[("a.jpg", b"x"), ("_chat.txt", CHAT.repeat(20).as_bytes())], CompressionMethod::Deflated);
        let mut damaged = whole.clone();
        let at = at.index(damaged.len());
        damaged[at] ^= 1 << bit;
        if let Ok(messages) = read(&damaged) {
            prop_assert!(messages.is_empty() || messages == read(&whole).unwrap());
        }
        let _ = read(&damaged[..cut.index(whole.len())]);
    }
}
