use std::io::{self, Write as _};
use std::process::ExitCode;

use serde_json::{Value, json};
use tandem_bundle::{Bundle, TaskKind};

use crate::arguments::Inspect;
use crate::failure::Failure;
use crate::verify;

/// Shows what a bundle offers. Its files are listed and measured, not hashed.
pub fn inspect(arguments: &Inspect) -> Result<ExitCode, Failure> {
    let bundle = verify::open(&arguments.opening)?;
    let mut stdout = io::stdout().lock();
    if arguments.json {
        writeln!(stdout, "{}", describe(&bundle))?;
        return Ok(ExitCode::SUCCESS);
    }
    let manifest = bundle.manifest();
    let packed = if bundle.base_packed() { "packed" } else { "not packed" };
    writeln!(stdout, "base: {} ({}, {} bytes, {packed})", manifest.base.name, manifest.base.file, manifest.base.bytes)?;
    writeln!(stdout, "made by: {} {}", manifest.tool.name, manifest.tool.version)?;
    for composition in &manifest.compositions {
        let modes = composition.modes().iter().map(|mode| mode.id()).collect::<Vec<_>>().join(", ");
        writeln!(stdout, "{}: {modes} (recommended: {})", composition.name(), composition.recommended_mode)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(bundle: &Bundle) -> Value {
    let manifest = bundle.manifest();
    let tasks = manifest.tasks.iter().map(|task| {
        let kind = match task.kind {
            TaskKind::Main => "main",
            TaskKind::Translation => "translation",
            TaskKind::Tone => "tone",
        };
        json!({"id": task.id, "kind": kind, "language_tag": task.language_tag})
    });
    let compositions = manifest.compositions.iter().map(|composition| {
        let modes: Vec<_> = composition.modes().iter().map(|mode| mode.id()).collect();
        json!({"tasks": composition.tasks, "modes": modes, "recommended_mode": composition.recommended_mode.id()})
    });
    json!({
        "base": {
            "name": manifest.base.name,
            "architecture": manifest.base.architecture,
            "file": manifest.base.file,
            "bytes": manifest.base.bytes,
            "sha256": manifest.base.sha256.to_string(),
            "packed": bundle.base_packed(),
        },
        "tool": {"name": manifest.tool.name, "version": manifest.tool.version, "git_commit": manifest.tool.git_commit},
        "signed": bundle.signed(),
        "tasks": tasks.collect::<Vec<_>>(),
        "compositions": compositions.collect::<Vec<_>>(),
        "files": manifest.files.len(),
        "bytes": manifest.files.values().map(|file| file.bytes).sum::<u64>(),
    })
}
