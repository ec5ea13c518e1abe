use std::fmt::{self, Write as _};
use std::io::{self, Read, Write};

use serde::de::{Deserialize, Deserializer, Error as _};
use sha2::Digest as _;

/// A SHA-256 digest; in JSON 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256([u8; 32]);

impl Sha256 {
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut digest = sha2::Sha256::new();
        for part in parts {
            digest.update(part);
        }
        Self::finish(digest)
    }

    pub(crate) fn finish(digest: sha2::Sha256) -> Self {
        Self(digest.finalize().into())
    }

    /// Copies `from` to `to` and returns the number of bytes with their digest.
    pub fn copy(mut from: impl Read, mut to: impl Write) -> io::Result<(u64, Self)> {
        let mut digest = sha2::Sha256::new();
        let mut buffer = vec![0; 1 << 18];
        let mut bytes = 0;
        loop {
            let read = from.read(&mut buffer)?;
            if read == 0 {
                return Ok((bytes, Self::finish(digest)));
            }
            digest.update(&buffer[..read]);
            to.write_all(&buffer[..read])?;
            bytes += read as u64;
        }
    }

    /// Reads 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        if text.len() != 64 {
            return None;
        }
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hex = String::new();
        write!(hex, "{self}")?;
        f.debug_tuple("Sha256").field(&hex).finish()
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("a SHA-256 is 64 lower-case hexadecimal digits"))
    }
}
