use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::{BaseError, BaseErrorKind, BundleError, BundleErrorKind, FileEntry, Manifest, PublicKey, Sha256, directory, manifest, zip};

pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const SIGNATURE: &str = "manifest.json.minisig";
const MAX_MANIFEST_BYTES: u64 = 4 << 20;
const MAX_SIGNATURE_BYTES: u64 = 4 << 10;

/// An opened bundle. Its manifest was checked, and its files are those listed, with the listed sizes; their hashes are compared when
/// they are read.
#[derive(Debug)]
pub struct Bundle {
    source: Source,
    manifest: Manifest,
    signed: bool,
}

#[derive(Debug)]
enum Source {
    Directory(PathBuf),
    Zip { file: Mutex<File>, index: zip::Index },
}

impl Bundle {
    /// Opens a directory or a zip. With a key, the manifest's signature is checked before the manifest is read.
    pub fn open(path: &Path, key: Option<&PublicKey>) -> Result<Self, BundleError> {
        let (source, sizes) = Source::open(path)?;
        let manifest_bytes = source.read_small(&sizes, MANIFEST, MAX_MANIFEST_BYTES)?.ok_or_else(|| {
            BundleError::new(
                BundleErrorKind::ManifestMissing,
                path.display().to_string(),
                "there is no manifest.json in it, so it is no bundle; give the folder that holds manifest.json, or a .tandem file.",
            )
        })?;
        if let Some(key) = key {
            let signature = source.read_small(&sizes, SIGNATURE, MAX_SIGNATURE_BYTES)?.ok_or_else(|| {
                BundleError::new(
                    BundleErrorKind::SignatureMissing,
                    SIGNATURE,
                    "a public key was given, but the bundle is not signed; get a signed bundle, or open it without a key.",
                )
            })?;
            key.check(&manifest_bytes, &signature)?;
        }
        let manifest = Manifest::parse(&manifest_bytes)?;
        check_files(&manifest.files, &sizes)?;
        Ok(Self { source, manifest, signed: key.is_some() })
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Whether a signature was checked.
    pub fn signed(&self) -> bool {
        self.signed
    }

    /// Whether the base model's file is in the bundle.
    pub fn base_packed(&self) -> bool {
        self.manifest.files.contains_key(&self.manifest.base.path())
    }

    /// Compares the hash of every file.
    pub fn verify(&self) -> Result<(), BundleError> {
        self.manifest.files.keys().try_for_each(|file| self.copy_to(file, io::sink()))
    }

    /// Compares the hash of every file but a packed base, whose hash [`Bundle::base_path`] compares.
    pub fn verify_unpacked(&self) -> Result<(), BundleError> {
        let base = self.manifest.base.path();
        self.manifest.files.keys().filter(|file| **file != base).try_for_each(|file| self.copy_to(file, io::sink()))
    }

    /// The bytes of a listed file, compared with its size and hash.
    pub fn read(&self, file: &str) -> Result<Vec<u8>, BundleError> {
        let mut bytes = Vec::new();
        self.copy_to(file, &mut bytes)?;
        Ok(bytes)
    }

    /// The bytes of the tokenizer, in the JSON format of the `tokenizers` library.
    pub fn tokenizer(&self) -> Result<Vec<u8>, BundleError> {
        self.read(manifest::TOKENIZER)
    }

    /// The path of the packed base, compared with its size and hash; a zip's is copied to `scratch` first.
    pub fn base_path(&self, scratch: &Path) -> Result<PathBuf, BundleError> {
        let file = self.manifest.base.path();
        match &self.source {
            Source::Directory(root) => self.copy_to(&file, io::sink()).map(|()| root.join(file)),
            Source::Zip { .. } => {
                let path = scratch.join(&self.manifest.base.file);
                let copy = File::create(&path).map_err(|e| directory::unreadable(&path, &e))?;
                self.copy_to(&file, copy)?;
                Ok(path)
            }
        }
    }

    /// Copies a listed file to `to`, which must not use the bytes before this returns `Ok`.
    fn copy_to(&self, file: &str, to: impl Write) -> Result<(), BundleError> {
        let unlisted = || BundleError::new(BundleErrorKind::FileMissing, file, "the manifest does not list this file.");
        let wanted = self.manifest.files.get(file).ok_or_else(unlisted)?;
        let found = self.source.copy(file, wanted.bytes, to).map_err(|e| {
            let message = format!("it cannot be read or copied ({e}); check its permissions and the room on the disk.");
            BundleError::new(BundleErrorKind::BundleUnreadable, file, message)
        })?;
        compare(found, *wanted).map_err(|(part, message)| {
            let kind = if part == Part::Size { BundleErrorKind::FileSize } else { BundleErrorKind::FileHash };
            BundleError::new(kind, file, format!("{message}; the bundle is damaged, get it anew."))
        })
    }
}

impl Source {
    /// Opens a bundle's container and lists its files with their sizes.
    fn open(path: &Path) -> Result<(Self, BTreeMap<String, u64>), BundleError> {
        let metadata = fs::metadata(path).map_err(|e| directory::unreadable(path, &e))?;
        if metadata.is_dir() {
            return Ok((Self::Directory(path.to_owned()), directory::list(path)?));
        }
        let mut file = File::open(path).map_err(|e| directory::unreadable(path, &e))?;
        let index = zip::index(&mut file)?;
        let sizes = index.iter().map(|(file, span)| (file.clone(), span.end - span.start)).collect();
        Ok((Self::Zip { file: Mutex::new(file), index }, sizes))
    }

