//! UniFFI facade of Tandem's device core: own small types and errors, no logic.

mod error;
mod session;
mod types;

pub use error::TandemError;
pub use session::{EventSink, Session};
pub use types::*;

uniffi::setup_scaffolding!();

fn pending() -> TandemError {
    TandemError::Engine { kind: "not-linked".into(), message: "the engine is not linked into this build".into() }
}

/// What a bundle offers, without hashing its files.
#[uniffi::export]
pub fn inspect_bundle(path: String) -> Result<BundleInfo, TandemError> {
    let _ = path;
    Err(pending())
}

/// Checks every file of a bundle, and its signature when a key is given (the text of a minisign public key).
#[uniffi::export]
pub fn verify_bundle(path: String, public_key: Option<String>) -> Result<BundleInfo, TandemError> {
    let _ = (path, public_key);
    Err(pending())
}

/// Reads pasted or exported chat text.
#[uniffi::export]
pub fn parse_chat(text: String) -> Vec<ChatMessage> {
    let _ = text;
    Vec::new()
}

#[uniffi::export]
pub fn core_version() -> String {
    env!("CARGO_PKG_VERSION").into()
}
