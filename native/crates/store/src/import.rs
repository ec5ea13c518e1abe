use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use tandem_bundle::{BaseError, BaseErrorKind, Bundle, BundleError, BundleErrorKind, FileEntry, Sha256};

use crate::files::{Files, sync_folder};
use crate::library::{MANIFEST, SIGNATURE};
use crate::{Library, StoreError, space};

/// Where an import comes from.
#[derive(Debug)]
pub enum ImportSource {
    /// A folder (of a bundle) or a file.
    Path(PathBuf),
    /// A file that is open already.
    File(File),
}

/// What an import is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Copying,
    /// Comparing hashes, of what was copied and of what was there.
    Verifying,
}

/// How far an import is, in bytes over both phases: what is copied is verified afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImportProgress {
    pub phase: Phase,
    pub done: u64,
    pub total: u64,
}

/// Counts bytes, tells them, and remembers when the answer was to stop.
pub struct Tally<'a> {
    done: u64,
    total: u64,
    stopped: bool,
    tell: &'a mut dyn FnMut(ImportProgress) -> ControlFlow<()>,
}

impl<'a> Tally<'a> {
    fn new(total: u64, tell: &'a mut dyn FnMut(ImportProgress) -> ControlFlow<()>) -> Self {
        Self { done: 0, total, stopped: false, tell }
    }

    /// A writer that counts what goes through it, and fails when it is to stop.
    pub fn counting<'b, W: Write>(&'b mut self, phase: Phase, to: W) -> Counting<'b, 'a, W> {
        Counting { tally: self, phase, to }
    }

    /// Whether to go on.
    pub fn check(&self) -> Result<(), StoreError> {
        if self.stopped { Err(StoreError::Cancelled) } else { Ok(()) }
    }
}

pub struct Counting<'b, 'a, W> {
    tally: &'b mut Tally<'a>,
    phase: Phase,
    to: W,
}

