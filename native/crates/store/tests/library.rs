//! What a library keeps, whatever is imported, interrupted or damaged.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tandem_bundle::{BaseErrorKind, BundleErrorKind};
use tandem_fixture::{BASE, CALIBRATION, Entry, Fixture, write_zip};
use tandem_store::{ImportProgress, ImportSource, Library, Phase, StoreError, StoredState};
use tempfile::TempDir;

struct Rig {
    folder: TempDir,
    library: Library,
}

impl Rig {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::open(&folder.path().join("library"), None).unwrap();
        Self { folder, library }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn zip(&self, fixture: &Fixture) -> PathBuf {
        let path = self.path("bundle.tandem");
        fs::write(&path, fixture.zip()).unwrap();
        path
    }

    fn import(&self, fixture: &Fixture) -> Result<String, StoreError> {
        self.library.import_bundle(ImportSource::Path(self.zip(fixture)), &mut |_| ControlFlow::Continue(()))
    }

    fn base(&self, bytes: &[u8]) -> Result<String, StoreError> {
        let path = self.path("base.gguf");
        fs::write(&path, bytes).unwrap();
        self.library.import_base(ImportSource::Path(path), &mut |_| ControlFlow::Continue(()))
    }

    /// Ids and states, in words.
    fn states(&self) -> Vec<(String, &'static str)> {
        let word = |state: &StoredState| match state {
            StoredState::Ready(_) => "ready",
            StoredState::NeedsBase(_) => "needs base",
            StoredState::Broken(_) => "broken",
        };
        self.library.bundles().iter().map(|stored| (stored.id.clone(), word(&stored.state))).collect()
    }

    /// Names and bytes of the files of a folder of the library.
    fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let files = fs::read_dir(self.path("library").join(folder)).unwrap().map(|entry| entry.unwrap().path());
        files.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())).collect()
    }
}

/// A bundle that brings its calibration only.
fn calibration_only(fixture: &Fixture) -> Fixture {
    let mut fixture = fixture.clone();
    fixture.files.retain(|path, _| path == CALIBRATION);
    fixture
}

/// Another bundle with the same files and one more.
fn other(fixture: &Fixture) -> Fixture {
    let mut fixture = fixture.clone();
    fixture.files.insert("licences/MORE.md".into(), b"more".to_vec());
    fixture.seal();
    fixture
}

#[test]
fn an_imported_bundle_can_be_used_from_any_source() {
    for packed in [false, true] {
        let fixture = if packed { Fixture::new().packed() } else { Fixture::new() };
        let rig = Rig::new();
        let directory = rig.path("bundle");
        fixture.write_directory(&directory);
        let sources = [
            ImportSource::Path(directory),
            ImportSource::Path(rig.zip(&fixture)),
            ImportSource::File(File::open(rig.zip(&fixture)).unwrap()),
        ];
        let mut ids = Vec::new();
        for source in sources {
            let mut last = None;
            let id = rig.library.import_bundle(source, &mut |progress| {
                assert!(progress.done <= progress.total && last.is_none_or(|last: ImportProgress| last.done <= progress.done));
                last = Some(progress);
                ControlFlow::Continue(())
            });
            ids.push(id.unwrap());
            let last = last.unwrap();
            assert_eq!((last.done, last.phase), (last.total, Phase::Verifying));
        }
        assert!(ids.iter().all(|id| *id == ids[0]));
        assert_eq!(rig.states(), [(ids[0].clone(), if packed { "ready" } else { "needs base" })]);
        let (bundle, base) = rig.library.bundle(&ids[0]).unwrap();
        assert_eq!((bundle.verify(), base), (Ok(()), None));
        for (path, bytes) in &fixture.files {
            assert_eq!(&bundle.read(path).unwrap(), bytes);
        }
        assert_eq!(rig.files("partial"), BTreeMap::new());
    }
}

