//! The error type of the border. The `kind` is the same id that the command line prints; `docs/command-line.md` lists them all.

use tandem_bundle::{BaseError, BundleError, InputError};
use tandem_engine::{EngineError, EngineErrorKind, Error};
use tandem_store::StoreError;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum TandemError {
    #[error("{file}: {message}")]
    Bundle { kind: String, file: String, message: String },
    #[error("{file}: {message}")]
    Base { kind: String, file: String, message: String },
    #[error("{message}")]
    Input { kind: String, message: String },
    #[error("{message}")]
    Engine { kind: String, message: String },
    #[error("{message}")]
    Closed { message: String },
}

/// Why the library could not do what was asked. `kind` is an id as that of [`TandemError`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum LibraryError {
    /// A bundle or base model was refused; `file` is the path inside the bundle, or the file itself.
    #[error("{file}: {message}")]
    Refused { kind: String, file: String, message: String },
    #[error("{needed_bytes} bytes are needed and {available_bytes} are free")]
    NoSpace { kind: String, message: String, needed_bytes: u64, available_bytes: u64 },
    /// Paths inside the bundle.
    #[error("{message}")]
    MissingFiles { kind: String, message: String, files: Vec<String> },
    #[error("{message}")]
    Library { kind: String, message: String },
}

impl From<StoreError> for LibraryError {
    fn from(e: StoreError) -> Self {
        let (kind, message) = (e.kind().to_owned(), e.to_string());
        match e {
            StoreError::Bundle(e) => Self::Refused { kind, file: e.file, message: e.message },
            StoreError::Base(e) => Self::Refused { kind, file: e.file, message: e.message },
            StoreError::NoSpace { needed, available } => Self::NoSpace { kind, message, needed_bytes: needed, available_bytes: available },
            StoreError::MissingFiles { files } => Self::MissingFiles { kind, message, files },
            _ => Self::Library { kind, message },
        }
    }
}

/// An error of the border that a fault of this program can be told as.
pub(crate) trait Internal {
    fn internal() -> Self;
}

impl Internal for TandemError {
    fn internal() -> Self {
        Self::fault().into()
    }
}

impl Internal for LibraryError {
    fn internal() -> Self {
        let e = TandemError::fault();
        Self::Library { kind: e.kind.id().into(), message: e.message }
    }
}

impl TandemError {
    /// A fault of this program, told without a panic crossing the border.
    fn fault() -> EngineError {
        EngineError::new(EngineErrorKind::Internal, "this failed by a fault of this program; please report it, without the text.")
    }
}

impl From<BundleError> for TandemError {
    fn from(e: BundleError) -> Self {
        Self::Bundle { kind: e.kind.id().into(), file: e.file, message: e.message }
    }
}

impl From<BaseError> for TandemError {
    fn from(e: BaseError) -> Self {
        Self::Base { kind: e.kind.id().into(), file: e.file, message: e.message }
    }
}

impl From<InputError> for TandemError {
    fn from(e: InputError) -> Self {
        Self::Input { kind: e.kind.id().into(), message: e.message }
    }
}

impl From<EngineError> for TandemError {
    fn from(e: EngineError) -> Self {
        Self::Engine { kind: e.kind.id().into(), message: e.message }
    }
}

impl From<Error> for TandemError {
    fn from(e: Error) -> Self {
        match e {
            Error::Bundle(e) => e.into(),
            Error::Base(e) => e.into(),
            Error::Input(e) => e.into(),
            Error::Engine(e) => e.into(),
            Error::Closed => Self::Closed { message: e.to_string() },
        }
    }
}

impl From<StoreError> for TandemError {
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::Bundle(e) => e.into(),
            StoreError::Base(e) => e.into(),
            e => Self::Engine { kind: e.kind().into(), message: e.to_string() },
        }
    }
}
