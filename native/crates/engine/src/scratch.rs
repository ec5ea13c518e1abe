use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use tempfile::TempDir;

use crate::{EngineError, EngineErrorKind};

const PREFIX: &str = "tandem-";
const LOCK: &str = "lock";

/// This process's private folder for short-lived files. It is deleted when the last session ends; what a crashed process left is deleted
/// when the next one starts.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    /// Locked as long as the folder is in use.
    _lock: File,
}

/// The engine's library writes to a place that can be set once in a process, so all sessions share one folder.
static PATH: OnceLock<PathBuf> = OnceLock::new();
static CURRENT: Mutex<Weak<Scratch>> = Mutex::new(Weak::new());

impl Scratch {
    /// The process's folder, below `parent` or the system's temporary folder. The first call decides where.
    pub fn acquire(parent: Option<&Path>) -> Result<Arc<Self>, EngineError> {
        let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(scratch) = current.upgrade() {
            return Ok(scratch);
        }
        let parent = parent.map_or_else(std::env::temp_dir, Path::to_owned);
        let scratch = Self::create(&parent).map(Arc::new).map_err(|e| unwritable(&parent, &e))?;
        *current = Arc::downgrade(&scratch);
        Ok(scratch)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A new folder in it, deleted when it is dropped: sessions that are opened at the same time write files of the same names.
    pub fn folder(&self) -> Result<TempDir, EngineError> {
        // A phone may clear its temporary files at any time.
        fs::create_dir_all(&self.path).and_then(|()| tempfile::tempdir_in(&self.path)).map_err(|e| unwritable(&self.path, &e))
    }

    fn create(parent: &Path) -> io::Result<Self> {
        fs::create_dir_all(parent)?;
        remove_stale(parent);
        let path = if let Some(path) = PATH.get() {
            fs::create_dir_all(path)?;
            path.clone()
        } else {
            let path = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?.keep();
            let path = PATH.get_or_init(|| path).clone();
            // Refused only if it was set before, and this is the only place that does.
            let _ = tempfile::env::override_temp_dir(&path);
            path
        };
        // Locked before it has its name, so that no other process takes this folder for a stale one.
        let unnamed = path.join("lock.new");
        let lock = File::create(&unnamed)?;
        tandem_lock::wait(&lock)?;
        fs::rename(unnamed, path.join(LOCK))?;
        Ok(Self { path, _lock: lock })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        // A session that was opened meanwhile uses the same folder.
        if current.strong_count() == 0 {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

fn unwritable(folder: &Path, e: &io::Error) -> EngineError {
    let message = format!("{}: no temporary files can be written here ({e}); name another folder.", folder.display());
    EngineError::new(EngineErrorKind::TempDir, message)
}

/// Deletes the folders whose process is gone: nobody holds their lock. What cannot be deleted is left to the next start.
fn remove_stale(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let unlocked = |folder: &Path| File::open(folder.join(LOCK)).is_ok_and(|lock| tandem_lock::try_now(&lock).unwrap_or(false));
        if ours && is_folder && unlocked(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_that_open_at_once_write_apart() {
        let scratch = Scratch::acquire(None).unwrap();
        let (first, second) = (scratch.folder().unwrap(), scratch.folder().unwrap());
        assert_ne!(first.path(), second.path());
        let path = first.path().to_owned();
        assert!(path.starts_with(scratch.path()) && path.is_dir());
        drop(first);
        assert!(!path.exists() && second.path().is_dir());
    }

    #[test]
    fn what_a_phone_clears_comes_back() {
        // Not where the process's folder may be, which another test ends.
        let parent = tempfile::tempdir_in(std::env::temp_dir()).unwrap();
        let scratch = Scratch { path: parent.path().join("tandem-x"), _lock: File::create(parent.path().join(LOCK)).unwrap() };
        let first = scratch.folder().unwrap();
        fs::remove_dir_all(scratch.path()).unwrap();
        assert!(scratch.folder().unwrap().path().is_dir());
        drop(first);
    }

    #[test]
    fn only_stale_folders_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let folder = |name: &str, with_lock: bool| {
            let path = parent.path().join(name);
            fs::create_dir(&path).unwrap();
            let lock = with_lock.then(|| File::create(path.join(LOCK)).unwrap());
            (path, lock)
        };
        let (stale, _) = folder("tandem-stale", true);
        let (used, lock) = folder("tandem-used", true);
        tandem_lock::wait(lock.as_ref().unwrap()).unwrap();
        let (new, _) = folder("tandem-new", false);
        let (other, _) = folder("other", true);
        remove_stale(parent.path());
        assert!(!stale.exists());
        assert!(used.exists() && new.exists() && other.exists());
    }
}
