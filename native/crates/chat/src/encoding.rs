use std::borrow::Cow;

use tandem_bundle::{InputError, InputErrorKind};

/// The text of a chat file: UTF-8, or UTF-16 with a byte order mark. A character that is cut off at the end is left out.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, InputError> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
        bytes => utf8(bytes),
    }
}

fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, InputError> {
    let whole = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(Cow::Borrowed(text)),
        Err(e) if e.error_len().is_none() => e.valid_up_to(),
        Err(_) => return Err(unknown()),
    };
    std::str::from_utf8(&bytes[..whole]).map(Cow::Borrowed).map_err(|_| unknown())
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'_, str>, InputError> {
    let mut units: Vec<u16> = bytes.as_chunks().0.iter().map(|pair| unit(*pair)).collect();
    units.pop_if(|last| (0xd800..0xdc00).contains(last));
    String::from_utf16(&units).map(Cow::Owned).map_err(|_| unknown())
}

fn unknown() -> InputError {
    InputError::new(
        InputErrorKind::ChatEncoding,
        "the chat is no text in UTF-8 or UTF-16; give the .txt or .zip that the chat app exported.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_encoding_gives_the_text_back(text in "[a-zé😀\n\u{202f}]{0,20}", cut in 0usize..4) {
            let mut encoded: Vec<Vec<u8>> = vec![text.clone().into_bytes(), [&[0xef, 0xbb, 0xbf], text.as_bytes()].concat()];
            encoded.push([0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect());
            encoded.push([0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect());
            for bytes in encoded {
                prop_assert_eq!(decode(&bytes).unwrap(), text.as_str());
                let decoded = decode(&bytes[..bytes.len() - cut.min(bytes.len().saturating_sub(3))]).unwrap().into_owned();
                prop_assert!(text.starts_with(&decoded), "{decoded:?} is no start of {text:?}");
            }
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for bytes in [&b"\xff\xd8\xff\xe0 jpeg"[..], b"caf\xe9 au lait", b"\xff\xfe\x00\xdc\x41\x00"] {
            assert_eq!(decode(bytes).unwrap_err().kind, InputErrorKind::ChatEncoding);
        }
    }
}