    /// Copies at most one byte more than `limit`, so that a file that grew is noticed and not followed.
    fn copy(&self, file: &str, limit: u64, to: impl Write) -> io::Result<(u64, Sha256)> {
        match self {
            Self::Directory(root) => Sha256::copy(File::open(root.join(file))?.take(limit.saturating_add(1)), to),
            Self::Zip { file: zip, index } => {
                let span = index.get(file).ok_or(io::ErrorKind::NotFound)?;
                let mut zip = zip.lock().unwrap_or_else(PoisonError::into_inner);
                zip.seek(SeekFrom::Start(span.start))?;
                Sha256::copy((&mut *zip).take(span.end - span.start), to)
            }
        }
    }

    /// Reads a file that the manifest cannot vouch for: the manifest itself and its signature.
    fn read_small(&self, sizes: &BTreeMap<String, u64>, file: &str, limit: u64) -> Result<Option<Vec<u8>>, BundleError> {
        if !sizes.contains_key(file) {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        let (read, _) = self.copy(file, limit, &mut bytes).map_err(|e| directory::unreadable(Path::new(file), &e))?;
        if read > limit {
            return Err(BundleError::new(
                BundleErrorKind::BundleTooLarge,
                file,
                format!("it is larger than {limit} bytes, as no bundle's is; get the bundle anew from its maker."),
            ));
        }
        Ok(Some(bytes))
    }
}

/// Compares the listed files with those that are there: no more, no fewer, and of the same sizes.
fn check_files(listed: &BTreeMap<String, FileEntry>, found: &BTreeMap<String, u64>) -> Result<(), BundleError> {
    for (file, entry) in listed {
        let (kind, message) = match found.get(file) {
            None => (BundleErrorKind::FileMissing, "the manifest lists this file, but it is not there".to_owned()),
            Some(bytes) if *bytes != entry.bytes => {
                (BundleErrorKind::FileSize, format!("it has {bytes} bytes, the manifest says {}", entry.bytes))
            }
            Some(_) => continue,
        };
        return Err(BundleError::new(kind, file, format!("{message}; the bundle is damaged, get it anew.")));
    }
    let extra = found.keys().find(|file| !listed.contains_key(*file) && *file != MANIFEST && *file != SIGNATURE);
    match extra {
        None => Ok(()),
        Some(file) => Err(BundleError::new(
            BundleErrorKind::FileExtra,
            file,
            "this file is not listed in the manifest; remove it, or get the bundle anew.",
        )),
    }
}

/// Checks a base model that lies outside a bundle against the manifest.
pub fn check_base(path: &Path, manifest: &Manifest) -> Result<(), BaseError> {
    let base = &manifest.base;
    let file = path.display().to_string();
    let unreadable = |e: io::Error| {
        let message = format!("it cannot be read ({e}); give the path of {} with --base.", base.file);
        BaseError::new(BaseErrorKind::BaseUnreadable, file.clone(), message)
    };
    let wanted = FileEntry { bytes: base.bytes, sha256: base.sha256 };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(unreadable(io::Error::other("it is not a file")));
    }
    let opened = File::open(path).map_err(unreadable)?;
    // A size that differs is told without reading the whole file.
    let found = if metadata.len() == base.bytes {
        Sha256::copy(opened.take(base.bytes.saturating_add(1)), io::sink()).map_err(unreadable)?
    } else {
        (metadata.len(), base.sha256)
    };
    compare(found, wanted).map_err(|(part, message)| {
        let kind = if part == Part::Size { BaseErrorKind::BaseSize } else { BaseErrorKind::BaseHash };
        let message = format!("{message}; this is not the base that the bundle was made for. Give {} ({}).", base.file, base.name);
        BaseError::new(kind, file.clone(), message)
    })
}

#[derive(PartialEq)]
enum Part {
    Size,
    Hash,
}

fn compare((bytes, sha256): (u64, Sha256), wanted: FileEntry) -> Result<(), (Part, String)> {
    if bytes != wanted.bytes {
        return Err((Part::Size, format!("it has {bytes} bytes, the manifest says {}", wanted.bytes)));
    }
    if sha256 != wanted.sha256 {
        return Err((Part::Hash, format!("its SHA-256 is {sha256}, the manifest says {}", wanted.sha256)));
    }
    Ok(())
}
