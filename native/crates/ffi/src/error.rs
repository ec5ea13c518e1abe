//! The error type of the border. The `kind` is the same id that the command line prints; `docs/command-line.md` lists them all.

use tandem_bundle::{BaseError, BundleError, InputError};
use tandem_engine::{EngineError, EngineErrorKind, Error};

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

impl TandemError {
    /// A fault of this program, told without a panic crossing the border.
    pub(crate) fn internal() -> Self {
        EngineError::new(EngineErrorKind::Internal, "this failed by a fault of this program; please report it, without the text.").into()
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
