//! The error type of the border. The `kind` is the same id that the command line prints; `docs/command-line.md` lists them all.

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum TandemError {
    #[error("{message}")]
    Bundle {
        kind: String,
        file: String,
        message: String,
    },
    #[error("{message}")]
    Base {
        kind: String,
        file: String,
        message: String,
    },
    #[error("{message}")]
    Input { kind: String, message: String },
    #[error("{message}")]
    Engine { kind: String, message: String },
    #[error("{message}")]
    Closed { message: String },
}
