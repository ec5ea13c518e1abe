use std::io;
use std::path::Path;

use tandem_bundle::{BaseError, BundleError};

/// Why the library could not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error(transparent)]
    Base(#[from] BaseError),
    /// Bytes.
    #[error("the import needs {needed} bytes and {available} are free; make room on the device and import again.")]
    NoSpace { needed: u64, available: u64 },
    /// Paths inside the bundle.
    #[error("the bundle leaves out {} that the library does not hold either; import the bundle that it builds on first.", .files.join(", "))]
    MissingFiles { files: Vec<String> },
    #[error("no bundle of the library was made for a base model of {bytes} bytes; import the bundle first, or choose another file.")]
    BaseUnwanted { bytes: u64 },
    #[error("the library holds no bundle with this id; list its bundles anew.")]
    UnknownBundle,
    #[error("the library is being changed by another import or removal; wait for it, or cancel it.")]
    Busy,
    #[error("the import was stopped; import again to go on where it was.")]
    Cancelled,
    /// `found` is what is in its place.
    #[error("{folder}: {found}; check the path, or import a bundle there first.")]
    NoLibrary { folder: String, found: &'static str },
    #[error("{file}: the library cannot be read or written ({message}); check the room on the device and the folder's permissions.")]
    Unwritable { file: String, message: String },
}

impl StoreError {
    /// The ids of what is not an error of a bundle or a base.
    pub const OWN_KINDS: &[&str] = &[
        "store-no-space",
        "store-missing-files",
        "store-base-unwanted",
        "store-unknown-bundle",
        "store-busy",
        "store-cancelled",
        "store-unwritable",
        "store-no-library",
    ];

    /// The stable id of the error's kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bundle(e) => e.kind.id(),
            Self::Base(e) => e.kind.id(),
            Self::NoSpace { .. } => Self::OWN_KINDS[0],
            Self::MissingFiles { .. } => Self::OWN_KINDS[1],
            Self::BaseUnwanted { .. } => Self::OWN_KINDS[2],
            Self::UnknownBundle => Self::OWN_KINDS[3],
            Self::Busy => Self::OWN_KINDS[4],
            Self::Cancelled => Self::OWN_KINDS[5],
            Self::Unwritable { .. } => Self::OWN_KINDS[6],
            Self::NoLibrary { .. } => Self::OWN_KINDS[7],
        }
    }

    pub(crate) fn unwritable(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |e| Self::Unwritable { file: path.display().to_string(), message: e.to_string() }
    }
}
