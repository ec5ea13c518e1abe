//! Locks of files: one holder at a time, in this process and in others, until the file is closed.
//!
//! The standard library's own are not there on Android (rust-lang/rust#148325); `clippy.toml` keeps them out.

use std::fs::File;
use std::io;

/// Locks a file, and waits while another holds it.
pub fn wait(file: &File) -> io::Result<()> {
    system::wait(file)
}

/// Locks a file unless another holds it. Returns whether it is locked now.
pub fn try_now(file: &File) -> io::Result<bool> {
    system::try_now(file)
}

#[cfg(unix)]
mod system {
    use rustix::fs::{FlockOperation, flock};
    use rustix::io::{Errno, retry_on_intr};

    use super::{File, io};

    pub fn wait(file: &File) -> io::Result<()> {
        Ok(retry_on_intr(|| flock(file, FlockOperation::LockExclusive))?)
    }

    pub fn try_now(file: &File) -> io::Result<bool> {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(true),
            Err(Errno::WOULDBLOCK) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }
}

#[cfg(not(unix))]
#[expect(clippy::disallowed_methods, reason = "the standard library's are there on these systems")]
mod system {
    use std::fs::TryLockError;

    use super::{File, io};

    pub fn wait(file: &File) -> io::Result<()> {
        file.lock()
    }

    pub fn try_now(file: &File) -> io::Result<bool> {
        match file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(e)) => Err(e),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_lock_has_one_holder_until_its_file_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let (first, second) = (File::create(&path).unwrap(), File::create(&path).unwrap());
        assert!(try_now(&first).unwrap());
        assert!(!try_now(&second).unwrap());
        let waiting = thread::spawn(move || wait(&second).map(|()| second));
        drop(first);
        let _held = waiting.join().unwrap().unwrap();
        assert!(!try_now(&File::open(&path).unwrap()).unwrap());
    }
}