#[test]
fn a_base_is_taken_in_where_a_bundle_needs_it() {
    let rig = Rig::new();
    assert_eq!(rig.base(BASE), Err(StoreError::BaseUnwanted { bytes: BASE.len() as u64 }));
    let id = rig.import(&Fixture::new()).unwrap();
    let mut wrong = BASE.to_vec();
    wrong[0] ^= 1;
    assert!(matches!(rig.base(&wrong), Err(StoreError::Base(e)) if e.kind == BaseErrorKind::BaseHash));
    assert_eq!(rig.states(), [(id.clone(), "needs base")]);
    let sha256 = rig.base(BASE).unwrap();
    assert_eq!(rig.states(), [(id.clone(), "ready")]);
    let (bundle, base) = rig.library.bundle(&id).unwrap();
    let base = base.unwrap();
    assert!(base.ends_with(&sha256) && tandem_bundle::check_base(&base, bundle.manifest()).is_ok());
}

#[test]
fn a_calibration_alone_builds_on_what_is_there() {
    let (rig, fixture) = (Rig::new(), Fixture::new());
    let Err(StoreError::MissingFiles { files }) = rig.import(&calibration_only(&fixture)) else { panic!("there is nothing to build on") };
    assert!(files.contains(&"base/tokenizer.json".to_owned()) && !files.contains(&CALIBRATION.to_owned()));
    assert_eq!((rig.states(), rig.files("files")), (vec![], BTreeMap::new()));
    let other = rig.import(&other(&fixture)).unwrap();
    let id = rig.import(&calibration_only(&fixture)).unwrap();
    assert_ne!(id, other);
    assert_eq!(rig.library.bundle(&id).unwrap().0.verify(), Ok(()));
}

#[test]
fn removing_a_bundle_keeps_what_others_need() {
    let (rig, fixture) = (Rig::new(), Fixture::new());
    let (first, second) = (rig.import(&fixture).unwrap(), rig.import(&other(&fixture)).unwrap());
    rig.base(BASE).unwrap();
    assert_eq!(rig.library.remove(&second).unwrap(), 4);
    assert_eq!(rig.states(), [(first.clone(), "ready")]);
    assert_eq!(rig.library.bundle(&first).unwrap().0.verify(), Ok(()));
    rig.library.remove(&first).unwrap();
    assert_eq!((rig.files("files"), rig.files("partial"), rig.files("bundles")), Default::default());
    for id in [first.as_str(), "", "..", "../library", "x"] {
        assert_eq!(rig.library.remove(id), Err(StoreError::UnknownBundle));
        assert!(rig.library.bundle(id).is_err());
    }
}

#[test]
fn no_file_goes_while_a_bundle_does_not_tell_what_it_needs() {
    let (rig, fixture) = (Rig::new(), Fixture::new());
    let (first, second) = (rig.import(&fixture).unwrap(), rig.import(&other(&fixture)).unwrap());
    let folder = rig.path("library/bundles").join(&first);
    fs::write(folder.join("stray"), b"x").unwrap();
    assert_eq!(rig.library.remove(&second).unwrap(), 4);
    fs::remove_file(folder.join("stray")).unwrap();
    assert_eq!(rig.library.bundle(&first).unwrap().0.verify(), Ok(()));
    let manifest = fs::read(folder.join("manifest.json")).unwrap();
    fs::write(folder.join("manifest.json"), b"{}").unwrap();
    assert_eq!(rig.library.clean(), Ok(0));
    fs::write(folder.join("manifest.json"), manifest).unwrap();
    assert_eq!(rig.library.bundle(&first).unwrap().0.verify(), Ok(()));
}

