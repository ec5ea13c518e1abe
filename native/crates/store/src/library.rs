use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tandem_bundle::{Bundle, BundleError, BundleErrorKind, FileEntry, Manifest, PublicKey, Sha256};

use crate::StoreError;
use crate::files::Files;

pub const MANIFEST: &str = "manifest.json";
pub const SIGNATURE: &str = "manifest.json.minisig";

/// Bundles and base models in a folder of a device.
#[derive(Debug)]
pub struct Library {
    root: PathBuf,
    files: Files,
    key: Option<PublicKey>,
}

/// A bundle of the library.
#[derive(Debug)]
pub struct Stored {
    /// SHA-256 of its manifest.
    pub id: String,
    pub state: StoredState,
}

#[derive(Debug)]
pub enum StoredState {
    /// All is there.
    Ready(Box<Bundle>),
    /// It is not packed with its base model, and the library does not hold it.
    NeedsBase(Box<Bundle>),
    /// It cannot be used; importing it anew may repair it.
    Broken(BundleError),
}

impl Library {
    /// Opens a library, or makes one. With a key, bundles must be signed with it.
    pub fn open(root: &Path, key: Option<PublicKey>) -> Result<Self, StoreError> {
        let bundles = root.join("bundles");
        fs::create_dir_all(&bundles).map_err(StoreError::unwritable(&bundles))?;
        Ok(Self { root: root.to_owned(), files: Files::open(root)?, key })
    }

    /// Its bundles, by id. Sizes are looked at, hashes are compared when a bundle is used.
    pub fn bundles(&self) -> Vec<Stored> {
        let ids = self.ids().unwrap_or_default();
        let mut stored: Vec<_> = ids.into_iter().map(|id| Stored { state: self.state(&id), id }).collect();
        stored.sort_by(|a, b| a.id.cmp(&b.id));
        stored
    }

    /// A bundle, and its base model where that is not packed with it.
    pub fn bundle(&self, id: &str) -> Result<(Bundle, Option<PathBuf>), StoreError> {
        let bundle = self.open_bundle(id)?;
        let base = base_of(bundle.manifest());
        let apart = (!bundle.base_packed() && self.files.hold(&base)).then(|| self.files.path(base.sha256));
        Ok((bundle, apart))
    }

    /// Removes a bundle and what no other needs. Returns the bytes that this freed.
    pub fn remove(&self, id: &str) -> Result<u64, StoreError> {
        let lock = self.lock()?;
        let place = self.checked_folder_of(id)?;
        // Gone by one rename; its files are removed below or the next time.
        let removed = self.files.building(&format!("removed-{id}"));
        let _ = fs::remove_dir_all(&removed);
        fs::rename(&place, &removed).map_err(StoreError::unwritable(&place))?;
        let freed = self.clean_locked();
        drop(lock);
        freed
    }

    /// Removes what no bundle needs, and what interrupted imports left. Returns the bytes that this freed.
    pub fn clean(&self) -> Result<u64, StoreError> {
        let _lock = self.lock()?;
        self.clean_locked()
    }

    /// Where one bundle does not tell what it needs, every file may be needed: it can be mended, or removed.
    fn clean_locked(&self) -> Result<u64, StoreError> {
        let manifests = self.ids()?.iter().map(|id| self.manifest_of(id)).collect::<Option<Vec<_>>>();
        let needed = |manifest: &Manifest| {
            let listed = manifest.files.values().map(|entry| entry.sha256);
            listed.chain([manifest.base.sha256]).collect::<Vec<_>>()
        };
        let keep = manifests.map(|manifests| manifests.iter().flat_map(needed).collect::<HashSet<_>>());
        self.files.clean(keep.as_ref())
    }

    pub(crate) fn files(&self) -> &Files {
        &self.files
    }

    pub(crate) fn key(&self) -> Option<&PublicKey> {
        self.key.as_ref()
    }

    /// The base models that its bundles were made for.
    pub(crate) fn bases(&self) -> Vec<FileEntry> {
        let ids = self.ids().unwrap_or_default();
        ids.iter().filter_map(|id| self.manifest_of(id)).map(|manifest| base_of(&manifest)).collect()
    }

    pub(crate) fn folder_of(&self, id: &str) -> PathBuf {
        self.root.join("bundles").join(id)
    }

    /// Keeps others from changing the library, in this process and in others, until it is dropped.
    pub(crate) fn lock(&self) -> Result<File, StoreError> {
        let path = self.root.join("lock");
        let unwritable = StoreError::unwritable(&path);
        let lock = File::create(&path).map_err(&unwritable)?;
        if tandem_lock::try_now(&lock).map_err(&unwritable)? { Ok(lock) } else { Err(StoreError::Busy) }
    }

    fn ids(&self) -> Result<Vec<String>, StoreError> {
        let bundles = self.root.join("bundles");
        let entries = fs::read_dir(&bundles).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(StoreError::unwritable(&bundles))?;
        let names = entries.into_iter().filter_map(|entry| entry.file_name().into_string().ok());
        Ok(names.filter(|name| Sha256::parse(name).is_some()).collect())
    }

    /// Only an id can be a name in the folder.
    fn checked_folder_of(&self, id: &str) -> Result<PathBuf, StoreError> {
        let folder = Sha256::parse(id).map(|_| self.folder_of(id)).filter(|folder| folder.is_dir());
        folder.ok_or(StoreError::UnknownBundle)
    }

    fn state(&self, id: &str) -> StoredState {
        match self.open_bundle(id) {
            Ok(bundle) => {
                let has_base = bundle.base_packed() || self.files.hold(&base_of(bundle.manifest()));
                if has_base { StoredState::Ready(Box::new(bundle)) } else { StoredState::NeedsBase(Box::new(bundle)) }
            }
            Err(StoreError::Bundle(e)) => StoredState::Broken(e),
            Err(e) => StoredState::Broken(BundleError::new(BundleErrorKind::BundleUnreadable, id, e.to_string())),
        }
    }

    pub(crate) fn open_bundle(&self, id: &str) -> Result<Bundle, StoreError> {
        let bundle = Bundle::open_stored(&self.checked_folder_of(id)?, self.files.folder(), self.key())?;
        if bundle.id().to_string() != id {
            let message = "its SHA-256 is not the bundle's id, so it was changed; import the bundle anew.";
            return Err(BundleError::new(BundleErrorKind::FileHash, MANIFEST, message).into());
        }
        Ok(bundle)
    }

    /// The manifest of a bundle, whatever else is there or lacks.
    fn manifest_of(&self, id: &str) -> Option<Manifest> {
        fs::read(self.folder_of(id).join(MANIFEST)).ok().and_then(|bytes| Manifest::parse(&bytes).ok())
    }
}

fn base_of(manifest: &Manifest) -> FileEntry {
    FileEntry { bytes: manifest.base.bytes, sha256: manifest.base.sha256 }
}
