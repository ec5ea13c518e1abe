//! Damaged and hostile bundles: each is refused with the kind of error that tells what is wrong, as a folder and as a zip.

use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;

use proptest::prelude::*;
use serde_json::json;
use tandem_bundle::{BaseErrorKind, Bundle, BundleError, BundleErrorKind as Kind, PublicKey, check_base};
use tandem_fixture::{BASE, CALIBRATION, Entry, Fixture, write_zip};

/// Opens a bundle and checks all of it.
fn check(path: &Path) -> Result<(), BundleError> {
    Bundle::open(path, None)?.verify()
}

fn check_zip(zip: &[u8]) -> Result<(), BundleError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), zip).unwrap();
    check(file.path())
}

fn check_directory(fixture: &Fixture) -> Result<(), BundleError> {
    let folder = tempfile::tempdir().unwrap();
    fixture.write_directory(folder.path());
    check(folder.path())
}

/// What both forms of a bundle are refused with.
fn refusal(fixture: &Fixture) -> (Kind, String) {
    let (folder, zip) = (check_directory(fixture).unwrap_err(), check_zip(&fixture.zip()).unwrap_err());
    assert_eq!(folder, zip);
    (folder.kind, folder.file)
}

#[test]
fn a_whole_bundle_is_accepted_in_both_forms() {
    for fixture in [Fixture::new(), Fixture::new().packed()] {
        assert_eq!(check_directory(&fixture), Ok(()));
        assert_eq!(check_zip(&fixture.zip()), Ok(()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_flipped_bit_in_any_file_is_found_and_the_file_named(file in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), bit in 0..8) {
        let mut fixture = Fixture::new().packed();
        let file = file.get(&fixture.files.keys().cloned().collect::<Vec<_>>()).clone();
        let bytes = fixture.files.get_mut(&file).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1_u8 << bit;
        prop_assert_eq!(refusal(&fixture), (Kind::FileHash, file));
    }

    #[test]
    fn a_file_cut_short_is_found_and_named(file in any::<prop::sample::Index>(), left in any::<prop::sample::Index>()) {
        let mut fixture = Fixture::new().packed();
        let file = file.get(&fixture.files.keys().cloned().collect::<Vec<_>>()).clone();
        let bytes = fixture.files.get_mut(&file).unwrap();
        bytes.truncate(left.index(bytes.len()));
        prop_assert_eq!(refusal(&fixture), (Kind::FileSize, file));
    }

    #[test]
    fn a_missing_file_is_named(file in any::<prop::sample::Index>()) {
        let mut fixture = Fixture::new();
        let file = file.get(&fixture.files.keys().cloned().collect::<Vec<_>>()).clone();
        fixture.files.remove(&file);
        prop_assert_eq!(refusal(&fixture), (Kind::FileMissing, file));
    }

    #[test]
    fn any_damage_to_a_zip_is_an_error_or_changes_nothing_that_is_read(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let fixture = Fixture::new();
        let manifest = fixture.entries().into_iter().find(|entry| entry.name == "manifest.json").unwrap().bytes;
        let mut zip = fixture.zip();
        let at = at.index(zip.len());
        zip[at] = byte;
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), &zip).unwrap();
        if let Ok(bundle) = Bundle::open(file.path(), None) && bundle.verify().is_ok() {
            prop_assert_eq!(bundle.manifest_bytes(), &manifest);
            for (path, bytes) in &fixture.files {
                prop_assert_eq!(&bundle.read(path).unwrap(), bytes);
            }
        }
    }

    #[test]
    fn any_cut_of_a_zip_is_an_error(left in any::<prop::sample::Index>()) {
        let zip = Fixture::new().zip();
        prop_assert_eq!(check_zip(&zip[..left.index(zip.len())]).unwrap_err().kind, Kind::ZipInvalid);
    }

    #[test]
    fn any_bytes_as_manifest_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        prop_assert_eq!(tandem_bundle::Manifest::parse(&bytes).unwrap_err().kind, Kind::ManifestInvalid);
    }
}