#[test]
fn a_damaged_file_breaks_its_bundle_and_is_repaired_by_importing_again() {
    let (rig, fixture) = (Rig::new(), Fixture::new());
    let id = rig.import(&fixture).unwrap();
    let tokenizer = rig.library.bundle(&id).unwrap().0.manifest().files["base/tokenizer.json"].sha256.to_string();
    let path = rig.path("library/files").join(tokenizer);
    for damage in [&b"[]"[..], b"", b"longer than before"] {
        fs::write(&path, damage).unwrap();
        let (bundle, size_differs) = (rig.library.bundle(&id), damage.len() != 2);
        assert_eq!(bundle.is_err(), size_differs);
        assert!(size_differs || bundle.unwrap().0.verify().is_err());
        assert_eq!(rig.states()[0].1, if size_differs { "broken" } else { "needs base" });
        // Not by a bundle that leaves the file out.
        assert!(matches!(rig.import(&calibration_only(&fixture)), Err(StoreError::MissingFiles { .. })));
        assert_eq!(rig.import(&fixture), Ok(id.clone()));
        assert_eq!(rig.library.bundle(&id).unwrap().0.verify(), Ok(()));
    }
    fs::write(rig.path("library/bundles").join(&id).join("manifest.json"), b"{}").unwrap();
    assert_eq!(rig.states(), [(id.clone(), "broken")]);
    assert_eq!(rig.import(&fixture), Ok(id.clone()));
    assert_eq!(rig.states(), [(id, "needs base")]);
}

