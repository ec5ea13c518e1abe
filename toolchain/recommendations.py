"""What was chosen on validation for each composition (`toolchain recommend`), as it is committed beside the calibrations; `export` ships it."""

import json
from pathlib import Path
from typing import Any

from toolchain import paths
from toolchain.adapters.methods.calibrated import BRIEF, FROM_TWO_STEP, FURTHER, calibration_path
from toolchain.errors import ToolchainError
from toolchain.hashing import sha256_file
from toolchain.json_object import json_object
from toolchain.tasks import Composition
from toolchain.whole_file import written_whole

DEFAULT_CALIBRATION = "lc++"
"""Ships where nothing else was recommended; where it was not trained, for want of references, LC++ on two-step's answers does."""
TRUE_TO_TONE = (DEFAULT_CALIBRATION, "lc++f")
"""In whose answers blind readers name the tone (docs/findings.md, "The tones, read blind"), and which they like no less than LC++R's."""
CALIBRATIONS = (*TRUE_TO_TONE, FURTHER, "lc++r", BRIEF, "lc++s", "lc++i")
"""Among which validation chooses what ships."""
SHIPPABLE = (*CALIBRATIONS, FROM_TWO_STEP)


def recommendations_path() -> Path:
    """Where they are committed."""
    return paths.CALIBRATIONS / "recommendations.json"


def recommended(composition: Composition) -> dict[str, Any]:
    """What validation chose for a composition, or nothing.

    Raises:
        ToolchainError: the file is damaged.
    """
    return dict(_known().get(composition.name, {}))


def recommended_names() -> list[str]:
    """The compositions that validation chose for.

    Raises:
        ToolchainError: the file is damaged.
    """
    return list(_known())


def refuse_outdated(composition: Composition, calibration: Path) -> None:
    """See that what validation said is of the calibration that ships.

    Raises:
        ToolchainError: it was measured with another file.
    """
    measured = recommended(composition).get("calibration_sha256")
    if measured and measured != sha256_file(calibration):
        raise ToolchainError(
            f"{recommendations_path()} is of another {composition.name} than {calibration}: "
            f"measure it with `toolchain recommend --compositions {composition.name}`"
        )


def shipped_calibration(composition: Composition) -> str:
    """The method whose calibration is the bundle's mode `calibrated`: where nothing was recommended, one that is there."""
    there = (
        method for method in (DEFAULT_CALIBRATION, FROM_TWO_STEP) if calibration_path(composition, method).is_file()
    )
    return str(recommended(composition).get("calibration", next(there, DEFAULT_CALIBRATION)))


def _known() -> dict[str, dict[str, Any]]:
    path = recommendations_path()
    if not path.is_file():
        return {}
    otherwise = "holds no recommendations: restore it, or remove it and run `toolchain recommend`"
    known = json_object(path, otherwise)
    if not all(isinstance(item, dict) for item in known.values()):
        raise ToolchainError(f"{path} {otherwise}")
    return known


def write_recommendations(new: dict[str, dict[str, Any]]) -> Path:
    """Add recommendations to the committed ones.

    Raises:
        ToolchainError: the file is damaged.
    """
    path = recommendations_path()
    with written_whole(path) as partial:
        # Read here: else what another process writes meanwhile would be lost.
        partial.write_text(json.dumps(_known() | new, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