impl<W: Write> Write for Counting<'_, '_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.tally.stopped {
            return Err(io::Error::other("stopped"));
        }
        let written = self.to.write(bytes)?;
        let tally = &mut *self.tally;
        tally.done += written as u64;
        // A source that changes while it is read may give more than it promised.
        tally.total = tally.total.max(tally.done);
        let progress = ImportProgress { phase: self.phase, done: tally.done, total: tally.total };
        tally.stopped = (tally.tell)(progress).is_break();
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl Library {
    /// Takes a bundle in and returns its id. Files that the library holds may be left out; files that it lacks are copied. The bundle is
    /// there when this returns, whole and verified, or not at all; what an interrupted import copied is used by the next, and what a damaged
    /// bundle brought goes.
    pub fn import_bundle(
        &self,
        source: ImportSource,
        tell: &mut dyn FnMut(ImportProgress) -> ControlFlow<()>,
    ) -> Result<String, StoreError> {
        let _lock = self.lock()?;
        let mut brought = Vec::new();
        let imported = self.import_locked(source, tell, &mut brought);
        if matches!(&imported, Err(StoreError::Bundle(e)) if e.kind == BundleErrorKind::FileHash) {
            for &sha256 in &brought {
                // The refusal is what is told, whatever becomes of its left-overs.
                let _ = fs::remove_file(self.files().path(sha256));
            }
        }
        imported
    }

    /// `brought` gets the files of which nothing was there before.
    fn import_locked(
        &self,
        source: ImportSource,
        tell: &mut dyn FnMut(ImportProgress) -> ControlFlow<()>,
        brought: &mut Vec<Sha256>,
    ) -> Result<String, StoreError> {
        let files = self.files();
        let hold = |entry: &FileEntry| files.hold(entry);
        // What is neither in it nor held is told below, all at once.
        let bundle = match source {
            ImportSource::Path(path) => Bundle::open_part(&path, self.key(), |_| true)?,
            ImportSource::File(file) => Bundle::open_part_of_zip(file, self.key(), |_| true)?,
        };
        let listed = &bundle.manifest().files;
        let missing: Vec<_> =
            listed.iter().filter(|(file, entry)| !bundle.has(file) && !hold(entry)).map(|(file, _)| file.clone()).collect();
        if !missing.is_empty() {
            return Err(StoreError::MissingFiles { files: missing });
        }
        // Files of the same bytes are one.
        let unique: BTreeMap<String, (&String, &FileEntry)> =
            listed.iter().rev().map(|(file, entry)| (entry.sha256.to_string(), (file, entry))).collect();
        let (there, lacking): (Vec<_>, Vec<_>) = unique.into_values().partition(|(_, entry)| hold(entry));
        let to_copy: u64 = lacking.iter().map(|(_, entry)| files.lack(entry)).sum();
        let to_verify: u64 = there.iter().chain(&lacking).map(|(_, entry)| entry.bytes).sum();
        space::check(files.folder(), to_copy + bundle.manifest_bytes().len() as u64)?;
        let mut tally = Tally::new(to_copy + to_verify, tell);
        for (file, entry) in there {
            if !files.verify(entry, &mut tally)? {
                if !bundle.has(file) {
                    return Err(StoreError::MissingFiles { files: vec![file.clone()] });
                }
                take(files, &bundle, file, entry, &mut tally)?;
            }
        }
        for (file, entry) in lacking {
            let is_new = files.lack(entry) == entry.bytes;
            take(files, &bundle, file, entry, &mut tally)?;
            if is_new {
                brought.push(entry.sha256);
            }
        }
        self.publish(&bundle)
    }

    /// Takes in the base model that a bundle of the library was made for, and returns its SHA-256.
    pub fn import_base(&self, source: ImportSource, tell: &mut dyn FnMut(ImportProgress) -> ControlFlow<()>) -> Result<String, StoreError> {
        let _lock = self.lock()?;
        let name = match &source {
            ImportSource::Path(path) => path.display().to_string(),
            ImportSource::File(_) => "the base model".to_owned(),
        };
        let refused = |kind, message: String| StoreError::Base(BaseError::new(kind, name.clone(), message));
        let unreadable = |e: io::Error| refused(BaseErrorKind::BaseUnreadable, format!("it cannot be read ({e}); choose the file again."));
        let mut file = match source {
            ImportSource::Path(path) => File::open(path).map_err(unreadable)?,
            ImportSource::File(file) => file,
        };
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(unreadable(io::Error::other("it is no file")));
        }
        let bytes = metadata.len();
        let bases: Vec<_> = self.bases().into_iter().filter(|entry| entry.bytes == bytes).collect();
        let wanted: HashSet<_> = bases.iter().map(|entry| entry.sha256).collect();
        let first = bases.first().ok_or(StoreError::BaseUnwanted { bytes })?;
        let files = self.files();
        let to_copy = files.lack(first);
        space::check(files.folder(), to_copy)?;
        let mut tally = Tally::new(to_copy + bytes, tell);
        let mut copy = |offset: u64, to: &mut dyn Write| {
            file.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
            io::copy(&mut (&mut file).take(bytes.saturating_sub(offset)), &mut io::BufWriter::with_capacity(1 << 18, to))
                .map(drop)
                .map_err(unreadable)
        };
        let taken = files.take(first, &wanted, &mut tally, &mut copy)?;
        taken.ok_or_else(|| {
            let message = "its SHA-256 is not that of a base that a bundle of the library was made for; choose another file.";
            refused(BaseErrorKind::BaseHash, message.to_owned())
        })
    }

    /// Gives the bundle its place by one rename. Of the same id it is the same bundle: one that can be used stays where it is, and only
    /// its signature may be replaced, so that it can be used at every moment.
    fn publish(&self, bundle: &Bundle) -> Result<String, StoreError> {
        let id = bundle.id().to_string();
        let place = self.folder_of(&id);
        if let Ok(stored) = self.open_bundle(&id) {
            if let Some(signature) = bundle.signature().filter(|signature| Some(*signature) != stored.signature()) {
                self.replace_signature(&place, signature)?;
            }
            return Ok(id);
        }
        let building = self.files().building(&format!("bundle-{id}"));
        let write = |folder: &Path| -> io::Result<()> {
            let _ = fs::remove_dir_all(folder);
            fs::create_dir(folder)?;
            for (name, bytes) in [(MANIFEST, Some(bundle.manifest_bytes())), (SIGNATURE, bundle.signature())] {
                if let Some(bytes) = bytes {
                    write_synced(&folder.join(name), bytes)?;
                }
            }
            File::open(folder)?.sync_all()
        };
        write(&building).map_err(StoreError::unwritable(&building))?;
        // Damaged; nothing is lost with it.
        if place.exists() {
            fs::remove_dir_all(&place).map_err(StoreError::unwritable(&place))?;
        }
        fs::rename(&building, &place).map_err(StoreError::unwritable(&place))?;
        sync_folder(place.parent().unwrap_or(&place))?;
        Ok(id)
    }

    /// Puts another signature beside a manifest, by one rename.
    fn replace_signature(&self, place: &Path, signature: &[u8]) -> Result<(), StoreError> {
        let building = self.files().building(SIGNATURE);
        write_synced(&building, signature).map_err(StoreError::unwritable(&building))?;
        fs::rename(&building, place.join(SIGNATURE)).map_err(StoreError::unwritable(place))?;
        sync_folder(place)
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Takes in one file of a bundle.
fn take(files: &Files, bundle: &Bundle, file: &str, entry: &FileEntry, tally: &mut Tally<'_>) -> Result<(), StoreError> {
    let mut copy = |offset: u64, to: &mut dyn Write| {
        bundle.copy_unchecked(file, offset, to).map_err(|e| {
            let message = format!("it cannot be read or copied ({e}); check the room on the device and import again.");
            StoreError::Bundle(BundleError::new(BundleErrorKind::BundleUnreadable, file, message))
        })
    };
    let taken = files.take(entry, &HashSet::from([entry.sha256]), tally, &mut copy)?;
    taken.map(drop).ok_or_else(|| {
        let message = format!("its SHA-256 or size is not what the manifest says ({}); the bundle is damaged, get it anew.", entry.sha256);
        BundleError::new(BundleErrorKind::FileHash, file, message).into()
    })
}
