use tandem_bundle::{BaseError, BundleError, InputError};

/// Whatever can go wrong between a bundle's path and an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error(transparent)]
    Base(#[from] BaseError),
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("the session is closed; open it again.")]
    Closed,
}

impl Error {
    /// The stable id of the error's kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bundle(e) => e.kind.id(),
            Self::Base(e) => e.kind.id(),
            Self::Input(e) => e.kind.id(),
            Self::Engine(e) => e.kind.id(),
            Self::Closed => Self::CLOSED,
        }
    }

    pub const CLOSED: &str = "session-closed";
}

/// What failed in the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineErrorKind {
    /// The base model could not be loaded.
    Load,
    /// A composed adapter was not accepted.
    Adapter,
    /// A generation failed; the engine can go on.
    Generate,
    /// The engine's thread ended.
    Stopped,
    /// A temporary folder cannot be used.
    TempDir,
    /// A fault of this program.
    Internal,
}

impl EngineErrorKind {
    pub const ALL: &[Self] = &[Self::Load, Self::Adapter, Self::Generate, Self::Stopped, Self::TempDir, Self::Internal];

    /// The stable id, in kebab case.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Load => "engine-load",
            Self::Adapter => "engine-adapter",
            Self::Generate => "engine-generate",
            Self::Stopped => "engine-stopped",
            Self::TempDir => "temp-dir",
            Self::Internal => "internal",
        }
    }
}

/// The engine failed. The message never holds the user's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EngineError {
    pub kind: EngineErrorKind,
    pub message: String,
}

impl EngineError {
    pub fn new(kind: EngineErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}
