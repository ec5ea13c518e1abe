//! What verifying tells of an adapter; the tensors and the rest of the configuration are read when it is composed.

use serde::Deserialize;

use crate::manifest::count;
use crate::{AdapterEntry, BundleError, BundleErrorKind, Sha256, json};

/// No configuration is larger; it is held in memory.
pub const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// Of `adapter_config.json`.
#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Config {
    #[serde(deserialize_with = "count")]
    r: usize,
}

json::from_objects!(Config);

/// Compares an adapter with its entry in the manifest.
pub fn check(entry: &AdapterEntry, config: &[u8], sha256: Sha256) -> Result<(), BundleError> {
    if sha256 != entry.sha256 {
        let message = format!("the adapter's hash is {sha256}, the manifest says {}; the bundle is damaged, get it anew.", entry.sha256);
        return Err(BundleError::new(BundleErrorKind::AdapterHash, &entry.path, message));
    }
    let invalid = |what: String| BundleError::new(BundleErrorKind::AdapterInvalid, &entry.path, format!("{what}; export the bundle anew."));
    let read = json::check(config).and_then(|()| serde_json::from_slice(config));
    let Config { r } = read.map_err(|e| invalid(format!("its configuration cannot be read ({e})")))?;
    if r != entry.rank {
        return Err(invalid(format!("its rank is {r}, the manifest says {}", entry.rank)));
    }
    Ok(())
}
