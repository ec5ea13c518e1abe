use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use crate::{BundleError, BundleErrorKind, path};

/// No bundle holds more files or deeper folders; a limit for hostile ones.
const MAX_FILES: usize = 10_000;
const MAX_DEPTH: usize = 8;

/// Lists the regular files below `root`: path inside the bundle and size in bytes. Links, devices and the like are refused.
pub fn list(root: &Path) -> Result<BTreeMap<String, u64>, BundleError> {
    let mut files = BTreeMap::new();
    walk(root, "", 0, &mut files)?;
    Ok(files)
}

fn walk(folder: &Path, prefix: &str, depth: usize, files: &mut BTreeMap<String, u64>) -> Result<(), BundleError> {
    for entry in fs::read_dir(folder).map_err(|e| unreadable(folder, &e))? {
        let entry = entry.map_err(|e| unreadable(folder, &e))?;
        let name = entry.file_name();
        let inside = format!("{prefix}{}", name.to_string_lossy());
        path::check(&inside)?;
        let metadata = entry.metadata().map_err(|e| unreadable(&entry.path(), &e))?;
        if metadata.is_dir() && depth < MAX_DEPTH {
            walk(&entry.path(), &format!("{inside}/"), depth + 1, files)?;
        } else if metadata.is_file() && files.len() < MAX_FILES {
            files.insert(inside, metadata.len());
        } else if metadata.is_dir() || metadata.is_file() {
            return Err(BundleError::new(
                BundleErrorKind::BundleTooLarge,
                inside,
                format!("a bundle has at most {MAX_FILES} files in folders at most {MAX_DEPTH} deep; this folder is no bundle."),
            ));
        } else {
            return Err(BundleError::new(
                BundleErrorKind::FileNotRegular,
                inside,
                "this is a link or a special file, and a bundle holds regular files only; copy the bundle with its files' contents.",
            ));
        }
    }
    Ok(())
}

pub fn unreadable(path: &Path, e: &io::Error) -> BundleError {
    BundleError::new(
        BundleErrorKind::BundleUnreadable,
        path.display().to_string(),
        format!("it cannot be read ({e}); check the path and its permissions."),
    )
}
