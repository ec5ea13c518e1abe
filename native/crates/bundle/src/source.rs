use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::{BundleError, BundleErrorKind, Manifest, Sha256, directory, zip};

/// Where a bundle's bytes come from.
#[derive(Debug)]
pub enum Source {
    Directory(PathBuf),
    Zip {
        file: Mutex<File>,
        index: zip::Index,
    },
    /// Each file's own path.
    Store(BTreeMap<String, PathBuf>),
}

impl Source {
    /// Opens a bundle's container and lists its files with their sizes.
    pub fn open(path: &Path) -> Result<(Self, BTreeMap<String, u64>), BundleError> {
        let metadata = fs::metadata(path).map_err(|e| directory::unreadable(path, &e))?;
        if metadata.is_dir() {
            return Ok((Self::Directory(path.to_owned()), directory::list(path)?));
        }
        Self::of_zip(File::open(path).map_err(|e| directory::unreadable(path, &e))?)
    }

    pub fn of_zip(mut file: File) -> Result<(Self, BTreeMap<String, u64>), BundleError> {
        let index = zip::index(&mut file)?;
        let sizes = index.iter().map(|(file, stored)| (file.clone(), stored.span.end - stored.span.start)).collect();
        Ok((Self::Zip { file: Mutex::new(file), index }, sizes))
    }

    /// The files that a manifest lists, in a folder that has each under its SHA-256; with the sizes of those that are there.
    pub fn of_store(files: &Path, manifest: &Manifest) -> (Self, BTreeMap<String, u64>) {
        let paths: BTreeMap<_, _> =
            manifest.files.iter().map(|(file, entry)| (file.clone(), files.join(entry.sha256.to_string()))).collect();
        let size = |(file, path): (&String, &PathBuf)| {
            let metadata = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
            Some((file.clone(), metadata.len()))
        };
        let sizes = paths.iter().filter_map(size).collect();
        (Self::Store(paths), sizes)
    }

    /// For an error about the whole.
    pub fn name(&self) -> String {
        match self {
            Self::Directory(root) => root.display().to_string(),
            Self::Zip { .. } => "the zip".to_owned(),
            Self::Store(_) => "the store".to_owned(),
        }
    }

    /// Copies from `offset` on, and at most one byte more than the file is to have, so that a file that grew is noticed and not followed.
    pub fn copy(&self, file: &str, offset: u64, bytes: u64, to: impl Write) -> io::Result<(u64, Sha256)> {
        self.part(file, offset, limit(offset, bytes), |from| Sha256::copy(from, to))
    }

    /// As [`Source::copy`], without a digest.
    pub fn copy_plain(&self, file: &str, offset: u64, bytes: u64, mut to: impl Write) -> io::Result<u64> {
        let copy = |from: &mut dyn Read| io::copy(&mut BufReader::with_capacity(1 << 18, from), &mut to);
        self.part(file, offset, limit(offset, bytes), copy)
    }

    /// Hands the bytes of a file from `offset` on, at most `limit`, to `read`.
    pub fn part<T>(&self, file: &str, offset: u64, limit: u64, read: impl FnOnce(&mut dyn Read) -> io::Result<T>) -> io::Result<T> {
        let path = match self {
            Self::Directory(root) => root.join(file),
            Self::Store(paths) => paths.get(file).ok_or(io::ErrorKind::NotFound)?.clone(),
            Self::Zip { file: zip, index } => {
                let span = &index.get(file).ok_or(io::ErrorKind::NotFound)?.span;
                let mut zip = zip.lock().unwrap_or_else(PoisonError::into_inner);
                let start = span.start.saturating_add(offset).min(span.end);
                zip.seek(SeekFrom::Start(start))?;
                return read(&mut (&mut *zip).take(limit.min(span.end - start)));
            }
        };
        let mut from = File::open(path)?;
        from.seek(SeekFrom::Start(offset))?;
        read(&mut from.take(limit))
    }

    /// Reads a file that the manifest cannot vouch for: the manifest itself and its signature. In a zip its checksum does.
    pub fn read_small(&self, sizes: &BTreeMap<String, u64>, file: &str, limit: u64) -> Result<Option<Vec<u8>>, BundleError> {
        let Some(size) = sizes.get(file) else { return Ok(None) };
        let too_large = || {
            let message = format!("it is larger than {limit} bytes, as no bundle's is; get the bundle anew from its maker.");
            BundleError::new(BundleErrorKind::BundleTooLarge, file, message)
        };
        if *size > limit {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        let (read, _) = self.copy(file, 0, limit, &mut bytes).map_err(|e| directory::unreadable(Path::new(file), &e))?;
        // It grew since.
        if read > limit {
            return Err(too_large());
        }
        if let Self::Zip { index, .. } = self
            && index.get(file).is_some_and(|stored| stored.crc32 != crc32fast::hash(&bytes))
        {
            return Err(BundleError::new(
                BundleErrorKind::ZipInvalid,
                file,
                "its bytes are not those of the zip's checksum; the bundle is damaged, get it anew.",
            ));
        }
        Ok(Some(bytes))
    }
}

/// How much of a file that is to have so many bytes is read from an offset on.
fn limit(offset: u64, bytes: u64) -> u64 {
    bytes.saturating_sub(offset).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::MANIFEST;
    use tandem_fixture::{Entry, write_zip};

    #[test]
    fn no_more_is_read_than_one_byte_beyond_what_a_file_is_to_have() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = vec![b' '; 1 << 20];
        let (file, zip) = (folder.path().join(MANIFEST), folder.path().join("bundle.tandem"));
        fs::write(&file, &bytes).unwrap();
        fs::write(&zip, write_zip(&[Entry::new(MANIFEST, bytes)])).unwrap();
        let stored = Source::Store(BTreeMap::from([(MANIFEST.to_owned(), file)]));
        for source in [Source::Directory(folder.path().to_owned()), Source::open(&zip).unwrap().0, stored] {
            for (offset, wanted, copied) in [(0, 10, 11), (4, 10, 7), (10, 4, 1), (0, 1 << 20, 1 << 20), (1 << 19, 1 << 20, 1 << 19)] {
                let mut to = Vec::new();
                assert_eq!(source.copy(MANIFEST, offset, wanted, &mut to).unwrap().0, copied);
                assert_eq!(to.len() as u64, copied);
                let mut plain = Vec::new();
                assert_eq!(source.copy_plain(MANIFEST, offset, wanted, &mut plain).unwrap(), copied);
                assert_eq!(plain, to);
            }
        }
    }

    #[test]
    fn what_is_too_large_is_refused_before_it_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let source = Source::Directory(folder.path().to_owned());
        let kind = |size| source.read_small(&BTreeMap::from([(MANIFEST.to_owned(), size)]), MANIFEST, 10).unwrap_err().kind;
        assert_eq!(kind(11), BundleErrorKind::BundleTooLarge);
        assert_eq!(kind(10), BundleErrorKind::BundleUnreadable, "there is no such file");
    }
}
