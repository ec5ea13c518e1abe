"""Stand-ins for the programs that a script calls."""

from pathlib import Path


def program(path: Path, script: str) -> Path:
    """Write a shell script that can be run; an older one of its name is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)
    return path
