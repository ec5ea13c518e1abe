#!/usr/bin/env python3
"""Say what this machine has and lacks for Tandem. Exit 1 if something that `make demo` needs is missing. Standard library only."""

import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(os.environ.get("TANDEM_CACHE") or Path.home() / ".cache" / "tandem")
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
    Tool("python3", "--version", (3, 11), "demo", "install Python 3.11 or 3.12 with its venv module"),
    Tool("cargo", "--version", (1, 95), "demo", "install Rust with rustup"),
    Tool("cc", "--version", (), "demo", "install a C compiler (Debian: build-essential)"),
    Tool("c++", "--version", (), "test", "install a C++ compiler (Debian: build-essential)"),
    Tool("make", "--version", (), "demo", "install GNU make"),
    Tool("git", "--version", (), "demo", "install git"),
    Tool("node", "--version", (20, 19), "preview", "install Node.js"),
    Tool("npm", "--version", (), "preview", "comes with Node.js"),
    Tool("java", "-version", (17,), "test", "install a JDK 17 (Debian: openjdk-17-jdk-headless)"),
    Tool("mvn", "--version", (), "test", "install Maven (Debian: maven)"),
    Tool("chromium", "--version", (), "test", "Debian: chromium (make test installs it as root)"),
    Tool("aapt2", "version", (), "test", "Debian: aapt (make test installs it as root)"),
)


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


def has_avx2() -> bool:
    """Whether an x86-64 processor can run the device core (`.cargo/config.toml`); true for any other processor."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return True
    flags = Path("/proc/cpuinfo")
    return not flags.is_file() or re.search(r"\bavx2\b", flags.read_text()) is not None


def main() -> int:
    """Print a line for the processor, each tool and the disk."""
    blocked = not has_avx2()
    advice = "  <- for make demo: the device core needs AVX2, take a newer machine" if blocked else ""
    print(f"{'MISSING' if blocked else 'ok     '}  processor {platform.machine()}{advice}")
    for tool in TOOLS:
        version = version_of(tool)
        enough = is_enough(version, tool.least)
        blocked |= not enough and tool.needed_for == "demo"
        wanted = f" (want {'.'.join(map(str, tool.least))} or newer)" if tool.least else ""
        advice = "" if enough else f"  <- for make {tool.needed_for}: {tool.advice}"
        print(f"{'ok     ' if enough else 'MISSING'}  {tool.command:<9} {version or '-'}{wanted}{advice}")
    where = next(path for path in (CACHE, *CACHE.parents) if path.exists())
    free = shutil.disk_usage(where).free / 2**30
    print(
        f"{'ok     ' if free > FREE_GIB else 'LITTLE '}  disk      {free:.0f} GiB free for {CACHE} (a cold `make test` takes about {FREE_GIB})"
    )
    return 1 if blocked else 0


if __name__ == "__main__":
    sys.exit(main())
