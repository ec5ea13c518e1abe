//! What a device keeps: bundles and base models.
//!
//! A [`Library`] is a folder. Each file of each bundle lies in it once, under its SHA-256, so that a bundle may leave out what another
//! has brought, and a new language is as small as its calibration:
//! ```text
//! files/<sha256>            whole files, their hash compared when they were taken in
//! bundles/<sha256>/         a bundle's manifest and signature, named by the manifest's hash
//! partial/                  what is being taken in, or was when it was interrupted
//! lock                      locked by whoever changes something
//! ```
//! A file or bundle appears under its name by one rename, after its bytes were checked and are on the disk; so whatever happens in
//! between, what was there stays as it was, and an import goes on where it stopped.

mod error;
mod files;
mod import;
mod library;
mod space;

pub use error::StoreError;
pub use import::{ImportProgress, ImportSource, Phase};
pub use library::{Library, Stored, StoredState};
