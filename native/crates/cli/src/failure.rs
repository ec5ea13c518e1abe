use std::io;
use std::process::ExitCode;

use tandem_bundle::{BundleError, InputError};
use tandem_engine::Error;
use tandem_store::StoreError;

use crate::stderr::tell;

/// Why the program ends without having done its work.
#[derive(Debug)]
pub enum Failure {
    Core(Error),
    Store(StoreError),
    /// Standard output is closed or full.
    Output(io::Error),
    Interrupted,
}

/// The exit code when a signal ends the program: 128 and the number of SIGINT.
pub const INTERRUPTED: u8 = 130;

/// The exit code when a bundle was refused.
const BUNDLE: u8 = 3;
/// The exit code when a base model was refused.
const BASE: u8 = 4;

impl Failure {
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Core(e) => exit_code(e),
            Self::Store(StoreError::Bundle(_)) => BUNDLE,
            Self::Store(StoreError::Base(_)) => BASE,
            Self::Store(_) => 7,
            Self::Output(_) => 1,
            Self::Interrupted => INTERRUPTED,
        }
        .into()
    }

    pub fn print(&self) {
        match self {
            Self::Core(e) => tell(format_args!("error[{}]: {e}\n", e.kind())),
            Self::Store(e) => tell(format_args!("error[{}]: {e}\n", e.kind())),
            Self::Output(e) => tell(format_args!("error[internal]: standard output cannot be written ({e}).\n")),
            Self::Interrupted => tell(format_args!("interrupted\n")),
        }
    }
}

/// Usage errors (2) are clap's.
pub fn exit_code(e: &Error) -> u8 {
    match e {
        Error::Bundle(_) => BUNDLE,
        Error::Base(_) => BASE,
        Error::Input(_) => 5,
        Error::Engine(e) if e.kind == tandem_engine::EngineErrorKind::Internal => 1,
        Error::Engine(_) | Error::Closed => 6,
    }
}

impl From<Error> for Failure {
    fn from(e: Error) -> Self {
        Self::Core(e)
    }
}

impl From<BundleError> for Failure {
    fn from(e: BundleError) -> Self {
        Self::Core(e.into())
    }
}

impl From<InputError> for Failure {
    fn from(e: InputError) -> Self {
        Self::Core(e.into())
    }
}

impl From<StoreError> for Failure {
    fn from(e: StoreError) -> Self {
        Self::Store(e)
    }
}

impl From<io::Error> for Failure {
    fn from(e: io::Error) -> Self {
        Self::Output(e)
    }
}
