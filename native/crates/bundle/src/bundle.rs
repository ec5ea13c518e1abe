use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};

use sha2::Digest as _;

use crate::source::Source;
use crate::{
    AdapterEntry, BaseError, BaseErrorKind, BundleError, BundleErrorKind, FileEntry, Manifest, PublicKey, Sha256, adapter, directory,
    manifest,
};

pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const SIGNATURE: &str = "manifest.json.minisig";
const MAX_MANIFEST_BYTES: u64 = 4 << 20;
const MAX_SIGNATURE_BYTES: u64 = 4 << 10;

/// An opened bundle. Its manifest was checked, and its files are those listed, with the listed sizes; their hashes are compared when
/// they are read.
#[derive(Debug)]
pub struct Bundle {
    source: Source,
    /// Listed files that the source has.
    present: BTreeMap<String, u64>,
    manifest: Manifest,
    manifest_bytes: Vec<u8>,
    signature: Option<Vec<u8>>,
    signed: bool,
}

impl Bundle {
    /// Opens a directory or a zip. With a key, the manifest's signature is checked before the manifest is read.
    pub fn open(path: &Path, key: Option<&PublicKey>) -> Result<Self, BundleError> {
        Self::of(Source::open(path)?, key, |_| false)
    }

    /// Opens a directory or a zip that may lack files which `held` says lie elsewhere; these cannot be read from it.
    pub fn open_part(path: &Path, key: Option<&PublicKey>, held: impl Fn(&FileEntry) -> bool) -> Result<Self, BundleError> {
        Self::of(Source::open(path)?, key, held)
    }

    /// As [`Bundle::open_part`], of a zip that is open already.
    pub fn open_part_of_zip(zip: File, key: Option<&PublicKey>, held: impl Fn(&FileEntry) -> bool) -> Result<Self, BundleError> {
        Self::of(Source::of_zip(zip)?, key, held)
    }

    /// Opens a bundle whose manifest and signature lie in `folder`, and its files in `files`, each under its SHA-256.
    pub fn open_stored(folder: &Path, files: &Path, key: Option<&PublicKey>) -> Result<Self, BundleError> {
        let mut bundle = Self::of(Source::open(folder)?, key, |_| true)?;
        let (source, present) = Source::of_store(files, &bundle.manifest);
        check_files(&bundle.manifest.files, &present, |_| false)?;
        (bundle.source, bundle.present) = (source, present);
        Ok(bundle)
    }

    fn of(
        (source, sizes): (Source, BTreeMap<String, u64>),
        key: Option<&PublicKey>,
        held: impl Fn(&FileEntry) -> bool,
    ) -> Result<Self, BundleError> {
        let manifest_bytes = source.read_small(&sizes, MANIFEST, MAX_MANIFEST_BYTES)?.ok_or_else(|| {
            BundleError::new(
                BundleErrorKind::ManifestMissing,
                source.name(),
                "there is no manifest.json in it, so it is no bundle; give the folder that holds manifest.json, or a .tandem file.",
            )
        })?;
        let signature = source.read_small(&sizes, SIGNATURE, MAX_SIGNATURE_BYTES)?;
        if let Some(key) = key {
            let signature = signature.as_ref().ok_or_else(|| {
                BundleError::new(
                    BundleErrorKind::SignatureMissing,
                    SIGNATURE,
                    "a public key was given, but the bundle is not signed; get a signed bundle, or open it without a key.",
                )
            })?;
            key.check(&manifest_bytes, signature)?;
        }
        let manifest = Manifest::parse(&manifest_bytes)?;
        check_files(&manifest.files, &sizes, held)?;
        Ok(Self { source, present: sizes, manifest, manifest_bytes, signature, signed: key.is_some() })
    }

    /// SHA-256 of the manifest, which holds the hashes of all else.
    pub fn id(&self) -> Sha256 {
        Sha256::of(&[&self.manifest_bytes])
    }

    /// The bytes of the manifest, as they were signed.
    pub fn manifest_bytes(&self) -> &[u8] {
        &self.manifest_bytes
    }

    /// The bytes of the signature, checked or not.
    pub fn signature(&self) -> Option<&[u8]> {
        self.signature.as_deref()
    }

