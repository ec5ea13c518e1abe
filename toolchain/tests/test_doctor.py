"""`make doctor` reads the versions that tools print, however they print them, and knows what is wanted of this Python."""

import subprocess
import sys
from pathlib import Path

import pytest

from toolchain import paths

DOCTOR = paths.REPOSITORY / "scripts" / "doctor.py"


def diagnose(tools: Path, before: str = "", **environment: str) -> list[str]:
    """The doctor's lines where there is nothing but `tools`, after the statement `before` in its Python."""
    program = f"import runpy, sys; {before or 'pass'}; runpy.run_path({str(DOCTOR)!r}, run_name='__main__')"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env={"PATH": str(tools), **environment}, capture_output=True, text=True, check=False)
    assert done.returncode == 1, "without cargo there is no demo"
    return done.stdout.splitlines()


def install(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


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
    install(tmp_path / "java", f"echo '{printed}' >&2")
    (line,) = [line for line in diagnose(tmp_path) if " java " in line]
    assert line.startswith(shown)


def test_what_is_not_installed_is_missing(tmp_path: Path) -> None:
    lines = diagnose(tmp_path)
    assert "MISSING  cargo     - (want 1.95 or newer)  <- for make demo: install Rust with rustup" in lines
    (javac,) = [line for line in lines if " javac " in line]
    assert javac.startswith("MISSING  javac     - (want 17 or newer)  <- for make test: ")


def test_the_browser_is_the_one_that_is_named(tmp_path: Path) -> None:
    chosen = tmp_path / "chosen"
    (line,) = [line for line in diagnose(tmp_path, CHROMIUM=str(chosen)) if str(chosen) in line]
    assert line.startswith(f"MISSING  {chosen} -  <- for make test: ")
    install(chosen, "echo Chromium 156.0")
    assert f"ok       {chosen} 156.0" in diagnose(tmp_path, CHROMIUM=str(chosen))


def test_a_node_that_is_enough_for_the_preview_may_not_be_for_the_tests(tmp_path: Path) -> None:
    install(tmp_path / "node", "echo v20.19.0")
    lines = [line for line in diagnose(tmp_path) if " node " in line]
    assert [line.split("  <-")[0] for line in lines] == [
        "ok       node      20.19.0 (want 20.19 or newer)",
        "MISSING  node      20.19.0 (want 22.13 or newer)",
    ]


@pytest.mark.parametrize(
    ("version", "shown"),
    [
        ("(3, 9, 2)", "MISSING  python3   3.9.2 (want 3.11 or 3.12)  <- for make demo: "),
        ("(3, 11, 0)", "ok       python3   3.11.0 (want 3.11 or 3.12)"),
        ("(3, 12, 9)", "ok       python3   3.12.9 (want 3.11 or 3.12)"),
        ("(3, 13, 0)", "MISSING  python3   3.13.0 (want 3.11 or 3.12)  <- for make demo: "),
    ],
)
def test_the_python_is_one_that_the_packages_are_pinned_for(tmp_path: Path, version: str, shown: str) -> None:
    (line,) = [line for line in diagnose(tmp_path, f"sys.version_info = {version}") if " python3 " in line]
    assert line.startswith(shown)


def test_a_python_that_makes_no_environments_is_told(tmp_path: Path) -> None:
    (line,) = [line for line in diagnose(tmp_path, "sys.modules['ensurepip'] = None") if " venv " in line]
    assert line == (
        "MISSING  venv      no module ensurepip  <- for make demo: install it for this Python (Debian: python3-venv)"
    )
