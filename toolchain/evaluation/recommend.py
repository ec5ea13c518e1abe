"""`recommend`: what validation chooses for a composition, for its entry in the manifest: calibration, prompts, scores, recommended mode."""

from collections.abc import Callable, Sequence
from typing import Any

from toolchain import paths
from toolchain.adapters.methods.calibrated import calibration_path
from toolchain.adapters.methods.registry import METHODS
from toolchain.data.benchmark import Split
from toolchain.data.pairs import validation_pairs
from toolchain.errors import ToolchainError
from toolchain.evaluation.engines.engine import Engine
from toolchain.evaluation.engines.prompts import prompt_variants
from toolchain.evaluation.evaluate import Evaluation, evaluate
from toolchain.evaluation.paper import main_metric, reported
from toolchain.evaluation.result_file import Result
from toolchain.hashing import sha256_file
from toolchain.recommendations import CALIBRATIONS, TRUE_TO_TONE
from toolchain.tasks import Composition, TaskKind

MODES_BY_METHOD = {method.id: method.mode for method in METHODS.values() if method.mode}
"""The mode of a bundle that each method is, but for `calibrated`: which calibration that is, is what is recommended."""


def recommend(
    engine: Engine, composition: Composition, calibration: str | None, progress: Callable[[str], None]
) -> dict[str, Any]:
    """The recommendation for a composition: with `calibration`, or with the best of the comparable ones that are there.

    Those of other adapters than the ones that are there now are left out, which is said.

    Raises:
        ToolchainError: the composition is a single task, the validation split has no reference of it or nothing to ask, or no calibration of it is
            there; or one was replaced while it was measured.
    """
    name = composition.name
    if composition.is_single_task:
        raise ToolchainError(f"{name} is a single task, which has one mode: recommend a composition, such as {name}+es")
    # Before a calibration is asked for, which would be trained in vain.
    validation_pairs(composition, f"what ships of {name}")
    asked = (calibration,) if calibration else comparable_calibrations(composition)
    there = [method for method in asked if calibration_path(composition, method).is_file()]
    if not calibration:
        there = [method for method in there if _fits(composition, method, progress)]
    if not there:
        raise ToolchainError(
            f"{name} has no calibration of its adapters: train one with `toolchain train calibration {name}`, or recommend "
            "another one that is there with --calibration"
        )
    evaluation = Evaluation([*MODES_BY_METHOD, *there], [name], Split.VALIDATION, limit=None, seed=0)
    files = {method: calibration_path(composition, method) for method in there}
    hashes = {method: sha256_file(path) for method, path in files.items()}
    result = evaluate(engine, evaluation, paths.cache() / "cells", progress)
    if replaced := next((path for method, path in files.items() if sha256_file(path) != hashes[method]), None):
        raise ToolchainError(
            f"{replaced} changed while it was measured: run the same command again, which keeps what still holds"
        )
    better = better_calibration(result, name, there)
    return recommendation(result, name, better) | {
        "engine": engine.id,
        "calibration_sha256": hashes[better],
        "git_commit": result.meta["git_commit"],
    }


def _fits(composition: Composition, method: str, progress: Callable[[str], None]) -> bool:
    try:
        METHODS[method].adapters(composition)
    except ToolchainError as error:
        progress(f"{composition.name}  {method} is left out: {error}")
        return False
    return True


def comparable_calibrations(composition: Composition) -> tuple[str, ...]:
    """Those that overlap with references can choose among.

    Where a tone is asked for, overlap rises while the tone is lost: what several compositions share, what was scaled down and what was
    trained on the further conversations is nearer to the references and less often in their tone. Only what readers found true to it is
    compared there, and not what learned by overlap itself.
    """
    return TRUE_TO_TONE if _asks_for_a_tone(composition) else CALIBRATIONS


def _asks_for_a_tone(composition: Composition) -> bool:
    return any(task.kind is TaskKind.TONE for task in composition.tasks)


def better_calibration(result: Result, name: str, candidates: Sequence[str]) -> str:
    """The candidate with the highest sum of what is reported on composition `name`: ROUGE (`main_metric`), chrF, answers in the right language.

    The first of equals. One wrong language in thirty outweighs three points of overlap: it is of no use to who asked.
    """
    values, scores = _values(result, name), reported(Composition.parse(name))
    return max(candidates, key=lambda method: sum(values[method, score] for score in scores))


def recommendation(result: Result, name: str, calibration: str) -> dict[str, Any]:
    """The recommendation for composition `name` from an evaluation of `MODES_BY_METHOD` and `calibration` on the validation split.

    The recommended mode is the one-pass mode that is best in what is reported (`main_metric`): the user waits half as long as for two
    steps. Where a tone is asked for, it is the calibration: overlap with a reference does not see whether the tone was met, and merges
    often miss it.
    """
    values, composition = _values(result, name), Composition.parse(name)
    metric, scores = main_metric(composition), reported(composition)
    contract, variants = composition.prompt, prompt_variants(composition)
    comparable = (calibration,) if _asks_for_a_tone(composition) else ("merge", calibration)
    modes = MODES_BY_METHOD | {calibration: "calibrated"}
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