    /// Whether the bytes of a listed file are in this bundle, not elsewhere.
    pub fn has(&self, file: &str) -> bool {
        self.present.contains_key(file)
    }

    /// Copies a listed file from an offset on, without comparing its hash, for whoever compares it.
    pub fn copy_unchecked(&self, file: &str, offset: u64, to: impl Write) -> io::Result<()> {
        self.source.copy_plain(file, offset, self.manifest.files.get(file).map_or(0, |entry| entry.bytes), to).map(drop)
    }

    /// Appends bytes of a listed file from an offset on, at most `limit` and fewer where it ends, without comparing its hash.
    pub fn read_unchecked(&self, file: &str, offset: u64, limit: u64, to: &mut Vec<u8>) -> io::Result<()> {
        self.source.part(file, offset, limit, |from| from.read_to_end(to)).map(drop)
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

    /// Compares the hash of every file, and of every adapter its own hash and rank. Each file is read once.
    pub fn verify(&self) -> Result<(), BundleError> {
        let mut read = BTreeSet::new();
        for adapter in self.manifest.adapters.values() {
            self.verify_adapter(adapter)?;
            read.extend([adapter.config_path(), adapter.tensors_path()]);
        }
        self.manifest.files.keys().filter(|file| !read.contains(*file)).try_for_each(|file| self.copy_to(file, io::sink()))
    }

    /// Compares the hash of every file but a packed base, whose hash [`Bundle::base_path`] compares. What the manifest says of an adapter is
    /// compared when it is composed.
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
            Source::Store(paths) => {
                self.copy_to(&file, io::sink())?;
                Ok(paths.get(&file).cloned().unwrap_or_default())
            }
            Source::Zip { .. } => {
                let path = scratch.join(&self.manifest.base.file);
                let copy = File::create(&path).map_err(|e| directory::unreadable(&path, &e))?;
                self.copy_to(&file, copy)?;
                Ok(path)
            }
        }
    }

    fn verify_adapter(&self, entry: &AdapterEntry) -> Result<(), BundleError> {
        let path = entry.config_path();
        if self.manifest.files.get(&path).is_some_and(|file| file.bytes > adapter::MAX_CONFIG_BYTES) {
            let message =
                format!("it is larger than {} bytes, as no adapter's is; get the bundle anew from its maker.", adapter::MAX_CONFIG_BYTES);
            return Err(BundleError::new(BundleErrorKind::BundleTooLarge, path, message));
        }
        let config = self.read(&path)?;
        let mut digest = sha2::Sha256::new_with_prefix(&config);
        self.copy_to(&entry.tensors_path(), &mut digest)?;
        adapter::check(entry, &config, Sha256::finish(digest))
    }

    /// Copies a listed file to `to`, which must not use the bytes before this returns `Ok`.
    fn copy_to(&self, file: &str, to: impl Write) -> Result<(), BundleError> {
        let unlisted = || BundleError::new(BundleErrorKind::FileMissing, file, "the manifest does not list this file.");
        let wanted = self.manifest.files.get(file).ok_or_else(unlisted)?;
        let found = self.source.copy(file, 0, wanted.bytes, to).map_err(|e| {
            let message = format!("it cannot be read or copied ({e}); check its permissions and the room on the disk.");
            BundleError::new(BundleErrorKind::BundleUnreadable, file, message)
        })?;
        compare(found, *wanted).map_err(|(part, message)| {
            let kind = if part == Part::Size { BundleErrorKind::FileSize } else { BundleErrorKind::FileHash };
            BundleError::new(kind, file, format!("{message}; the bundle is damaged, get it anew."))
        })
    }
}

/// Compares the listed files with those that are there: no more, no fewer (but for those that are held elsewhere), and of the same sizes.
fn check_files(
    listed: &BTreeMap<String, FileEntry>,
    found: &BTreeMap<String, u64>,
    held: impl Fn(&FileEntry) -> bool,
) -> Result<(), BundleError> {
    for (file, entry) in listed {
        let (kind, message) = match found.get(file) {
            None if held(entry) => continue,
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
