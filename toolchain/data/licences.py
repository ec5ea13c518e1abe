"""What the licences of the data allow: whether what was trained on them may ship."""

import re
from collections.abc import Iterable
from pathlib import Path

from toolchain import paths
from toolchain.errors import ToolchainError

OURS = "CC BY 4.0"
"""Of the committed benchmark (assets/benchmark/LICENSE)."""
_FORBIDS = re.compile(r"\b(NC|ND|non-?commercial|no-?derivatives)\b", re.IGNORECASE)


def forbidding(licences: Iterable[str]) -> str | None:
    """The first licence that allows no commercial use or no derivatives; None where all do."""
    return next((licence for licence in licences if _FORBIDS.search(licence)), None)


def refuse_to_commit(licences: Iterable[str], path: Path) -> None:
    """See that what is written among the committed assets, which `export` ships, was trained on nothing whose licence forbids it.

    Raises:
        ToolchainError: a licence of the data allows no commercial use or no derivatives.
    """
    licence = forbidding(licences)
    if licence and path.resolve().is_relative_to(paths.ASSETS.resolve()):
        raise ToolchainError(
            f"{path} would be committed and shipped, which {licence} of its data forbids: write it outside of {paths.ASSETS}"
        )
