//! The errors of a bundle, its base and an input. Each has a stable id, which the command line and the app show and `docs/command-line.md`
//! lists, and one sentence that names what was found and what to do.

use crate::shown::escaped;

/// Declares an enum of error kinds with their stable ids.
macro_rules! kinds {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $id:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($variant),+ }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable id, in kebab case.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id),+ }
            }
        }
    };
}

kinds! {
    /// Why a bundle was refused.
    BundleErrorKind {
        BundleUnreadable = "bundle-unreadable",
        BundleTooLarge = "bundle-too-large",
        SignatureMissing = "signature-missing",
        SignatureInvalid = "signature-invalid",
        PublicKeyInvalid = "public-key-invalid",
        ManifestMissing = "manifest-missing",
        ManifestInvalid = "manifest-invalid",
        VersionUnsupported = "version-unsupported",
        PathUnsafe = "path-unsafe",
        FileMissing = "file-missing",
        FileExtra = "file-extra",
        FileNotRegular = "file-not-regular",
        FileSize = "file-size",
        FileHash = "file-hash",
        ZipInvalid = "zip-invalid",
        ZipCompressed = "zip-compressed",
        ZipDuplicate = "zip-duplicate",
        AdapterInvalid = "adapter-invalid",
        AdapterHash = "adapter-hash",
        CalibrationInvalid = "calibration-invalid",
        CalibrationMismatch = "calibration-mismatch",
        TokenizerInvalid = "tokenizer-invalid",
    }
}

kinds! {
    /// Why a base model was refused.
    BaseErrorKind {
        BaseMissing = "base-missing",
        BaseUnreadable = "base-unreadable",
        BaseSize = "base-size",
        BaseHash = "base-hash",
        BaseUnsupported = "base-unsupported",
    }
}

kinds! {
    /// Why an input or a request was refused.
    InputErrorKind {
        InputEmpty = "input-empty",
        InputInvalid = "input-invalid",
        ReplySpeakerMissing = "reply-speaker-missing",
        PromptTooLong = "prompt-too-long",
        CompositionUnknown = "composition-unknown",
        ModeUnavailable = "mode-unavailable",
        ChatUnreadable = "chat-unreadable",
        ChatTooLarge = "chat-too-large",
        ChatEncoding = "chat-encoding",
        ChatZipInvalid = "chat-zip-invalid",
        ChatMissing = "chat-missing",
        ChatSeveral = "chat-several",
    }
}

/// A bundle was refused. `file` is a path inside the bundle, or the bundle itself. Both texts can be shown as they are, whatever they quote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct BundleError {
    pub kind: BundleErrorKind,
    pub file: String,
    pub message: String,
}

impl BundleError {
    pub fn new(kind: BundleErrorKind, file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, file: escaped(file.into()), message: escaped(message.into()) }
    }
}

/// A base model was refused. `file` is its path. Both texts can be shown as they are, whatever they quote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct BaseError {
    pub kind: BaseErrorKind,
    pub file: String,
    pub message: String,
}

impl BaseError {
    pub fn new(kind: BaseErrorKind, file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, file: escaped(file.into()), message: escaped(message.into()) }
    }
}

/// An input was refused. The message never holds the user's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct InputError {
    pub kind: InputErrorKind,
    pub message: String,
}

impl InputError {
    pub fn new(kind: InputErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}
