use std::io::{self, Write as _};
use std::ops::ControlFlow;
use std::process::ExitCode;

use serde_json::{Value, json};
use tandem_bundle::{Bundle, BundleError};
use tandem_store::{ImportProgress, ImportSource, Library, Phase, StoreError, Stored, StoredState};

use crate::arguments::{Store, StoreImport, StoreOpening, StoreRemove};
use crate::failure::Failure;
use crate::stderr::tell;
use crate::verify;

/// Works on a library: what the app does on its models screen.
pub fn store(command: &Store) -> Result<ExitCode, Failure> {
    match command {
        Store::List(arguments) => list(&arguments.opening),
        Store::Import(arguments) => import(arguments),
        Store::Remove(arguments) => remove(arguments),
    }
}

fn list(opening: &StoreOpening) -> Result<ExitCode, Failure> {
    for stored in open_existing(opening)?.bundles() {
        print(opening, &stored)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn import(StoreImport { opening, file, base }: &StoreImport) -> Result<ExitCode, Failure> {
    let library = open(opening)?;
    let source = ImportSource::Path(file.clone());
    let mut shown = None;
    let mut show = |progress: ImportProgress| {
        let percent = progress.done * 100 / progress.total.max(1);
        if shown.replace((progress.phase, percent)) != Some((progress.phase, percent)) {
            let doing = if progress.phase == Phase::Copying { "copying" } else { "verifying" };
            tell(format_args!("\r{doing:<9} {percent:>3} %"));
        }
        ControlFlow::Continue(())
    };
    let imported = if *base { library.import_base(source, &mut show) } else { library.import_bundle(source, &mut show) };
    if shown.is_some() {
        tell(format_args!("\n"));
    }
    let id = imported?;
    if *base {
        if opening.json {
            writeln!(io::stdout(), "{}", json!({"base_sha256": id}))?;
        } else {
            writeln!(io::stdout(), "{id}  base model")?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let stored = library.bundles().into_iter().find(|stored| stored.id == id).ok_or(StoreError::UnknownBundle)?;
    print(opening, &stored)?;
    Ok(ExitCode::SUCCESS)
}

fn remove(StoreRemove { opening, id }: &StoreRemove) -> Result<ExitCode, Failure> {
    let freed = open_existing(opening)?.remove(id)?;
    if opening.json {
        writeln!(io::stdout(), "{}", json!({"id": id, "freed_bytes": freed}))?;
    } else {
        writeln!(io::stdout(), "removed: {freed} bytes are free again")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens a library, or makes one.
fn open(opening: &StoreOpening) -> Result<Library, Failure> {
    let key = opening.public_key.as_deref().map(verify::read_key).transpose()?;
    Ok(Library::open(&opening.library, key)?)
}

/// Opens a library that must be there: a mistyped path is no empty library.
fn open_existing(opening: &StoreOpening) -> Result<Library, Failure> {
    if opening.library.join("bundles").is_dir() {
        return open(opening);
    }
    let found = if opening.library.is_dir() { "this folder is no library" } else { "there is no such folder" };
    Err(StoreError::NoLibrary { folder: opening.library.display().to_string(), found }.into())
}

fn print(opening: &StoreOpening, stored: &Stored) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    if opening.json {
        return writeln!(stdout, "{}", describe(stored));
    }
    match &stored.state {
        StoredState::Ready(bundle) => writeln!(stdout, "{}  ready  {}", stored.id, offers(bundle)),
        StoredState::NeedsBase(bundle) => writeln!(stdout, "{}  needs {}  {}", stored.id, bundle.manifest().base.file, offers(bundle)),
        StoredState::Broken(e) => writeln!(stdout, "{}  broken  {e}", stored.id),
    }
}

fn offers(bundle: &Bundle) -> String {
    compositions(bundle).join(", ")
}

fn compositions(bundle: &Bundle) -> Vec<String> {
    bundle.manifest().compositions.iter().map(tandem_bundle::Composition::name).collect()
}

fn describe(stored: &Stored) -> Value {
    let usable = |state: &str, bundle: &Bundle| {
        let base = &bundle.manifest().base;
        json!({
            "id": stored.id,
            "state": state,
            "base": {"name": base.name, "file": base.file, "bytes": base.bytes, "sha256": base.sha256.to_string()},
            "compositions": compositions(bundle),
            "signed": bundle.signed(),
        })
    };
    match &stored.state {
        StoredState::Ready(bundle) => usable("ready", bundle),
        StoredState::NeedsBase(bundle) => usable("needs-base", bundle),
        StoredState::Broken(e) => json!({"id": stored.id, "state": "broken", "error": error(e)}),
    }
}

fn error(e: &BundleError) -> Value {
    json!({"kind": e.kind.id(), "message": e.to_string()})
}
