//! Bundles of adapters and calibrations, and how text becomes a prompt.
//!
//! A bundle is untrusted until [`Bundle::open`] has seen its signature (where a key is given), its manifest and the list of its files, and
//! no byte of a file is handed out before its size and SHA-256 were compared. No model code lives here.

mod adapter;
mod bundle;
mod directory;
mod error;
mod hash;
mod json;
mod manifest;
mod path;
mod shown;
mod signature;
mod source;
pub mod text;
mod zip;

pub use bundle::{Bundle, check_base};
pub use error::{BaseError, BaseErrorKind, BundleError, BundleErrorKind, InputError, InputErrorKind};
pub use hash::Sha256;
pub use manifest::{AdapterEntry, BaseEntry, Composition, FileEntry, Manifest, Mode, TOKENIZER, Task, TaskKind, TextRules, Tool};
pub use signature::PublicKey;
