#!/usr/bin/env python3
"""Run every layer of tests and say what ran: first what builds, one after another, then what only reads it, two at a time.

A layer whose tool is missing, or that skips a part of itself, is SKIPPED, with the reason; with REQUIRE_ALL=1 it fails. Exit 0 if nothing
failed. Standard library only: it installs the rest. `scripts/run_tests.py NAME …` runs the named layers alone.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("TANDEM_CACHE") or Path.home() / ".cache" / "tandem")
VENV = CACHE / "venv" / "bin"
REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"
CHROMIUM = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
SKIPPED = 78
"""The exit code of a layer that failed in nothing and could not run a part of itself."""


@dataclass(frozen=True)
class Layer:
    """A name, the shell command that tests it, and the tools without which it cannot run."""

    name: str
    command: str
    tools: tuple[str, ...] = ()


BUILDING = (
    Layer("system packages", "scripts/system_packages.sh"),
    Layer("python packages", "make --no-print-directory python"),
    Layer("python style", f"{VENV}/ruff check . && {VENV}/ruff format --check --quiet ."),
    Layer("python types", f"{VENV}/mypy"),
    Layer("base model", "make --no-print-directory training-base bundle"),
    Layer("rust style", "cd native && cargo fmt --check", ("cargo",)),
    Layer("rust build", "make --no-print-directory build", ("cargo", "cc")),
    Layer(
        "rust lints", "cd native && cargo clippy --release --locked --quiet --all-targets -- -D warnings", ("cargo",)
    ),
    Layer("rust tests", "cd native && cargo test --release --locked --quiet", ("cargo",)),
    Layer("node packages", "make --no-print-directory node", ("npm",)),
    Layer("bindings", "npm run --silent bindings -w @tandem/app", ("npm", "cargo")),
)
READING = (
    Layer("across the parts", f"{VENV}/python -m pytest tests", ("cargo", "npm")),
    Layer("browser", "npm run --silent e2e -w @tandem/app", ("npm", CHROMIUM)),
    Layer("android", "scripts/check-android.sh", ("npm", "mvn", "java")),
    Layer("python tests", f"{VENV}/python -m pytest toolchain"),
    Layer("app tests", "npm run --silent test -w @tandem/app", ("npm",)),
    Layer("app style", "npm run --silent lint -w @tandem/app && npm run --silent depcruise -w @tandem/app", ("npm",)),
    Layer("app types", "npm run --silent types -w @tandem/app", ("npm",)),
)
"""The longest first, so that the two lanes end together."""
LANES = 2


def environment() -> dict[str, str]:
    """One thread a process in tests; the cache and the demo bundle where every part looks for them."""
    return os.environ | {
        "OMP_NUM_THREADS": "1",
        "TANDEM_CACHE": str(CACHE),
        "CARGO_TARGET_DIR": os.environ.get("CARGO_TARGET_DIR") or str(CACHE / "cargo-target"),
        "TANDEM_BUNDLE": str(ROOT / "build" / "bundle"),
        "TANDEM_TOKENIZER": str(CACHE / "model" / "tokenizer.json"),
        # A path, which the browser's tests want.
        "CHROMIUM": shutil.which(CHROMIUM) or CHROMIUM,
        "PYTHONPATH": str(ROOT),
        "REQUIRE_ALL": "1" if REQUIRE_ALL else "0",
    }


@dataclass(frozen=True)
class Outcome:
    """What became of a layer: `OK`, `FAILED: reason` or `SKIPPED: reason`."""

    layer: Layer
    said: str
    seconds: float


def lacking(reason: str) -> str:
    """What becomes of a layer that cannot run, or not whole."""
    return f"FAILED: {reason}, and REQUIRE_ALL=1" if REQUIRE_ALL else f"SKIPPED: {reason}"


def run(layer: Layer, aside: bool = False) -> Outcome:
    """Run a layer; `aside`: its output is shown when it has ended, for another one is running."""
    head = f"\n=== {layer.name}: {layer.command}"
    missing = [tool for tool in layer.tools if shutil.which(tool) is None]
    if missing:
        print(head, flush=True)
        return Outcome(layer, lacking(f"{', '.join(missing)} not found (make doctor)"), 0)
    print(f"\n=== {layer.name} begins" if aside else head, flush=True)
    started = time.monotonic()
    # No stdin: a test that waits for a person must fail, not hang.
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", layer.command],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if aside else None,
        stderr=subprocess.STDOUT if aside else None,
        check=False,
    )
    if aside:
        print(f"{head}\n{done.stdout.decode(errors='replace')}", flush=True)
    said = {0: "OK", SKIPPED: lacking("in part; its output above says what and why")}
    return Outcome(layer, said.get(done.returncode, f"FAILED: exit {done.returncode}"), time.monotonic() - started)


def run_all(wanted: Sequence[str]) -> list[Outcome]:
    """The outcomes of the wanted layers, of all if none is named."""
    building, reading = (
        [layer for layer in layers if not wanted or layer.name in wanted] for layers in (BUILDING, READING)
    )
    outcomes = [run(layer) for layer in building]
    with ThreadPoolExecutor(LANES) as lanes:
        return outcomes + list(lanes.map(lambda layer: run(layer, aside=len(reading) > 1), reading))


def main() -> int:
    """Run the layers and print the summary."""
    wanted, known = sys.argv[1:], [layer.name for layer in (*BUILDING, *READING)]
    if unknown := sorted(set(wanted) - set(known)):
        print(f"unknown layer {', '.join(unknown)}: choose from {', '.join(known)}", file=sys.stderr)
        return 2
    outcomes = run_all(wanted)
    print("\n=== summary")
    for outcome in outcomes:
        print(f"{outcome.layer.name:<18} {outcome.seconds:6.0f} s  {outcome.said}")
    counts = {kind: sum(item.said.startswith(kind) for item in outcomes) for kind in ("OK", "FAILED", "SKIPPED")}
    print(f"{counts['OK']} passed, {counts['FAILED']} failed, {counts['SKIPPED']} skipped")
    return 1 if counts["FAILED"] else 0


if __name__ == "__main__":
    sys.exit(main())
