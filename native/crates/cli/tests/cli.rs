//! The program as a user calls it, without a model: exit codes, what goes to stdout and stderr, and the manual.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tandem_bundle::{BaseErrorKind, BundleErrorKind, InputErrorKind};
use tandem_engine::{EngineErrorKind, Error, FinishReason};
use tandem_fixture::{BASE, Fixture};
use tempfile::TempDir;

const ONE: &str = "{\"id\": 1, \"text\": \"hi\"}\n";

fn command(arguments: &[&str]) -> Command {
    // An emulator is given in TEST_RUNNER (scripts/check-arm64.sh): a program under one cannot start another of its kind by itself.
    let runner = std::env::var("TEST_RUNNER").unwrap_or_default();
    let mut words = runner.split_whitespace().chain([env!("CARGO_BIN_EXE_tandem")]);
    let mut command = Command::new(words.next().unwrap());
    command.args(words).args(arguments);
    command
}

fn tandem(arguments: &[&str], input: &str) -> Output {
    let mut child = command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that refuses its arguments does not read its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn bundle(fixture: &Fixture) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("bundle");
    fixture.write_directory(&root);
    (folder, root.display().to_string())
}

/// What is told on stderr is no part of the work.
#[test]
#[cfg(target_os = "linux")]
fn who_does_not_listen_to_progress_gets_the_work_done() {
    let (folder, bundle) = bundle(&Fixture::new());
    let library = folder.path().join("library").display().to_string();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let status = command(&["store", "import", "--library", &library, &bundle]).stdout(Stdio::null()).stderr(full).status();
    assert_eq!(status.unwrap().code(), Some(0));
}

/// Checks a refusal: exit code, kind on stderr, nothing on stdout.
fn refused(output: &Output, code: i32, kind: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(&format!("error[{kind}]: ")), "{stderr}");
    assert_eq!(output.stdout, b"");
}

#[test]
fn refusals_have_their_exit_codes() {
    let (folder, bundle) = bundle(&Fixture::new());
    let path = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let run = |more: &[&str], input: &str| tandem(&[&["run", "--bundle", &bundle, "--task", "summarize"], more].concat(), input);
    assert_eq!(run(&["--mode", "best"], "").status.code(), Some(2));
    assert_eq!(run(&["--threads", "0"], "").status.code(), Some(2));
    refused(&tandem(&["run", "--bundle", "/nowhere", "--task", "summarize"], ONE), 3, "bundle-unreadable");
    refused(&run(&["--public-key", &path("key.pub", b"no key")], ONE), 3, "public-key-invalid");
    refused(&run(&[], ONE), 4, "base-missing");
    refused(&run(&["--base", &path("short.gguf", b"x")], ONE), 4, "base-size");
    refused(&run(&["--base", &path("other.gguf", &vec![b'x'; BASE.len()])], ONE), 4, "base-hash");
    refused(&run(&["--into", "fr"], ONE), 5, "composition-unknown");
    refused(&run(&["--mode", "calibrated"], ONE), 5, "mode-unavailable");
    refused(&run(&[], "\n"), 5, "input-invalid");
    refused(&run(&["--input", "/nowhere.jsonl"], ""), 5, "input-invalid");
    // The base is right, but the fixture's tokenizer is none.
    refused(&run(&["--base", &path("base.gguf", BASE)], ONE), 3, "tokenizer-invalid");
}

#[test]
fn a_bench_that_cannot_be_is_refused_before_the_model_is_loaded() {
    let (_folder, bundle) = bundle(&Fixture::new());
    let bench = |more: &[&str], input: &str| tandem(&[&["bench", "--bundle", &bundle], more].concat(), input);
    assert_eq!(bench(&["--runs", "0"], "").status.code(), Some(2));
    assert_eq!(bench(&["--task", "summarize"], "").status.code(), Some(2));
    refused(&bench(&["--task", "summarize", "--into", "fr"], ""), 5, "composition-unknown");
    refused(&bench(&["--input", "-"], "{\"text\": 3}\n"), 5, "input-invalid");
    // The samples and the first composition with a calibration are there by default.
    refused(&bench(&[], ""), 4, "base-missing");
}

#[test]
fn a_bundle_is_verified_and_shown_in_both_forms() {
    let fixture = Fixture::new().packed();
    let (folder, directory) = bundle(&fixture);
    let zip = folder.path().join("bundle.tandem");
    fs::write(&zip, fixture.zip()).unwrap();
    for path in [directory, zip.display().to_string()] {
        let verified = tandem(&["verify", "--bundle", &path], "");
        assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stderr));
        let shown = tandem(&["inspect", "--bundle", &path, "--json"], "");
        let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
        assert_eq!(shown["base"]["packed"], true);
        assert_eq!(shown["signed"], false);
        assert_eq!(shown["compositions"][1]["tasks"], serde_json::json!(["summarize", "es"]));
        assert_eq!(shown["compositions"][1]["recommended_mode"], "calibrated");
    }
}

