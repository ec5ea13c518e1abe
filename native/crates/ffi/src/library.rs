use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tandem_bundle::{Bundle, PublicKey};
use tandem_store as store;
use tokio::sync::oneshot;

use crate::error::Internal as _;
use crate::{BundleInfo, LibraryError, MemoryNeed, TandemError, guard};

/// Receives how far an import is, on a thread of the core.
#[uniffi::export(callback_interface)]
pub trait ImportSink: Send + Sync {
    fn on_progress(&self, progress: ImportProgress);
}

/// Bytes over both phases: what is copied is verified afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ImportProgress {
    pub phase: ImportPhase,
    pub done_bytes: u64,
    pub total_bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ImportPhase {
    Copying,
    /// Comparing hashes, of what was copied and of what was there.
    Verifying,
}

/// Where an import comes from.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ImportSource {
    /// A folder (of a bundle) or a file.
    Path { path: String },
    /// An open file descriptor of a file that can be read from any place. The core owns it from now on and closes it.
    Descriptor { descriptor: i32 },
}

#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum StoredState {
    Ready,
    /// The base model is not there; import it.
    NeedsBase,
    /// It cannot be used; importing it anew may repair it.
    Broken {
        kind: String,
        file: String,
        message: String,
    },
}

/// A bundle of the library.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct StoredBundle {
    pub id: String,
    pub state: StoredState,
    /// Absent where it is broken.
    pub info: Option<BundleInfo>,
}

/// Bundles and base models in a folder of the device: each file once, verified before anything is used.
#[derive(Debug, uniffi::Object)]
pub struct Library {
    pub(crate) core: Arc<store::Library>,
    stop: Arc<AtomicBool>,
}

#[uniffi::export]
impl Library {
    /// Opens a library, or makes one in the folder. With a key (the text of a minisign public key), bundles must be signed with it.
    #[uniffi::constructor]
    pub fn open(root: String, public_key: Option<String>) -> Result<Arc<Self>, LibraryError> {
        guard(|| {
            let key = public_key.as_deref().map(PublicKey::parse).transpose().map_err(store::StoreError::from)?;
            let core = Arc::new(store::Library::open(Path::new(&root), key)?);
            Ok(Arc::new(Self { core, stop: Arc::default() }))
        })
    }

    /// Its bundles. Sizes are looked at; hashes are compared when a session opens one.
    pub fn bundles(&self) -> Vec<StoredBundle> {
        self.core.bundles().into_iter().map(StoredBundle::from).collect()
    }

    /// What memory a session of a bundle takes, without loading the base.
    pub fn memory_need(&self, bundle_id: String) -> Result<MemoryNeed, TandemError> {
        let core = &*self.core;
        guard(std::panic::AssertUnwindSafe(|| {
            let (bundle, base) = core.bundle(&bundle_id)?;
            Ok(MemoryNeed { resident_bytes: tandem_engine::memory_need(&bundle, base.as_deref())? })
        }))
    }

    /// Takes a bundle in and returns its id. It is there when this returns, or not at all; an import that was interrupted goes on where it
    /// stopped.
    pub async fn import_bundle(&self, source: ImportSource, sink: Box<dyn ImportSink>) -> Result<String, LibraryError> {
        self.import(source, sink, |library, source, tell| library.import_bundle(source, tell)).await
    }

    /// Takes in the base model that a bundle of the library was made for, and returns its SHA-256.
    pub async fn import_base(&self, source: ImportSource, sink: Box<dyn ImportSink>) -> Result<String, LibraryError> {
        self.import(source, sink, |library, source, tell| library.import_base(source, tell)).await
    }

    /// Stops the import that runs; what it copied stays for the next.
    pub fn cancel_import(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }

    /// Removes a bundle and what no other needs. Returns the bytes that this freed.
    pub fn remove(&self, id: String) -> Result<u64, LibraryError> {
        let core = &*self.core;
        guard(std::panic::AssertUnwindSafe(|| Ok(core.remove(&id)?)))
    }

    /// Removes what no bundle needs, and what interrupted imports left. Returns the bytes that this freed.
    pub fn clean(&self) -> Result<u64, LibraryError> {
        let core = &*self.core;
        guard(std::panic::AssertUnwindSafe(|| Ok(core.clean()?)))
    }
}

type Tell<'a> = &'a mut dyn FnMut(store::ImportProgress) -> ControlFlow<()>;

impl Library {
    async fn import(
        &self,
        source: ImportSource,
        sink: Box<dyn ImportSink>,
        import: impl FnOnce(&store::Library, store::ImportSource, Tell<'_>) -> Result<String, store::StoreError> + Send + 'static,
    ) -> Result<String, LibraryError> {
        let (done, imported) = oneshot::channel();
        let (core, stop) = (Arc::clone(&self.core), Arc::clone(&self.stop));
        stop.store(false, Ordering::SeqCst);
        let source = source.open();
        let work = move || {
            import(&core, source, &mut |progress| {
                sink.on_progress(progress.into());
                if stop.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
        };
        // A panic drops `done`, which is told below.
        thread::spawn(move || drop(done.send(work())));
        Ok(imported.await.map_err(|_| LibraryError::internal())??)
    }
}

impl ImportSource {
    fn open(self) -> store::ImportSource {
        match self {
            Self::Path { path } => store::ImportSource::Path(PathBuf::from(path)),
            Self::Descriptor { descriptor } => store::ImportSource::File(file_of(descriptor)),
        }
    }
}

#[cfg(unix)]
fn file_of(descriptor: i32) -> File {
    use std::os::fd::FromRawFd as _;
    // SAFETY: the app hands over a descriptor that it opened for this and detached from its own object, so nothing else closes it.
    unsafe { File::from_raw_fd(descriptor) }
}

impl From<store::ImportProgress> for ImportProgress {
    fn from(progress: store::ImportProgress) -> Self {
        let phase = match progress.phase {
            store::Phase::Copying => ImportPhase::Copying,
            store::Phase::Verifying => ImportPhase::Verifying,
        };
        Self { phase, done_bytes: progress.done, total_bytes: progress.total }
    }
}

impl From<store::Stored> for StoredBundle {
    fn from(stored: store::Stored) -> Self {
        let info = |bundle: Box<Bundle>| Some((&*bundle).into());
        let (state, info) = match stored.state {
            store::StoredState::Ready(bundle) => (StoredState::Ready, info(bundle)),
            store::StoredState::NeedsBase(bundle) => (StoredState::NeedsBase, info(bundle)),
            store::StoredState::Broken(e) => (StoredState::Broken { kind: e.kind.id().into(), file: e.file, message: e.message }, None),
        };
        Self { id: stored.id, state, info }
    }
}