const NAMES: [&str; 6] = ["/tool/name", "/tool/version", "/tool/git_commit", "/base/name", "/base/architecture", "/tasks/1/language_tag"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_name_that_would_change_other_text_is_refused(
        name in prop::sample::select(&NAMES[..]),
        hidden in "[\\p{Cc}\u{61C}\u{200E}\u{200F}\u{2028}-\u{202E}\u{2066}-\u{2069}]",
        before in "[a-zé👋]{0,3}",
    ) {
        let mut fixture = Fixture::new();
        *fixture.manifest.pointer_mut(name).unwrap() = json!(format!("{before}{hidden}"));
        prop_assert_eq!(refusal(&fixture).0, Kind::ManifestInvalid);
        *fixture.manifest.pointer_mut(name).unwrap() = json!(format!("{before} 1.0"));
        prop_assert_eq!(check_directory(&fixture), Ok(()));
    }

    #[test]
    fn an_error_can_be_shown_whatever_it_quotes(quoted in "\\PC{0,4}[\\p{Cc}\u{202E}\u{2066}]\\PC{0,4}") {
        let e = BundleError::new(Kind::FileExtra, quoted.clone(), format!("it is {quoted}."));
        prop_assert!(!e.to_string().contains(|c: char| c.is_control() || matches!(c, '\u{202E}' | '\u{2066}')), "{}", e);
    }
}

#[test]
fn a_file_that_is_not_listed_is_named() {
    let mut fixture = Fixture::new();
    fixture.files.insert("adapters/es/more.bin".into(), vec![0]);
    assert_eq!(refusal(&fixture), (Kind::FileExtra, "adapters/es/more.bin".into()));
}

#[test]
fn a_folder_without_manifest_is_no_bundle() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(check(folder.path()).unwrap_err().kind, Kind::ManifestMissing);
    assert_eq!(check(&folder.path().join("nothing")).unwrap_err().kind, Kind::BundleUnreadable);
    assert_eq!(check_zip(&write_zip(&[Entry::new("a", vec![])])).unwrap_err().kind, Kind::ManifestMissing);
}

#[test]
#[cfg(unix)]
fn links_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    Fixture::new().write_directory(folder.path());
    let linked = folder.path().join("base/tokenizer.json");
    fs::rename(&linked, folder.path().join("../tandem-linked-tokenizer.json")).unwrap();
    std::os::unix::fs::symlink("../../tandem-linked-tokenizer.json", &linked).unwrap();
    let refused = check(folder.path()).unwrap_err();
    fs::remove_file(folder.path().join("../tandem-linked-tokenizer.json")).unwrap();
    assert_eq!((refused.kind, refused.file.as_str()), (Kind::FileNotRegular, "base/tokenizer.json"));
}

#[test]
fn unsafe_paths_are_refused_in_the_manifest() {
    for path in ["../outside", "/etc/passwd", "a/./b", "a\\b"] {
        let mut fixture = Fixture::new();
        fixture.manifest["files"][path] = json!({"bytes": 0, "sha256": "0".repeat(64)});
        assert_eq!(refusal(&fixture).0, Kind::PathUnsafe, "{path}");
    }
}

