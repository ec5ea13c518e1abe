use std::path::Path;

use crate::StoreError;

/// Checks that there is room for so many more bytes.
pub fn check(folder: &Path, needed: u64) -> Result<(), StoreError> {
    match available(folder) {
        Some(available) if available < needed => Err(StoreError::NoSpace { needed, available }),
        _ => Ok(()),
    }
}

/// Bytes that this process may still write; none where the system does not tell.
#[cfg(unix)]
fn available(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
fn available(_folder: &Path) -> Option<u64> {
    None
}
