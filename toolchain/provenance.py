"""What every result and log carries: versions, git commit and data hashes, so that it can be made again, and what it took."""

import hashlib
import platform
import resource
import subprocess
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from toolchain import __version__, paths
from toolchain.data.benchmark import FILES
from toolchain.hashing import sha256_file

_COMPUTE = ("torch", "transformers", "peft", "tokenizers", "gguf", "numpy")
_MEASURE = ("rouge-score", "sacrebleu", "lingua-language-detector")


def git_commit() -> str:
    """The checkout's commit, with `-dirty` if tracked files other than results differ, or `unknown` outside a checkout."""
    try:
        commit = _git("rev-parse", "HEAD")
        # A run that was killed between two result files is the same run when it is done.
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/results")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit}-dirty" if changed else commit


def short_commit(commit: str) -> str:
    """What `git_commit` said, in twelve digits; that files differed stays said."""
    digits, dash, differs = commit.partition("-")
    return digits[:12] + dash + differs


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=paths.REPOSITORY, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def code_sha256(*sources: Path) -> str:
    """SHA-256 over some Python files and those of some folders, and `versions`: tells whether work would go on as it was begun."""
    digest = hashlib.sha256(repr(versions()).encode())
    for path in sorted(path for one in sources for path in ([one] if one.is_file() else one.rglob("*.py"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Versions of what computes the answers and the numbers."""
    return {"toolchain": __version__, "python": platform.python_version()} | {
        name: version(name) for name in (*_COMPUTE, *_MEASURE)
    }


def peak_memory() -> int:
    """Peak resident memory of this process until now, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def made_with(files: Iterable[Path] = ()) -> dict[str, Any]:
    """Commit, versions, and SHA-256 of the benchmark's files and of `files`, which are read beside them, by their names.

    Where another file has a name already, it is said with as many of its folders as tell the two apart.

    To be asked before the work: a commit that is made meanwhile is not what ran.
    """
    hashes = {name: sha256_file(paths.BENCHMARK / name) for name in FILES}
    for path in files:
        digest, parts = sha256_file(path), path.resolve().parts
        names = (path.name, *("/".join(parts[-count:]) for count in range(2, len(parts) + 1)))
        hashes[next(name for name in names if hashes.get(name, digest) == digest)] = digest
    return {"git_commit": git_commit(), "versions": versions(), "data": hashes}