#[test]
fn manifests_of_another_version_or_shape_are_refused() {
    let change = |at: &str, value: serde_json::Value| {
        let mut fixture = Fixture::new();
        *fixture.manifest.pointer_mut(at).unwrap() = value;
        refusal(&fixture).0
    };
    for format in ["tandem.bundle/2", "tandem.bundle/10", "tandem.bundle/", "other/1"] {
        assert_eq!(change("/format", json!(format)), Kind::VersionUnsupported, "{format}");
    }
    assert_eq!(change("/text/version", json!("text/3")), Kind::VersionUnsupported);
    assert_eq!(change("/text/version", json!("text/2")), Kind::ManifestInvalid, "without the ids of a turn");
    let mut turned = Fixture::new();
    turned.manifest["text"]["turn_end_ids"] = json!([1]);
    assert_eq!(refusal(&turned).0, Kind::ManifestInvalid, "text/1 has no turn");
    turned.manifest["text"]["version"] = json!("text/2");
    assert_eq!(check_directory(&turned), Ok(()));
    let invalid = [
        ("/base/file", json!("folder/base.gguf")),
        ("/base/sha256", json!("ABC")),
        ("/base/licence", json!("licences/NONE.md")),
        ("/tasks/0/prompt", json!("no place for it")),
        ("/tasks/0/kind", json!("other")),
        ("/tasks/1/language_tag", json!(null)),
        ("/tasks/1/id", json!("summarize")),
        ("/tasks/1/adapter", json!("fr")),
        ("/compositions/1/tasks", json!(["es", "summarize"])),
        ("/compositions/1/tasks", json!(["summarize", "fr"])),
        ("/compositions/1/tasks", json!([])),
        ("/compositions/1/weights", json!([1.0])),
        ("/compositions/1/calibration", json!("calibrations/none.safetensors")),
        ("/compositions/1/calibration", json!(null)),
        ("/compositions/1/recommended_mode", json!("best")),
        ("/compositions/0/tasks", json!(["summarize", "es"])),
        ("/adapters/es/path", json!("adapters/fr")),
    ];
    for (at, value) in invalid {
        assert_eq!(change(at, value.clone()), Kind::ManifestInvalid, "{at} = {value}");
    }
}

#[test]
fn a_key_that_stands_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::new();
    fixture.write_directory(folder.path());
    let manifest = String::from_utf8(fixture.manifest_bytes()).unwrap();
    for map in ["adapters", "files", "base"] {
        let object = fixture.manifest[map].as_object().unwrap();
        let (key, value) = object.iter().next().unwrap();
        let opening = format!("\"{map}\":{{");
        assert_eq!(manifest.matches(&opening).count(), 1);
        let doubled = manifest.replace(&opening, &format!("{opening}{}:{value},", json!(key)));
        fs::write(folder.path().join("manifest.json"), doubled).unwrap();
        assert_eq!(check(folder.path()).unwrap_err().kind, Kind::ManifestInvalid, "{map}");
    }
}

#[test]
fn unknown_keys_and_minor_versions_are_accepted() {
    let mut fixture = Fixture::new();
    fixture.manifest["format"] = json!("tandem.bundle/1.1");
    fixture.manifest["new"] = json!({"key": 1});
    fixture.manifest["tasks"][0]["new"] = json!([]);
    assert_eq!(check_directory(&fixture), Ok(()));
}

#[test]
fn tricks_of_zips_are_refused() {
    let refused = |change: &dyn Fn(&mut Vec<Entry>)| {
        let mut entries = Fixture::new().entries();
        change(&mut entries);
        check_zip(&write_zip(&entries)).unwrap_err().kind
    };
    let calibration = |entries: &mut Vec<Entry>| entries.iter().position(|entry| entry.name == CALIBRATION).unwrap();
    let change = |with: fn(&mut Entry)| {
        refused(&move |entries| {
            let at = calibration(entries);
            with(&mut entries[at]);
        })
    };
    assert_eq!(change(|entry| entry.method = 8), Kind::ZipCompressed);
    assert_eq!(change(|entry| entry.flags = 1), Kind::ZipInvalid);
    assert_eq!(change(|entry| entry.flags = 8), Kind::ZipInvalid);
    assert_eq!(change(|entry| entry.mode = 0o120_777), Kind::FileNotRegular);
    assert_eq!(change(|entry| entry.name = "../outside".into()), Kind::PathUnsafe);
    assert_eq!(change(|entry| entry.name = "/outside".into()), Kind::PathUnsafe);
    assert_eq!(change(|entry| entry.local_name = Some("calibrations/summarize+xx.safetensors".into())), Kind::ZipInvalid);
    assert_eq!(change(|entry| entry.size = Some(u32::MAX)), Kind::ZipInvalid);
    assert_eq!(change(|entry| entry.size = Some(1 << 30)), Kind::ZipInvalid);
    assert_eq!(change(|entry| entry.offset = Some(0)), Kind::ZipInvalid);
    assert_eq!(refused(&|entries| entries.push(entries[1].clone())), Kind::ZipDuplicate);
}

