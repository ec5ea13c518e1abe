use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use tandem_bundle::{BaseError, BaseErrorKind, Bundle};

use crate::Error;
use crate::header::elements_of;

/// The table of embeddings in a GGUF file.
const EMBEDDINGS: &str = "token_embd.weight";
/// So many bytes of a base are read, and more only where its header does not end in them: a vocabulary of a quarter of a million words takes
/// about 10 MB. No header is longer than the last.
const HEADS: [u64; 4] = [1 << 20, 4 << 20, 16 << 20, 64 << 20];
/// Bytes in memory for each byte of tokenizer.json: the vocabulary is held by us and by the engine.
const TOKENIZER_TIMES: u64 = 15;
/// The program, one composed adapter, and a prompt of a thousand tokens.
const REST: u64 = 64 << 20;
/// So much more than the need should be free, in per cent: a phone that is full ends what it does not show.
const COMFORT: u64 = 125;

/// How a session fits into the memory that is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    Fits,
    /// It can be loaded, but the system may end it, or other apps, for it.
    Tight,
    WontFit,
}

impl Fit {
    /// Both in bytes.
    pub fn of(need: u64, available: u64) -> Self {
        if need > available {
            Self::WontFit
        } else if u128::from(need) * u128::from(COMFORT) > u128::from(available) * 100 {
            Self::Tight
        } else {
            Self::Fits
        }
    }
}

/// Resident bytes that a process takes at its peak for a session, from the base's header and sizes; the base itself is not loaded, and
/// hashes are not compared.
///
/// The base's file, which is mapped; its embeddings a second time, as f32; [`TOKENIZER_TIMES`] the tokenizer; [`REST`]. The last two are set so that the
/// sum is a little above what `tandem bench` measured with the demo bundle on x86-64 Linux: 1,161 MiB (278 of the file, 640 of embeddings,
/// 14 of tokenizer.json), against 1,187. A random Llama of 3.2-1B's shape took 3,126 MiB with a composed adapter of rank 68, of which 1,283
/// were the file's pages, which the system may take back; this says 2,318. No phone was measured.
pub fn memory_need(bundle: &Bundle, base: Option<&Path>) -> Result<u64, Error> {
    let manifest = bundle.manifest();
    let embeddings = embeddings(|from, limit, head| match base {
        Some(path) => {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(from))?;
            file.take(limit).read_to_end(head).map(drop)
        }
        None => bundle.read_unchecked(&manifest.base.path(), from, limit, head),
    });
    let refused = |message: String| BaseError::new(BaseErrorKind::BaseUnreadable, manifest.base.file.clone(), message);
    let embeddings = embeddings.map_err(|e| refused(format!("it cannot be read ({e}); give the path of this file, or import it.")))?;
    let embeddings = embeddings.ok_or_else(|| refused(format!("it is no GGUF file with {EMBEDDINGS}; choose the bundle's base model.")))?;
    let tokenizer = manifest.files.get(tandem_bundle::TOKENIZER).map_or(0, |file| file.bytes);
    let parts = [manifest.base.bytes, embeddings.saturating_mul(4), tokenizer.saturating_mul(TOKENIZER_TIMES), REST];
    Ok(parts.into_iter().fold(0, u64::saturating_add))
}

/// The number of a base's embeddings, which its header tells. `read` appends bytes from an offset on, at most so many, and fewer where the file
/// ends.
fn embeddings(mut read: impl FnMut(u64, u64, &mut Vec<u8>) -> io::Result<()>) -> io::Result<Option<u64>> {
    let mut head = Vec::new();
    for limit in HEADS {
        let from = head.len() as u64;
        read(from, limit - from, &mut head)?;
        let found = elements_of(EMBEDDINGS, &head);
        if found.is_some() || (head.len() as u64) < limit {
            return Ok(found);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn little_more_of_a_base_is_read_than_its_header(words in 0..(6_u64 << 20), rest in 0..(8_u64 << 20), count in 1..1000_u64) {
            let start = [b"GGUF", &3_u32.to_le_bytes()[..], &1_u64.to_le_bytes(), &1_u64.to_le_bytes(), &1_u64.to_le_bytes(), b"a"].concat();
            let bytes = [&9_u32.to_le_bytes()[..], &0_u32.to_le_bytes(), &words.to_le_bytes(), &vec![0; words as usize]].concat();
            let name = [&(EMBEDDINGS.len() as u64).to_le_bytes()[..], EMBEDDINGS.as_bytes()].concat();
            let tensor = [&name[..], &1_u32.to_le_bytes(), &count.to_le_bytes(), &[0; 12]].concat();
            let header = [start, bytes, tensor].concat();
            let file = [&header[..], &vec![0; rest as usize]].concat();
            let mut read = 0;
            let found = embeddings(|from, limit, head| {
                let rest = &file[from as usize..];
                let part = &rest[..rest.len().min(limit as usize)];
                assert_eq!(from as usize, read);
                read += part.len();
                head.extend_from_slice(part);
                Ok(())
            });
            prop_assert_eq!(found.unwrap(), Some(count));
            prop_assert!(read <= (4 * header.len()).max(1 << 20));
        }
    }

    proptest! {
        #[test]
        fn more_memory_never_fits_worse(need in any::<u64>(), available in any::<u64>(), more in any::<u64>()) {
            let rank = |fit| [Fit::WontFit, Fit::Tight, Fit::Fits].iter().position(|one| *one == fit);
            prop_assert!(rank(Fit::of(need, available)) <= rank(Fit::of(need, available.saturating_add(more))));
            prop_assert_eq!(Fit::of(need, available) == Fit::WontFit, need > available);
        }
    }
}
