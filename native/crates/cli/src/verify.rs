use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use tandem_bundle::{Bundle, BundleError, BundleErrorKind, PublicKey};

use crate::arguments::{Opening, Verify};
use crate::failure::Failure;

/// Checks every file of a bundle.
pub fn verify(arguments: &Verify) -> Result<ExitCode, Failure> {
    let bundle = open(&arguments.opening)?;
    bundle.verify()?;
    let files = &bundle.manifest().files;
    let bytes: u64 = files.values().map(|file| file.bytes).sum();
    let signature = if bundle.signed() { "signature checked" } else { "signature not checked" };
    writeln!(io::stdout(), "intact: {} files, {bytes} bytes, {signature}", files.len())?;
    Ok(ExitCode::SUCCESS)
}

/// Opens a bundle, with its signature checked where a key is given.
pub fn open(opening: &Opening) -> Result<Bundle, BundleError> {
    let key = opening.public_key.as_deref().map(read_key).transpose()?;
    Bundle::open(&opening.bundle, key.as_ref())
}

/// Reads a minisign public key.
pub fn read_key(path: &Path) -> Result<PublicKey, BundleError> {
    let text = fs::read_to_string(path).map_err(|e| {
        let message = format!("the public key cannot be read ({e}); check the path.");
        BundleError::new(BundleErrorKind::PublicKeyInvalid, path.display().to_string(), message)
    })?;
    PublicKey::parse(&text)
}
