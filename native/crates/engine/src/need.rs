use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::Path;

use tandem_bundle::{BaseError, BaseErrorKind, Bundle};

use crate::Error;
use crate::header::elements_of;

/// The table of embeddings in a GGUF file.
const EMBEDDINGS: &str = "token_embd.weight";
/// No header is longer; a vocabulary of a quarter of a million words takes about 10 MB.
const MAX_HEADER: usize = 64 << 20;
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
    let mut head = Head(Vec::new());
    let read = match base {
        Some(path) => File::open(path).and_then(|file| io::copy(&mut file.take(MAX_HEADER as u64), &mut head)).map(drop),
        // The rest of the file is not wanted, which ends the copy with an error.
        None => bundle.copy_unchecked(&manifest.base.path(), 0, &mut head).or_else(|e| if head.0.is_empty() { Err(e) } else { Ok(()) }),
    };
    let refused = |message: String| BaseError::new(BaseErrorKind::BaseUnreadable, manifest.base.file.clone(), message);
    read.map_err(|e| refused(format!("it cannot be read ({e}); give the path of this file, or import it.")))?;
    let embeddings = elements_of(EMBEDDINGS, &head.0);
    let embeddings = embeddings.ok_or_else(|| refused(format!("it is no GGUF file with {EMBEDDINGS}; choose the bundle's base model.")))?;
    let tokenizer = manifest.files.get(tandem_bundle::TOKENIZER).map_or(0, |file| file.bytes);
    let parts = [manifest.base.bytes, embeddings.saturating_mul(4), tokenizer.saturating_mul(TOKENIZER_TIMES), REST];
    Ok(parts.into_iter().fold(0, u64::saturating_add))
}

/// The start of a file.
struct Head(Vec<u8>);

impl Write for Head {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(MAX_HEADER - self.0.len());
        self.0.extend_from_slice(&bytes[..taken]);
        // 0 tells that no more is taken.
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn more_memory_never_fits_worse(need in any::<u64>(), available in any::<u64>(), more in any::<u64>()) {
            let rank = |fit| [Fit::WontFit, Fit::Tight, Fit::Fits].iter().position(|one| *one == fit);
            prop_assert!(rank(Fit::of(need, available)) <= rank(Fit::of(need, available.saturating_add(more))));
            prop_assert_eq!(Fit::of(need, available) == Fit::WontFit, need > available);
        }
    }
}