#[test]
fn a_manifest_that_is_damaged_in_a_zip_is_refused_though_it_can_be_read() {
    let zip = Fixture::new().zip();
    let prompt = b"Summarize: {input}";
    let at = zip.windows(prompt.len()).position(|window| window == prompt).unwrap();
    let mut damaged = zip;
    damaged[at] = b'R';
    let error = check_zip(&damaged).unwrap_err();
    assert_eq!((error.kind, error.file.as_str()), (Kind::ZipInvalid, "manifest.json"));
}

#[test]
fn what_follows_or_precedes_a_zip_is_refused() {
    let zip = Fixture::new().zip();
    let after = [zip.as_slice(), b"more"].concat();
    let before = [b"more".as_slice(), &zip].concat();
    for zip in [after, before] {
        assert_eq!(check_zip(&zip).unwrap_err().kind, Kind::ZipInvalid);
    }
}

/// More than a test takes of memory.
const HUGE: u32 = 3 << 30;

/// A zip whose manifest is a hole of so many bytes.
fn write_zip_with_hole(path: &Path) {
    let mut zip = write_zip(&[Entry { size: Some(HUGE), ..Entry::new("manifest.json", vec![]) }]);
    let (start, offset) = (30 + "manifest.json".len(), zip.len() - 6);
    let directory = u32::try_from(start).unwrap() + HUGE;
    zip[offset..][..4].copy_from_slice(&directory.to_le_bytes());
    let mut file = File::create(path).unwrap();
    file.write_all(&zip[..start]).unwrap();
    file.seek(SeekFrom::Start(directory.into())).unwrap();
    file.write_all(&zip[start..]).unwrap();
}

/// The most memory that this process had, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? << 10)
}

#[test]
fn a_huge_manifest_is_not_read() {
    let mut fixture = Fixture::new();
    fixture.manifest["padding"] = json!(" ".repeat(5 << 20));
    assert_eq!(refusal(&fixture).0, Kind::BundleTooLarge);
    let folder = tempfile::tempdir().unwrap();
    let (manifest, zip) = (folder.path().join("manifest.json"), folder.path().join("bundle.tandem"));
    // Full of holes, so that it takes no room.
    File::create(&manifest).unwrap().set_len(HUGE.into()).unwrap();
    assert_eq!(check(folder.path()).unwrap_err().kind, Kind::BundleTooLarge);
    write_zip_with_hole(&zip);
    assert_eq!(check(&zip).unwrap_err().kind, Kind::BundleTooLarge);
    assert!(peak_memory().is_none_or(|bytes| bytes < u64::from(HUGE) / 2), "it was read");
}

#[test]
fn the_bytes_of_a_file_that_changed_since_are_not_handed_out() {
    let folder = tempfile::tempdir().unwrap();
    Fixture::new().write_directory(folder.path());
    let bundle = Bundle::open(folder.path(), None).unwrap();
    bundle.verify().unwrap();
    let path = folder.path().join(CALIBRATION);
    let mut bytes = fs::read(&path).unwrap();
    bytes.push(0);
    fs::write(&path, &bytes).unwrap();
    assert_eq!(bundle.read(CALIBRATION).unwrap_err().kind, Kind::FileSize);
    bytes.pop();
    bytes[20] ^= 1;
    fs::write(&path, &bytes).unwrap();
    assert_eq!(bundle.read(CALIBRATION).unwrap_err().kind, Kind::FileHash);
}