#[test]
fn what_a_bundle_says_does_nothing_on_a_terminal() {
    let mut fixture = Fixture::new();
    fixture.manifest["compositions"][0]["recommended_mode"] = "\u{1b}[2J\u{202e}merge".into();
    let (_folder, bundle) = bundle(&fixture);
    let output = tandem(&["inspect", "--bundle", &bundle], "");
    refused(&output, 3, "manifest-invalid");
    let shown = String::from_utf8(output.stderr).unwrap();
    assert!(shown.contains("\\u{1b}[2J\\u{202e}merge") && !shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
}

#[test]
fn a_damaged_bundle_is_refused_with_the_file_named() {
    let mut fixture = Fixture::new();
    fixture.files.get_mut("adapters/es/adapter_model.safetensors").unwrap()[99] ^= 1;
    let (_folder, bundle) = bundle(&fixture);
    let output = tandem(&["verify", "--bundle", &bundle], "");
    refused(&output, 3, "file-hash");
    assert!(String::from_utf8_lossy(&output.stderr).contains("adapters/es/adapter_model.safetensors"));
}

#[test]
fn a_library_takes_in_shows_and_removes() {
    let (folder, bundle) = bundle(&Fixture::new());
    let library = folder.path().join("library").display().to_string();
    let base = folder.path().join("base.gguf");
    fs::write(&base, BASE).unwrap();
    let store = |command: &str, more: &[&str]| tandem(&[&["store", command, "--library", &library], more].concat(), "");
    let lines = |output: &Output| -> Vec<Value> {
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    for (command, more) in [("list", &[][..]), ("remove", &["0"])] {
        let mistyped = |library: &str| tandem(&[&["store", command, "--library", library], more].concat(), "");
        for (library, found) in
            [(library.as_str(), "there is no such folder; check the path"), (&bundle, "this folder is no library; check")]
        {
            refused(&mistyped(library), 7, "store-no-library");
            assert!(String::from_utf8_lossy(&mistyped(library).stderr).contains(&format!("{library}: {found}")));
        }
    }
    refused(&store("import", &[folder.path().join("none").to_str().unwrap()]), 3, "bundle-unreadable");
    refused(&store("import", &["--base", base.to_str().unwrap()]), 7, "store-base-unwanted");
    let imported = lines(&store("import", &[&bundle, "--json"]));
    assert_eq!(
        (&imported[0]["state"], &imported[0]["compositions"]),
        (&"needs-base".into(), &serde_json::json!(["summarize", "summarize+es"]))
    );
    assert_eq!(lines(&store("import", &["--json", "--base", base.to_str().unwrap()]))[0]["base_sha256"], imported[0]["base"]["sha256"]);
    let listed = lines(&store("list", &["--json"]));
    assert_eq!((&listed[0]["id"], &listed[0]["state"]), (&imported[0]["id"], &"ready".into()));
    let id = listed[0]["id"].as_str().unwrap();
    assert!(String::from_utf8_lossy(&store("list", &[]).stdout).starts_with(&format!("{id}  ready  summarize, summarize+es")));
    assert!(lines(&store("remove", &[id, "--json"]))[0]["freed_bytes"].as_u64() > Some(BASE.len() as u64));
    refused(&store("remove", &[id]), 7, "store-unknown-bundle");
    assert_eq!(lines(&store("list", &["--json"])), Vec::<Value>::new());
}

#[test]
fn a_chat_is_printed_in_three_forms() {
    let folder = tempfile::tempdir().unwrap();
    let chat = folder.path().join("party.txt");
    fs::write(&chat, "31/12/23, 21:41 - Ana: hi\n31/12/23, 21:42 - Ben: ho\nho\n31/12/23, 21:42 - Ana left\n").unwrap();
    let print = |form: &[&str]| String::from_utf8(tandem(&[&["parse-chat", chat.to_str().unwrap()], form].concat(), "").stdout).unwrap();
    let conversation = serde_json::json!([{"speaker": "Ana", "text": "hi"}, {"speaker": "Ben", "text": "ho\nho"}]);
    let lines: Vec<Value> = print(&["--json"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(Value::from(lines), conversation);
    let line: Value = serde_json::from_str(&print(&["--input-line"])).unwrap();
    assert_eq!(line, serde_json::json!({"id": "party", "conversation": conversation}));
    assert_eq!(print(&[]), "Ana: hi\nBen: ho\nho\n");
    assert_eq!(tandem(&["parse-chat", "-"], "Ana: hi").stdout, b"Ana: hi\n");
    refused(&tandem(&["parse-chat", "-"], "\n"), 5, "input-empty");
    refused(&tandem(&["parse-chat", "/nowhere.txt"], ""), 5, "chat-unreadable");
    refused(&tandem(&["parse-chat", "-"], "PK\u{3}\u{4} not a zip"), 5, "chat-zip-invalid");
}

#[test]
fn the_manual_lists_every_error_kind_and_finish_reason() {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/command-line.md");
    let manual = fs::read_to_string(manual).unwrap();
    let bundle = BundleErrorKind::ALL.iter().map(|kind| kind.id());
    let base = BaseErrorKind::ALL.iter().map(|kind| kind.id());
    let input = InputErrorKind::ALL.iter().map(|kind| kind.id());
    let engine = EngineErrorKind::ALL.iter().map(|kind| kind.id());
    for kind in bundle.chain(base).chain(input).chain(engine).chain([Error::CLOSED]) {
        assert!(manual.contains(&format!("| `{kind}` |")), "{kind} is not in the table");
    }
    for reason in FinishReason::ALL {
        assert!(manual.contains(&format!("`{}`", reason.id())), "{} is not in the manual", reason.id());
    }
}
