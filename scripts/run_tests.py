#!/usr/bin/env python3
"""Run every layer of tests, one after another, and say what ran.

A layer whose tool is missing is SKIPPED, with the reason; with REQUIRE_ALL=1 it fails. Exit 0 if nothing failed. Standard library only:
it installs the rest. `scripts/run_tests.py NAME …` runs the named layers alone.
"""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("TANDEM_CACHE") or Path.home() / ".cache" / "tandem")
VENV = CACHE / "venv" / "bin"
REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"


@dataclass(frozen=True)
class Layer:
    """A name, the shell command that tests it, and the tools without which it cannot run."""

    name: str
    command: str
    tools: tuple[str, ...] = ()


LAYERS = (
    Layer("system packages", "scripts/system_packages.sh"),
    Layer("python packages", "make --no-print-directory python"),
    Layer("python style", f"{VENV}/ruff check . && {VENV}/ruff format --check --quiet ."),
    Layer("python types", f"{VENV}/mypy"),
    Layer("python tests", f"{VENV}/python -m pytest toolchain"),
    Layer("base model", "make --no-print-directory training-base bundle"),
    Layer("rust style", "cd native && cargo fmt --check", ("cargo",)),
    Layer("rust build", "make --no-print-directory build", ("cargo", "cc")),
    Layer(
        "rust lints", "cd native && cargo clippy --release --locked --quiet --all-targets -- -D warnings", ("cargo",)
    ),
    Layer("rust tests", "cd native && cargo test --release --locked --quiet", ("cargo",)),
    Layer("node packages", "make --no-print-directory node", ("npm",)),
    Layer("bindings", "npm run --silent bindings -w @tandem/app", ("npm", "cargo")),
    Layer("app style", "npm run --silent lint -w @tandem/app && npm run --silent depcruise -w @tandem/app", ("npm",)),
    Layer("app types", "npm run --silent types -w @tandem/app", ("npm",)),
    Layer("app tests", "npm run --silent test -w @tandem/app", ("npm",)),
    Layer("across the parts", f"{VENV}/python -m pytest tests", ("cargo", "npm")),
    Layer("browser", "npm run --silent e2e -w @tandem/app", ("npm", "chromium")),
    Layer("android", "scripts/check-android.sh", ("npm", "mvn", "java")),
)


def environment() -> dict[str, str]:
    """One thread a process in tests; the cache and the demo bundle where every part looks for them."""
    return os.environ | {
        "OMP_NUM_THREADS": "1",
        "TANDEM_CACHE": str(CACHE),
        "CARGO_TARGET_DIR": os.environ.get("CARGO_TARGET_DIR") or str(CACHE / "cargo-target"),
        "TANDEM_BUNDLE": str(ROOT / "build" / "bundle"),
        "TANDEM_TOKENIZER": str(CACHE / "model" / "tokenizer.json"),
        "PYTHONPATH": str(ROOT),
        "REQUIRE_ALL": "1" if REQUIRE_ALL else "0",
    }


def run(layer: Layer) -> str:
    """`OK`, `FAILED` or `SKIPPED: reason`; the layer's own output goes straight through."""
    print(f"\n=== {layer.name}: {layer.command}", flush=True)
    missing = [tool for tool in layer.tools if shutil.which(tool) is None]
    if missing:
        reason = f"{', '.join(missing)} not found (make doctor)"
        return f"FAILED: {reason}, and REQUIRE_ALL=1" if REQUIRE_ALL else f"SKIPPED: {reason}"
    # No stdin: a test that waits for a person must fail, not hang.
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", layer.command],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return "OK" if done.returncode == 0 else f"FAILED: exit {done.returncode}"


def main() -> int:
    """Run the layers and print the summary."""
    wanted = set(sys.argv[1:])
    if unknown := wanted - {layer.name for layer in LAYERS}:
        print(
            f"unknown layer {', '.join(sorted(unknown))}: choose from {', '.join(layer.name for layer in LAYERS)}",
            file=sys.stderr,
        )
        return 2
    outcomes = {}
    for layer in LAYERS:
        if wanted and layer.name not in wanted:
            continue
        started = time.monotonic()
        outcomes[layer.name] = (run(layer), time.monotonic() - started)
    print("\n=== summary")
    for name, (outcome, seconds) in outcomes.items():
        print(f"{name:<18} {seconds:6.0f} s  {outcome}")
    counts = {
        kind: sum(outcome.startswith(kind) for outcome, _ in outcomes.values()) for kind in ("OK", "FAILED", "SKIPPED")
    }
    print(f"{counts['OK']} passed, {counts['FAILED']} failed, {counts['SKIPPED']} skipped")
    return 1 if counts["FAILED"] else 0


if __name__ == "__main__":
    sys.exit(main())
