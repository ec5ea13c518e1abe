"""`make doctor` reads the versions that tools print, however they print them."""

import subprocess
import sys
from pathlib import Path

import pytest

from toolchain import paths


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ('openjdk version "21" 2023-09-19', "ok       java      21 "),
        ('openjdk version "17.0.15" 2025-04-15', "ok       java      17.0.15 "),
        ('java version "1.8.0_391"', "MISSING  java      1.8.0 "),
        ("who knows", "MISSING  java      ? "),
        ("", "MISSING  java      ? "),
    ],
)
def test_a_version_is_compared_with_the_least_one(tmp_path: Path, printed: str, shown: str) -> None:
    tool = tmp_path / "java"
    tool.write_text(f"#!/bin/sh\necho '{printed}' >&2\n")
    tool.chmod(0o755)
    command = [sys.executable, str(paths.REPOSITORY / "scripts" / "doctor.py")]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 1, "without cargo there is no demo"
    (line,) = [line for line in done.stdout.splitlines() if " java " in line]
    assert line.startswith(shown)


def test_what_is_not_installed_is_missing(tmp_path: Path) -> None:
    command = [sys.executable, str(paths.REPOSITORY / "scripts" / "doctor.py")]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert "MISSING  cargo     - (want 1.95 or newer)  <- for make demo: install Rust with rustup" in done.stdout