#[test]
#[cfg(unix)]
fn a_bundle_that_is_there_already_stays_where_it_is() {
    use std::os::unix::fs::MetadataExt as _;
    let (rig, fixture) = (Rig::new(), Fixture::new());
    let id = rig.import(&fixture).unwrap();
    let place = rig.path("library/bundles").join(&id);
    let inode = |path: &Path| fs::metadata(path).unwrap().ino();
    let before = (inode(&place), inode(&place.join("manifest.json")));
    let mut signed = fixture.entries();
    signed.push(Entry::new("manifest.json.minisig", b"signed".to_vec()));
    let signed_zip = rig.path("signed.tandem");
    fs::write(&signed_zip, write_zip(&signed)).unwrap();
    let unsigned = || rig.import(&fixture);
    let import_signed = || rig.library.import_bundle(ImportSource::Path(signed_zip.clone()), &mut |_| ControlFlow::Continue(()));
    let signature = || rig.library.bundle(&id).unwrap().0.signature().map(<[u8]>::to_vec);
    // A signature comes beside it, and stays where a bundle without one is imported.
    let steps: [(&dyn Fn() -> _, _); 3] =
        [(&unsigned, None), (&import_signed, Some(b"signed".to_vec())), (&unsigned, Some(b"signed".to_vec()))];
    for (import, found) in steps {
        assert_eq!(import(), Ok(id.clone()));
        assert_eq!((inode(&place), inode(&place.join("manifest.json"))), before);
        assert_eq!(signature(), found);
    }
    assert_eq!((rig.states().len(), rig.files("partial")), (1, BTreeMap::new()));
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_copied() {
    let rig = Rig::new();
    let huge = 1_u64 << 43;
    let mut fixture = Fixture::new().packed();
    fixture.manifest["base"]["bytes"] = huge.into();
    fixture.manifest["files"]["base/base.gguf"]["bytes"] = huge.into();
    let directory = rig.path("bundle");
    fixture.write_directory(&directory);
    // Full of holes, so that it takes no room.
    File::create(directory.join("base/base.gguf")).unwrap().set_len(huge).unwrap();
    match rig.library.import_bundle(ImportSource::Path(directory), &mut |_| panic!("it copies")) {
        Err(StoreError::NoSpace { needed, available }) => assert!(needed > huge && available < needed),
        other => panic!("{other:?}"),
    }
    assert_eq!(rig.files("files"), BTreeMap::new());
}

#[test]
fn one_change_at_a_time() {
    let rig = Rig::new();
    let id = rig.import(&other(&Fixture::new())).unwrap();
    let again = Library::open(&rig.path("library"), None).unwrap();
    let mut refused = 0;
    let source = ImportSource::Path(rig.zip(&Fixture::new()));
    let imported = rig.library.import_bundle(source, &mut |_| {
        assert_eq!(again.remove(&id), Err(StoreError::Busy));
        refused += 1;
        ControlFlow::Continue(())
    });
    assert!(imported.is_ok() && refused > 0);
    assert!(again.remove(&id).is_ok());
}

#[test]
fn the_manual_lists_every_error_kind() {
    let manual = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/command-line.md")).unwrap();
    for kind in StoreError::OWN_KINDS {
        assert!(manual.contains(&format!("| `{kind}` |")), "{kind} is not in the table");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_import_that_is_interrupted_leaves_nothing_half_and_goes_on(stop in 1usize..24, damage in any::<Option<prop::sample::Index>>()) {
        let (rig, fixture) = (Rig::new(), Fixture::new());
        let before = rig.import(&other(&fixture)).unwrap();
        let fixture = fixture.packed();
        let mut told = 0;
        let interrupted = rig.library.import_bundle(ImportSource::Path(rig.zip(&fixture)), &mut |_| {
            told += 1;
            if told == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if told < stop {
            prop_assert!(interrupted.is_ok());
            return Ok(());
        }
        prop_assert_eq!(interrupted, Err(StoreError::Cancelled));
        prop_assert_eq!(rig.states().len(), 1);
        prop_assert_eq!(rig.library.bundle(&before).unwrap().0.verify(), Ok(()));
        // Whatever became of what was copied, the next import is whole.
        let partial = rig.path("library/partial");
        if let Some((at, (name, bytes))) = damage.zip(rig.files("partial").into_iter().next()) && !bytes.is_empty() {
            let mut bytes = bytes;
            let at = at.index(bytes.len());
            bytes[at] ^= 1;
            fs::write(partial.join(name), bytes).unwrap();
        }
        let id = rig.import(&fixture);
        prop_assert_eq!(rig.library.bundle(&id.unwrap()).unwrap().0.verify(), Ok(()));
    }

    #[test]
    fn a_damaged_bundle_leaves_what_was_there_and_nothing_else(stop in 0usize..24, more: [u8; 8]) {
        let (rig, fixture) = (Rig::new(), Fixture::new().packed());
        let mut told = 0;
        let _ = rig.library.import_bundle(ImportSource::Path(rig.zip(&fixture)), &mut |_| {
            told += 1;
            if told > stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let there = || {
            let files = rig.files("files").into_iter().chain(rig.files("partial"));
            files.filter(|(_, bytes)| !bytes.is_empty()).map(|(name, _)| name).collect::<BTreeSet<_>>()
        };
        let before = there();
        let mut damaged = fixture;
        damaged.files.insert("licences/MORE.md".into(), more.to_vec());
        damaged.seal();
        damaged.files.insert("licences/MORE.md".into(), more.map(|byte| !byte).to_vec());
        prop_assert!(matches!(rig.import(&damaged), Err(StoreError::Bundle(e)) if e.kind == BundleErrorKind::FileHash));
        prop_assert_eq!(there(), before);
    }

    #[test]
    fn a_damaged_zip_is_refused_or_whole(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let rig = Rig::new();
        let mut zip = Fixture::new().packed().zip();
        let at = at.index(zip.len());
        zip[at] ^= 1 << bit;
        let path = rig.path("damaged.tandem");
        fs::write(&path, zip).unwrap();
        match rig.library.import_bundle(ImportSource::Path(path), &mut |_| ControlFlow::Continue(())) {
            Ok(id) => prop_assert_eq!(rig.library.bundle(&id).unwrap().0.verify(), Ok(())),
            Err(StoreError::Bundle(_) | StoreError::MissingFiles { .. } | StoreError::NoSpace { .. }) => prop_assert_eq!(rig.states(), vec![]),
            Err(e) => panic!("{e}"),
        }
    }
}