#[test]
fn a_base_apart_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    Fixture::new().write_directory(folder.path());
    let manifest = Bundle::open(folder.path(), None).unwrap().manifest().clone();
    let base = folder.path().join("apart.gguf");
    let refused = |bytes: &[u8]| {
        fs::write(&base, bytes).unwrap();
        check_base(&base, &manifest).map_err(|e| e.kind)
    };
    assert_eq!(refused(BASE), Ok(()));
    assert_eq!(refused(&BASE[1..]), Err(BaseErrorKind::BaseSize));
    assert_eq!(refused(&[BASE, b"more"].concat()), Err(BaseErrorKind::BaseSize));
    let mut other = BASE.to_vec();
    other[0] ^= 1;
    assert_eq!(refused(&other), Err(BaseErrorKind::BaseHash));
    assert_eq!(check_base(folder.path(), &manifest).unwrap_err().kind, BaseErrorKind::BaseUnreadable);
    assert_eq!(check_base(&folder.path().join("none"), &manifest).unwrap_err().kind, BaseErrorKind::BaseUnreadable);
}

#[test]
fn a_packed_base_in_a_zip_is_copied_whole_or_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let open = |fixture: &Fixture| {
        let path = folder.path().join("bundle.tandem");
        fs::write(&path, fixture.zip()).unwrap();
        Bundle::open(&path, None).unwrap()
    };
    let mut fixture = Fixture::new().packed();
    let path = open(&fixture).base_path(folder.path()).unwrap();
    assert_eq!(fs::read(path).unwrap(), BASE);
    fixture.files.get_mut("base/base.gguf").unwrap()[3] ^= 1;
    assert_eq!(open(&fixture).base_path(folder.path()).unwrap_err().kind, Kind::FileHash);
}

// A key pair made for this test, and signatures of manifests by it; see signed().
#[test]
fn signatures_are_checked_before_the_manifest_is_read() {
    let key = PublicKey::parse(include_str!("signed/key.pub")).unwrap();
    let other = PublicKey::parse("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let open = |manifest: &[u8], signature: Option<&[u8]>, key: &PublicKey| {
        let _ = fs::remove_file(folder.path().join("manifest.json.minisig"));
        fs::write(folder.path().join("manifest.json"), manifest).unwrap();
        if let Some(signature) = signature {
            fs::write(folder.path().join("manifest.json.minisig"), signature).unwrap();
        }
        Bundle::open(folder.path(), Some(key)).unwrap_err().kind
    };
    let (signed, signature) = (include_bytes!("signed/manifest.json"), include_bytes!("signed/manifest.json.minisig"));
    // The signed manifest is of an unknown version, which is told only once the signature is right.
    assert_eq!(open(signed, Some(signature), &key), Kind::VersionUnsupported);
    assert_eq!(open(signed, Some(signature), &other), Kind::SignatureInvalid);
    assert_eq!(open(signed, None, &key), Kind::SignatureMissing);
    assert_eq!(open(signed, Some(b"nonsense"), &key), Kind::SignatureInvalid);
    assert_eq!(open(&[signed.as_slice(), b" "].concat(), Some(signature), &key), Kind::SignatureInvalid);
    assert_eq!(PublicKey::parse("nonsense").unwrap_err().kind, Kind::PublicKeyInvalid);
}

#[test]
fn an_adapter_that_the_manifest_tells_otherwise_is_refused() {
    let mut fixture = Fixture::new();
    fixture.manifest["adapters"]["es"]["sha256"] = "0".repeat(64).into();
    assert_eq!(refusal(&fixture), (Kind::AdapterHash, "adapters/es".into()));
    fixture.seal();
    fixture.manifest["adapters"]["es"]["rank"] = 3.into();
    assert_eq!(refusal(&fixture), (Kind::AdapterInvalid, "adapters/es".into()));
}

#[test]
fn a_huge_configuration_is_not_read() {
    let mut fixture = Fixture::new();
    let config = fixture.files.get_mut("adapters/es/adapter_config.json").unwrap();
    config.resize(1 << 20, b' ');
    fixture.seal();
    assert_eq!(check_directory(&fixture), Ok(()));
    fixture.files.get_mut("adapters/es/adapter_config.json").unwrap().push(b' ');
    fixture.seal();
    assert_eq!(refusal(&fixture), (Kind::BundleTooLarge, "adapters/es/adapter_config.json".into()));
}
