//! The tables of `docs/chat-formats.md`, row by row.

use std::fs;
use std::path::Path;

use tandem_chat::parse;

/// The cells of the table whose heading starts so, unescaped.
fn table(heading: &str) -> Vec<[String; 3]> {
    let manual = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/chat-formats.md")).unwrap();
    let rows = manual.lines().skip_while(|line| !line.starts_with(heading)).skip(2).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        let cells: Vec<String> = row.trim_matches('|').split('|').map(unescape).collect();
        cells.try_into().unwrap_or_else(|cells| panic!("three cells, not {cells:?}"))
    };
    let rows: Vec<_> = rows.map(cells).collect();
    assert!(rows.len() > 20, "{} rows", rows.len());
    rows
}

/// What a cell stands for: without the white space around it, and literally what stands in backquotes.
fn unescape(cell: &str) -> String {
    let cell = cell.trim();
    let cell = cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`')).unwrap_or(cell).replace("\\n", "\n");
    let mut parts = cell.split("\\u{");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        let (code, rest) = part.split_once('}').unwrap();
        text.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
        text.push_str(rest);
    }
    text
}

#[test]
fn every_stamp_is_known() {
    for [place, stamp, sent_at] in table("| where | stamp |") {
        let export = format!("{stamp}Ana: one: 1\ntwo\n{stamp}Ben López: hi\n{stamp}Ana: bye");
        let messages = parse(&export).unwrap();
        let said: Vec<_> = messages.iter().map(|message| (message.speaker.as_str(), message.text.as_str())).collect();
        assert_eq!(said, [("Ana", "one: 1\ntwo"), ("Ben López", "hi"), ("Ana", "bye")], "{place}");
        for message in messages {
            assert_eq!(message.sent_at.map_or("unknown".into(), |sent_at| sent_at.to_string()), sent_at, "{place}");
        }
    }
}

#[test]
fn what_whatsapp_wrote_is_left_out_and_what_a_person_wrote_stays() {
    for stamp in ["31/12/2023, 21:41 - ", "[31/12/2023, 21:41:05] "] {
        for [what, text, stays] in table("| what | text |") {
            let export = format!("{stamp}Ana: first\n{stamp}Ana: {text}\n{stamp}Ben: last");
            let said: Vec<_> = parse(&export).unwrap().into_iter().map(|message| (message.speaker, message.text)).collect();
            let mut expected = vec![("Ana".into(), "first".into()), ("Ana".into(), stays.clone()), ("Ben".into(), "last".to_owned())];
            expected.retain(|(_, text): &(String, String)| !text.is_empty());
            assert_eq!(said, expected, "{what} after {stamp}");
        }
    }
}
