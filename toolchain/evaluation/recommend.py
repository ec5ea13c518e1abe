"""What validation says about a composition, for its entry in the manifest: its calibration, each mode's prompt, the scores, the recommended mode."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from toolchain import paths
from toolchain.adapters.merging.calibrated import FROM_TWO_STEP, calibration_path
from toolchain.errors import ToolchainError
from toolchain.evaluation.paper import main_metric
from toolchain.evaluation.prompts import prompt_variants
from toolchain.evaluation.result_file import Result
from toolchain.hashing import sha256_file, write_text_whole
from toolchain.json_object import json_object
from toolchain.tasks import Composition, TaskKind

DEFAULT_CALIBRATION = "lc++"
"""Ships where nothing else was recommended; where it was not trained, for want of references, LC++ on two-step's answers does."""
OF_ONE_COMPOSITION = (DEFAULT_CALIBRATION, "lc++f")
"""Which end with the data of their own composition."""
CALIBRATIONS = (*OF_ONE_COMPOSITION, "lc++s", "lc++i")
"""Among which validation chooses what ships."""
SHIPPABLE = (*CALIBRATIONS, FROM_TWO_STEP)
MODES = ("zero-shot", "merge", "two-step")
"""Methods that are modes of a bundle under the same name."""


def recommendations_path() -> Path:
    """Where recommendations are committed; `export` puts them into the manifest."""
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


def comparable_calibrations(composition: Composition) -> tuple[str, ...]:
    """Those that overlap with references can choose among.

    Where a tone is asked for, overlap rises while the tone is lost: what several compositions share, and what was scaled down, is nearer
    to the references and less often in their tone (docs/findings.md, "The tones, read blind"). Only what learned its own tone last is
    compared there.
    """
    return OF_ONE_COMPOSITION if _asks_for_a_tone(composition) else CALIBRATIONS


def _asks_for_a_tone(composition: Composition) -> bool:
    return any(task.kind is TaskKind.TONE for task in composition.tasks)


def better_calibration(result: Result, name: str, candidates: Sequence[str]) -> str:
    """The candidate with the highest sum of what is reported on composition `name`: ROUGE (`main_metric`), chrF, answers in the right language.

    The first of equals. One wrong language in thirty outweighs three points of overlap: it is of no use to who asked.
    """
    values, scores = _values(result, name), _scores(Composition.parse(name))
    return max(candidates, key=lambda method: sum(values[method, score] for score in scores))


def _scores(composition: Composition) -> tuple[str, ...]:
    return main_metric(composition), "chrf", "language"


def recommendation(result: Result, name: str, calibration: str) -> dict[str, Any]:
    """The recommendation for composition `name` from an evaluation of `MODES` and `calibration` on the validation split.

    The recommended mode is the one-pass mode that is best in what is reported (`main_metric`): the user waits half as long as for two
    steps. Where a tone is asked for, it is the calibration: overlap with a reference does not see whether the tone was met, and merges
    often miss it.
    """
    values, composition = _values(result, name), Composition.parse(name)
    metric, scores = main_metric(composition), _scores(composition)
    contract, variants = composition.prompt, prompt_variants(composition)
    comparable = (calibration,) if _asks_for_a_tone(composition) else ("merge", calibration)
    modes = {method: method for method in MODES} | {calibration: "calibrated"}
    prompts = {mode: variants[values[method, "prompt"]] for method, mode in modes.items()}
    return {
        "calibration": calibration,
        "prompt_overrides": {
            mode: prompt for mode, prompt in prompts.items() if prompt != contract and mode != "two-step"
        },
        "validation": {f"{mode}.{score}": values[method, score] for method, mode in modes.items() for score in scores},
        "recommended_mode": modes[max(comparable, key=lambda method: values[method, metric])],
    }


def _values(result: Result, name: str) -> dict[tuple[str, str], Any]:
    return {(row["method"], row["metric"]): row["value"] for row in result.rows if row["composition"] == name}


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
    """Add recommendations to the committed ones."""
    path = recommendations_path()
    write_text_whole(path, json.dumps(_known() | new, indent=1, ensure_ascii=False) + "\n")
    return path
