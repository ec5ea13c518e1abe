#!/usr/bin/env python3
"""Say what this machine has and lacks for Tandem. Exit 1 if something that `make demo` needs is missing. Standard library only."""

# An older Python than Tandem takes must be able to say so.
from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

CACHE = Path(os.environ.get("TANDEM_CACHE") or Path.home() / ".cache" / "tandem")
CHROMIUM = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
FREE_GIB = 14


@dataclass(frozen=True)
class Tool:
    """A program, how to ask its version, the least version, what it is for and how to get it."""

    command: str
    version_flag: str
    least: tuple[int, ...]
    needed_for: str
    advice: str


TOOLS = (
    Tool("cargo", "--version", (1, 95), "demo", "install Rust with rustup"),
    Tool("cc", "--version", (), "demo", "install a C compiler (Debian: build-essential)"),
    Tool("g++", "--version", (), "test", "install the C++ compiler of GCC (Debian: g++)"),
    Tool("make", "--version", (), "demo", "install GNU make"),
    Tool("git", "--version", (), "demo", "install git"),
    Tool("node", "--version", (20, 19), "preview", "install Node.js"),
    Tool(
        "node",
        "--version",
        (22, 13),
        "test",
        "install a newer Node.js, as React Native asks for",
    ),
    Tool("npm", "--version", (), "preview", "comes with Node.js"),
    Tool("java", "-version", (17,), "test", "install a JDK 17 (Debian: openjdk-17-jdk-headless)"),
    Tool(
        "javac", "-version", (17,), "test", "install a JDK 17, not its runtime alone (Debian: openjdk-17-jdk-headless)"
    ),
    Tool("mvn", "--version", (), "test", "install Maven (Debian: maven)"),
    Tool(
        CHROMIUM, "--version", (), "test", "Debian: chromium (make test installs it as root); $CHROMIUM names another"
    ),
    Tool("aapt2", "version", (), "test", "Debian: aapt (make test installs it as root)"),
    Tool("strace", "--version", (), "test", "Debian: strace (make test installs it as root)"),
    Tool("minisign", "-v", (), "test", "Debian: minisign (make test installs it as root)"),
)


@dataclass(frozen=True)
class Finding:
    """A thing that was looked for: what of it is here, whether that is enough, for what it is needed and how to get it."""

    name: str
    here: str
    is_enough: bool
    needed_for: str
    advice: str


def version_of(tool: Tool) -> str | None:
    """The first version number that the tool prints, `?` if it prints none, None if it is not there."""
    if shutil.which(tool.command) is None:
        return None
    done = subprocess.run([tool.command, tool.version_flag], capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    found = re.search(r"\d+(\.\d+)+", said) or re.search(r"\b\d+\b", said)
    return found[0] if found else "?"


def is_enough(version: str | None, least: tuple[int, ...]) -> bool:
    """Whether a version that a tool printed is the least one or newer; one that printed none is only where any will do."""
    if version is None or not least:
        return version is not None
    return version != "?" and tuple(map(int, version.split("."))) >= least


def look_for(tool: Tool) -> Finding:
    """What there is of a tool."""
    version = version_of(tool)
    wanted = f" (want {'.'.join(map(str, tool.least))} or newer)" if tool.least else ""
    return Finding(
        tool.command, f"{version or '-'}{wanted}", is_enough(version, tool.least), tool.needed_for, tool.advice
    )


def processor() -> Finding:
    """Whether an x86-64 processor can run the device core (`.cargo/config.toml`); any other processor can."""
    flags = Path("/proc/cpuinfo")
    can = (
        platform.machine() not in ("x86_64", "AMD64")
        or not flags.is_file()
        or bool(re.search(r"\bavx2\b", flags.read_text()))
    )
    return Finding("processor", platform.machine(), can, "demo", "the device core needs AVX2, take a newer machine")


def python() -> Finding:
    """The Python that runs this, which is the one that `make` takes; the pinned packages are for these versions (pyproject.toml)."""
    version = ".".join(map(str, sys.version_info[:3]))
    fits = (3, 11) <= sys.version_info[:2] < (3, 13)
    return Finding(
        "python3",
        f"{version} (want 3.11 or 3.12)",
        fits,
        "demo",
        "install one, and name it: make demo PYTHON=python3.12",
    )


def venv() -> Finding:
    """What Debian leaves out of its Python: an environment of its own, with pip in it."""
    lacking = [module for module in ("venv", "ensurepip") if find_spec(module) is None]
    here = f"no module {' and '.join(lacking)}" if lacking else "with ensurepip"
    return Finding("venv", here, not lacking, "demo", "install it for this Python (Debian: python3-venv)")


def main() -> int:
    """Print a line for the processor, Python, each tool and the disk."""
    findings = [processor(), python(), venv(), *map(look_for, TOOLS)]
    for found in findings:
        advice = "" if found.is_enough else f"  <- for make {found.needed_for}: {found.advice}"
        print(f"{'ok     ' if found.is_enough else 'MISSING'}  {found.name:<9} {found.here}{advice}")
    where = next(path for path in (CACHE, *CACHE.parents) if path.exists())
    free = shutil.disk_usage(where).free / 2**30
    print(
        f"{'ok     ' if free > FREE_GIB else 'LITTLE '}  disk      {free:.0f} GiB free for {CACHE} (a cold `make test` takes about {FREE_GIB})"
    )
    return 1 if any(not found.is_enough and found.needed_for == "demo" for found in findings) else 0


if __name__ == "__main__":
    sys.exit(main())
