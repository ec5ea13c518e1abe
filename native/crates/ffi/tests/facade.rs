//! What the app sees of the core, without a model.

use std::fs;
use std::future::Future;

use tandem_ffi::{
    ImportProgress, ImportSink, ImportSource, Library, LibraryError, Mode, Session, SessionOptions, StoredState, TandemError, TaskKind,
    inspect_bundle, read_chat, read_chat_file, read_pasted_chat, verify_bundle,
};
use tandem_fixture::Fixture;
use tempfile::TempDir;

fn bundle(fixture: &Fixture) -> (TempDir, String) {
    let folder = tempfile::tempdir_in(std::env::temp_dir()).unwrap();
    let path = folder.path().join("bundle.tandem");
    fs::write(&path, fixture.zip()).unwrap();
    (folder, path.display().to_string())
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn a_bundle_tells_what_it_offers() {
    let (_folder, path) = bundle(&Fixture::new().packed());
    let info = inspect_bundle(path.clone()).unwrap();
    assert_eq!(verify_bundle(path, None).unwrap(), info);
    assert!(info.base_packed && !info.signed);
    let kinds: Vec<_> = info.tasks.iter().map(|task| (task.id.as_str(), task.kind, task.language_tag.as_deref())).collect();
    assert_eq!(kinds, [("summarize", TaskKind::Main, None), ("es", TaskKind::Translation, Some("es"))]);
    let both = &info.compositions[1];
    assert_eq!(both.tasks, ["summarize", "es"]);
    assert_eq!(both.modes, [Mode::Calibrated, Mode::TwoStep, Mode::Merge, Mode::ZeroShot]);
    assert_eq!(both.recommended_mode, Mode::Calibrated);
    assert!(!info.compositions[0].modes.contains(&Mode::Calibrated));
}

#[test]
fn a_composition_asks_who_replies_where_any_of_its_prompts_does() {
    let asking = |places: &[&str]| {
        let mut fixture = Fixture::new();
        for place in places {
            *fixture.manifest.pointer_mut(place).unwrap() = "{reply_speaker} to {input}:".into();
        }
        let (_folder, path) = bundle(&fixture);
        inspect_bundle(path).unwrap().compositions.iter().map(|composition| composition.asks_for_reply_speaker).collect::<Vec<_>>()
    };
    assert_eq!(asking(&[]), [false, false]);
    assert_eq!(asking(&["/tasks/0/prompt"]), [true, true]);
    for place in ["/tasks/1/prompt", "/compositions/1/prompt", "/compositions/1/prompt_overrides/merge"] {
        assert_eq!(asking(&[place]), [false, true], "{place}");
    }
}

#[test]
fn errors_carry_their_kind_and_file() {
    let mut fixture = Fixture::new();
    fixture.files.get_mut("base/tokenizer.json").unwrap()[0] ^= 1;
    let (_folder, path) = bundle(&fixture);
    assert!(inspect_bundle(path.clone()).is_ok(), "only the sizes are looked at");
    for refused in [verify_bundle(path.clone(), None), wait(Session::open(path, None, SessionOptions::default())).map(|s| s.bundle())] {
        match refused {
            Err(TandemError::Bundle { kind, file, .. }) => assert_eq!((kind.as_str(), file.as_str()), ("file-hash", "base/tokenizer.json")),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_session_without_base_says_so() {
    let (_folder, path) = bundle(&Fixture::new());
    match wait(Session::open(path, None, SessionOptions::default())) {
        Err(TandemError::Base { kind, .. }) => assert_eq!(kind, "base-missing"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn chat_text_becomes_messages() {
    let messages = read_pasted_chat("Ana: hi\nBen: ho".into()).unwrap();
    let messages: Vec<_> = messages.iter().map(|m| (m.speaker.as_str(), m.text.as_str())).collect();
    assert_eq!(messages, [("Ana", "hi"), ("Ben", "ho")]);
}

struct NoSink;

impl ImportSink for NoSink {
    fn on_progress(&self, _progress: ImportProgress) {}
}

#[test]
fn a_bundle_is_imported_listed_and_removed() {
    use std::os::fd::IntoRawFd as _;
    let folder = tempfile::tempdir_in(std::env::temp_dir()).unwrap();
    let library = Library::open(folder.path().join("library").display().to_string(), None).unwrap();
    let fixture = Fixture::new();
    let (_zip, path) = bundle(&fixture);
    let descriptor = fs::File::open(&path).unwrap().into_raw_fd();
    let id = wait(library.import_bundle(ImportSource::Descriptor { descriptor }, Box::new(NoSink))).unwrap();
    assert_eq!(wait(library.import_bundle(ImportSource::Path { path: path.clone() }, Box::new(NoSink))).unwrap(), id);
    let listed = library.bundles();
    assert_eq!((listed[0].id.as_str(), &listed[0].state), (id.as_str(), &StoredState::NeedsBase));
    assert_eq!(listed[0].info, Some(inspect_bundle(path).unwrap()));
    assert_eq!(listed[0].info.as_ref().map(|info| &info.id), Some(&id));
    let options = SessionOptions::default;
    assert!(
        matches!(wait(Session::open_stored(library.clone(), id.clone(), options())), Err(TandemError::Base { kind, .. }) if kind == "base-missing")
    );
    match wait(library.import_base(ImportSource::Path { path: "/nowhere".into() }, Box::new(NoSink))) {
        Err(LibraryError::Refused { kind, .. }) => assert_eq!(kind, "base-unreadable"),
        other => panic!("{other:?}"),
    }
    assert!(library.remove(id.clone()).unwrap() > 0);
    assert!(matches!(library.remove(id), Err(LibraryError::Library { kind, .. }) if kind == "store-unknown-bundle"));
    assert_eq!(library.bundles(), []);
}

#[test]
fn an_exported_chat_tells_when_its_messages_were_sent() {
    let export = "31/12/23, 21:41 - Ana: hi\n";
    let messages = read_pasted_chat(export.into()).unwrap();
    assert_eq!((messages[0].speaker.as_str(), messages[0].sent_at.as_deref()), ("Ana", Some("2023-12-31T21:41")));
    assert_eq!(read_chat(export.into()).unwrap(), messages);
    let folder = tempfile::tempdir_in(std::env::temp_dir()).unwrap();
    let path = folder.path().join("chat.txt");
    fs::write(&path, export).unwrap();
    assert_eq!(read_chat_file(path.display().to_string()).unwrap(), messages);
    match read_chat(b"PK\x03\x04".to_vec()) {
        Err(TandemError::Input { kind, .. }) => assert_eq!(kind, "chat-zip-invalid"),
        other => panic!("{other:?}"),
    }
}
