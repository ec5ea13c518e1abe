use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tandem_bundle::{Bundle, BundleError, BundleErrorKind, FileEntry, PublicKey, Sha256};

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
        let mut stored: Vec<_> = self.ids().into_iter().map(|id| Stored { state: self.state(&id), id }).collect();
        stored.sort_by(|a, b| a.id.cmp(&b.id));
        stored
    }

    /// A bundle, and its base model where that is not packed with it.
    pub fn bundle(&self, id: &str) -> Result<(Bundle, Option<PathBuf>), StoreError> {
        let bundle = self.open_bundle(id)?;
        let base = base_of(&bundle);
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

    fn clean_locked(&self) -> Result<u64, StoreError> {
        let bundles = self.ids().into_iter().filter_map(|id| self.open_bundle_leniently(&id));
        let needed = |bundle: Bundle| {
            let listed = bundle.manifest().files.values().map(|entry| entry.sha256);
            listed.chain([base_of(&bundle).sha256]).collect::<Vec<_>>()
        };
        self.files.clean(&bundles.flat_map(needed).collect())
    }

    pub(crate) fn files(&self) -> &Files {
        &self.files
    }

    pub(crate) fn key(&self) -> Option<&PublicKey> {
        self.key.as_ref()
    }

    /// The base models that its bundles were made for.
    pub(crate) fn bases(&self) -> Vec<FileEntry> {
        self.ids().iter().filter_map(|id| self.open_bundle_leniently(id)).map(|bundle| base_of(&bundle)).collect()
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

    fn ids(&self) -> Vec<String> {
        let names = fs::read_dir(self.root.join("bundles")).into_iter().flatten().flatten();
        names.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| Sha256::parse(name).is_some()).collect()
    }

    /// Only an id can be a name in the folder.
    fn checked_folder_of(&self, id: &str) -> Result<PathBuf, StoreError> {
        let folder = Sha256::parse(id).map(|_| self.folder_of(id)).filter(|folder| folder.is_dir());
        folder.ok_or(StoreError::UnknownBundle)
    }

    fn state(&self, id: &str) -> StoredState {
        match self.open_bundle(id) {
            Ok(bundle) => {
                let has_base = bundle.base_packed() || self.files.hold(&base_of(&bundle));
                if has_base { StoredState::Ready(Box::new(bundle)) } else { StoredState::NeedsBase(Box::new(bundle)) }
            }
            Err(StoreError::Bundle(e)) => StoredState::Broken(e),
            Err(e) => StoredState::Broken(BundleError::new(BundleErrorKind::BundleUnreadable, id, e.to_string())),
        }
    }

    pub(crate) fn open_bundle(&self, id: &str) -> Result<Bundle, StoreError> {
        let bundle = Bundle::open_stored(&self.checked_folder_of(id)?, self.files.folder(), self.key())?;
        if Sha256::of(&[bundle.manifest_bytes()]).to_string() != id {
            let message = "its SHA-256 is not the bundle's id, so it was changed; import the bundle anew.";
            return Err(BundleError::new(BundleErrorKind::FileHash, MANIFEST, message).into());
        }
        Ok(bundle)
    }

    /// A bundle whose manifest can be read, whatever it lacks.
    fn open_bundle_leniently(&self, id: &str) -> Option<Bundle> {
        Bundle::open_part(&self.folder_of(id), None, |_| true).ok()
    }
}

fn base_of(bundle: &Bundle) -> FileEntry {
    let base = &bundle.manifest().base;
    FileEntry { bytes: base.bytes, sha256: base.sha256 }
}
