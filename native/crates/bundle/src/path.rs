use crate::shown::is_hidden;
use crate::{BundleError, BundleErrorKind};

/// Longest path that a bundle may hold, in bytes.
const MAX_BYTES: usize = 512;

/// Checks that a path stays inside the bundle on every system: relative, `/`-separated, without empty, `.` or `..` parts, without
/// backslash, colon or hidden character.
pub fn check(path: &str) -> Result<(), BundleError> {
    let safe_part = |part: &str| !matches!(part, "" | "." | "..");
    let safe_char = |c: char| c != '\\' && c != ':' && !is_hidden(c);
    if path.len() <= MAX_BYTES && path.chars().all(safe_char) && path.split('/').all(safe_part) {
        return Ok(());
    }
    Err(BundleError::new(
        BundleErrorKind::PathUnsafe,
        path.escape_debug().to_string(),
        "the path could leave the bundle; paths are relative, separated by /, without . and .. parts. Get the bundle anew from its maker.",
    ))
}

#[cfg(test)]
mod tests {
    use super::check;
    use proptest::prelude::*;

    #[test]
    fn ordinary_paths_pass() {
        for path in ["manifest.json", "adapters/es/adapter_config.json", "calibrations/summarize+es.safetensors", "base/..b"] {
            assert_eq!(check(path), Ok(()));
        }
    }

    #[test]
    fn unsafe_paths_are_refused() {
        for path in ["", "/etc/passwd", "a//b", "a/", "./a", "a/../b", "..", "a\\b", "C:/a", "a\0b", "a\u{202E}b"] {
            assert!(check(path).is_err(), "{path:?}");
        }
    }

    proptest! {
        #[test]
        fn a_path_that_passes_stays_inside(path in r"[./\\a:]{0,12}") {
            if check(&path).is_ok() {
                let joined = std::path::Path::new("/bundle").join(&path);
                prop_assert!(joined.components().all(|part| part != std::path::Component::ParentDir));
                prop_assert!(joined.starts_with("/bundle"));
                prop_assert_ne!(joined, std::path::Path::new("/bundle"));
            }
        }
    }
}
