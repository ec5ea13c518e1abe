"""Where LC++I lies: one point for all translations of a main task and one for all its tones, by the answers to the validation split."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import mean
from typing import Any

from toolchain import paths
from toolchain.adapters.calibration_data import logged_targets
from toolchain.adapters.calibration_file import Calibration, write_calibration
from toolchain.adapters.calibration_logs import licences_beside
from toolchain.adapters.compose import compose, mean_weights
from toolchain.adapters.interpolation import METHOD, POINTS, Point, interpolate
from toolchain.adapters.methods.calibrated import calibration_log_path, calibration_path, read_committed
from toolchain.adapters.methods.method import Method, single_adapters
from toolchain.adapters.methods.scope import trained_with
from toolchain.data.benchmark import Split
from toolchain.data.pairs import validation_pairs
from toolchain.evaluation.engines.cells import Cells
from toolchain.evaluation.engines.engine import Engine, Question
from toolchain.evaluation.evaluate import measure
from toolchain.evaluation.paper import main_metric
from toolchain.evaluation.reporting.costs import chosen_by
from toolchain.hashing import sha256_file
from toolchain.log_file import write_log
from toolchain.provenance import made_with
from toolchain.tasks import Composition, TaskKind, compositions_of

OWN, SHARED = "lc++", "lc++s"


def choose_points(
    engine: Engine, main: str, seed: int, cells: Path, progress: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Write LC++I of every composition of `main`, each with its log, between the calibrations that `seed` trained; returns the logs.

    A group's point is the one with the best mean of the main metric: few conversations say little about one composition.

    Raises:
        ToolchainError: there is no validation split, or one of the calibrations is missing or does not belong to the other.
    """
    kept, made = Cells(cells, progress), made_with()
    groups: dict[TaskKind, list[Composition]] = {}
    for composition in compositions_of(main):
        groups.setdefault(composition.tasks[1].kind, []).append(composition)
    logs = []
    for kind, members in groups.items():
        scores = {point: mean(_score(engine, kept, item, point, seed) for item in members) for point in POINTS}
        chosen = max(scores, key=lambda point: scores[point])
        written = [_write(engine, item, chosen, seed, scores, members, made) for item in members]
        progress(f"{main}, {kind}: {chosen_by(written[0])}")
        logs += written
    return logs


def _score(engine: Engine, kept: Cells, composition: Composition, point: Point, seed: int) -> float:
    pairs = validation_pairs(composition, f"the point of {METHOD} for {composition.name}")
    single = single_adapters(composition)
    made = compose(single, mean_weights(len(single)), _at(composition, point, seed))
    # The engine keeps what it has made by the method's id.
    method = Method(f"{METHOD}-{point.own}-{point.strength}-seed{seed}", lambda _composition: [made])
    answers = kept.answers(engine, Question(method, composition, composition.prompt), Split.VALIDATION, pairs)
    measured = measure([answer.text for answer in answers], pairs, composition)
    return mean(item[main_metric(composition)] for item in measured)


def _sources(composition: Composition, seed: int) -> dict[str, Path]:
    return {method: calibration_path(trained_with(composition, seed), method) for method in (OWN, SHARED)}


def _at(composition: Composition, point: Point, seed: int) -> Calibration:
    own, shared = (read_committed(trained_with(composition, seed), method) for method in (OWN, SHARED))
    return interpolate(own, shared, point)


def _write(
    engine: Engine,
    composition: Composition,
    point: Point,
    seed: int,
    scores: Mapping[Point, float],
    members: Sequence[Composition],
    made: Mapping[str, Any],
) -> dict[str, Any]:
    kept_as, calibration = trained_with(composition, seed), _at(composition, point, seed)
    between = {path: calibration_log_path(kept_as, method) for method, path in _sources(composition, seed).items()}
    licences = licences_beside(composition, between)
    targets = logged_targets(*between.values())
    path = calibration_path(kept_as, METHOD)
    write_calibration(path, calibration)
    log = {
        "composition": composition.name,
        "method": METHOD,
        "parameters": calibration.parameters,
        **engine.base,
        "adapter_sha256": calibration.adapter_sha256,
        "calibration_sha256": sha256_file(path),
        "adapter_licences": licences,
        "between": {str(source.relative_to(paths.CALIBRATIONS)): sha256_file(source) for source in between},
        **({"targets": targets} if any(targets.values()) else {}),
        "point": asdict(point),
        "chosen_for": [item.name for item in members],
        "chosen_by": main_metric(composition),
        "points": [asdict(tried) | {"validation": round(score, 5)} for tried, score in scores.items()],
        "engine": engine.id,
        "seed": seed,
        **made,
    }
    write_log(calibration_log_path(kept_as, METHOD), log)
    return log
