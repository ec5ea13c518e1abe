use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek as _, Write};
use std::path::{Path, PathBuf};

use tandem_bundle::{FileEntry, Sha256};

use crate::StoreError;
use crate::import::{Phase, Tally};

/// Files by hash.
#[derive(Debug)]
pub struct Files {
    whole: PathBuf,
    partial: PathBuf,
}

impl Files {
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let files = Self { whole: root.join("files"), partial: root.join("partial") };
        for folder in [&files.whole, &files.partial] {
            fs::create_dir_all(folder).map_err(StoreError::unwritable(folder))?;
        }
        Ok(files)
    }

    /// The folder of whole files, each under its SHA-256.
    pub fn folder(&self) -> &Path {
        &self.whole
    }

    /// Where something new may be built, on the same file system.
    pub fn building(&self, name: &str) -> PathBuf {
        self.partial.join(name)
    }

    pub fn path(&self, sha256: Sha256) -> PathBuf {
        self.whole.join(sha256.to_string())
    }

    /// Whether a file of this hash and size is there.
    pub fn hold(&self, entry: &FileEntry) -> bool {
        size(&self.path(entry.sha256)) == Some(entry.bytes)
    }

    /// Bytes that are still to be copied for a file.
    pub fn lack(&self, entry: &FileEntry) -> u64 {
        let there = size(&self.building(&entry.sha256.to_string())).unwrap_or(0);
        if there > entry.bytes { entry.bytes } else { entry.bytes - there }
    }

    /// Compares the hash of a file that is held. One that is damaged goes.
    pub fn verify(&self, entry: &FileEntry, tally: &mut Tally<'_>) -> Result<bool, StoreError> {
        let path = self.path(entry.sha256);
        let intact = digest(&path, tally)? == entry.sha256;
        if !intact {
            fs::remove_file(&path).map_err(StoreError::unwritable(&path))?;
        }
        Ok(intact)
    }

    /// Copies what an interrupted import left to copy: `copy` writes the file's bytes from an offset on. Returns its
    /// SHA-256; none where that is not one of the `wanted`, and then nothing is left of it.
    pub fn take(
        &self,
        entry: &FileEntry,
        wanted: &HashSet<Sha256>,
        tally: &mut Tally<'_>,
        copy: &mut dyn FnMut(u64, &mut dyn Write) -> Result<(), StoreError>,
    ) -> Result<Option<String>, StoreError> {
        let partial = self.building(&entry.sha256.to_string());
        let unwritable = StoreError::unwritable(&partial);
        let mut file = OpenOptions::new().create(true).append(true).open(&partial).map_err(&unwritable)?;
        if self.lack(entry) == entry.bytes {
            file.set_len(0).map_err(&unwritable)?;
        }
        let offset = file.seek(io::SeekFrom::End(0)).map_err(&unwritable)?;
        {
            let mut counted = BufWriter::with_capacity(1 << 18, tally.counting(Phase::Copying, &mut file));
            let copied = copy(offset, &mut counted);
            // What was copied before a fault stays for the next time.
            let flushed = counted.flush();
            drop(counted);
            tally.check()?;
            copied?;
            flushed.map_err(&unwritable)?;
        }
        // On the disk before it has its name.
        file.sync_all().map_err(&unwritable)?;
        let found = if size(&partial) == Some(entry.bytes) { Some(digest(&partial, tally)?) } else { None };
        let Some(sha256) = found.filter(|found| wanted.contains(found)) else {
            fs::remove_file(&partial).map_err(&unwritable)?;
            // What an earlier import left may be at fault.
            return if offset > 0 { self.take(entry, wanted, tally, copy) } else { Ok(None) };
        };
        fs::rename(&partial, self.path(sha256)).map_err(&unwritable)?;
        sync_folder(&self.whole)?;
        Ok(Some(sha256.to_string()))
    }

    /// Removes all that was interrupted, and what is not in `keep`, where that is known. Returns the bytes that it took.
    pub fn clean(&self, keep: Option<&HashSet<Sha256>>) -> Result<u64, StoreError> {
        let kept = |name: &str| keep.is_none_or(|keep| Sha256::parse(name).is_some_and(|sha256| keep.contains(&sha256)));
        Ok(remove_others(&self.whole, kept)? + remove_others(&self.partial, |_| false)?)
    }
}

/// Makes a rename in a folder last.
pub fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::unwritable(folder))
}

fn size(path: &Path) -> Option<u64> {
    fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len())
}

fn digest(path: &Path, tally: &mut Tally<'_>) -> Result<Sha256, StoreError> {
    let digest = File::open(path).and_then(|file| Sha256::copy(file, tally.counting(Phase::Verifying, io::sink())));
    tally.check()?;
    digest.map(|(_, sha256)| sha256).map_err(StoreError::unwritable(path))
}

fn remove_others(folder: &Path, keep: impl Fn(&str) -> bool) -> Result<u64, StoreError> {
    let mut freed = 0;
    for entry in fs::read_dir(folder).map_err(StoreError::unwritable(folder))? {
        let entry = entry.map_err(StoreError::unwritable(folder))?;
        if keep(&entry.file_name().to_string_lossy()) {
            continue;
        }
        let path = entry.path();
        freed += size(&path).unwrap_or(0);
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let removed = if is_folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(StoreError::unwritable(&path))?;
    }
    Ok(freed)
}
