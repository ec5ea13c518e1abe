"""Merge weights that a search has found, one for each task of a composition."""

import json
from collections.abc import Sequence
from pathlib import Path

from toolchain.adapters.methods.fitted import fitted_file
from toolchain.tasks import Composition
from toolchain.whole_file import write_text_whole

FILE = "weights.json"


def write_weights(folder: Path, weights: Sequence[float]) -> None:
    """Keep the weights of a composition's adapters."""
    write_text_whole(folder / FILE, json.dumps(list(weights)) + "\n")


def read_weights(method: str, composition: Composition) -> list[float]:
    """The weights that `method` found.

    Raises:
        ToolchainError: it has not been fitted, or to other adapters.
    """
    path = fitted_file(method, composition, FILE)
    return [float(weight) for weight in json.loads(path.read_text(encoding="utf-8"))]
