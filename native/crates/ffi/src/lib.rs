//! UniFFI facade of Tandem's device core: own small types and errors, no logic.

mod convert;
mod error;
mod library;
mod session;
mod types;

use std::panic::catch_unwind;
use std::path::Path;

use tandem_bundle::{Bundle, PublicKey};

use error::Internal;
pub use error::{LibraryError, TandemError};
pub use library::{ImportPhase, ImportProgress, ImportSink, ImportSource, Library, StoredBundle, StoredState};
pub use session::{BenchSink, Cancellation, EventSink, Session};
pub use types::*;

uniffi::setup_scaffolding!();

/// What a bundle offers, without hashing its files.
#[uniffi::export]
pub fn inspect_bundle(path: String) -> Result<BundleInfo, TandemError> {
    guard(|| Ok((&Bundle::open(Path::new(&path), None)?).into()))
}

/// Checks every file of a bundle, and its signature when a key is given (the text of a minisign public key). Blocks for as long as it
/// takes to read the bundle.
#[uniffi::export]
pub fn verify_bundle(path: String, public_key: Option<String>) -> Result<BundleInfo, TandemError> {
    guard(|| {
        let key = public_key.as_deref().map(PublicKey::parse).transpose()?;
        let bundle = Bundle::open(Path::new(&path), key.as_ref())?;
        bundle.verify()?;
        Ok((&bundle).into())
    })
}

/// What memory a session of a bundle takes, without loading the base.
#[uniffi::export]
pub fn memory_need(bundle_path: String, base_path: Option<String>) -> Result<MemoryNeed, TandemError> {
    guard(|| {
        let bundle = Bundle::open(Path::new(&bundle_path), None)?;
        Ok(MemoryNeed { resident_bytes: tandem_engine::memory_need(&bundle, base_path.as_deref().map(Path::new))? })
    })
}

/// How that fits into the memory that is free, in bytes.
#[uniffi::export]
pub fn memory_fit(need: MemoryNeed, available_bytes: u64) -> MemoryFit {
    tandem_engine::Fit::of(need.resident_bytes, available_bytes).into()
}

/// Reads pasted or exported chat text.
#[uniffi::export]
pub fn read_pasted_chat(text: String) -> Result<Vec<SentMessage>, TandemError> {
    guard(|| Ok(tandem_chat::parse(&text)?.into_iter().map(Into::into).collect()))
}

/// Reads the bytes of a chat file: a text, or a zip with one.
#[uniffi::export]
pub fn read_chat(bytes: Vec<u8>) -> Result<Vec<SentMessage>, TandemError> {
    guard(|| Ok(tandem_chat::read(&bytes)?.into_iter().map(Into::into).collect()))
}

/// Reads a chat file, without holding all of a zip in memory.
#[uniffi::export]
pub fn read_chat_file(path: String) -> Result<Vec<SentMessage>, TandemError> {
    guard(|| Ok(tandem_chat::read_file(Path::new(&path))?.into_iter().map(Into::into).collect()))
}

#[uniffi::export]
pub fn core_version() -> String {
    env!("CARGO_PKG_VERSION").into()
}

/// Turns a panic into an error of the border.
fn guard<T, E: Internal>(f: impl FnOnce() -> Result<T, E> + std::panic::UnwindSafe) -> Result<T, E> {
    tandem_engine::hide_messages();
    catch_unwind(f).unwrap_or_else(|_| Err(E::internal()))
}
