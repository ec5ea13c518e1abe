"""The fittings that were measured: the committed log of each method, composition and training seed that result files have answers of."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain.adapters.methods import calibrated
from toolchain.adapters.methods.fitted import fit_log_path
from toolchain.adapters.methods.registry import METHODS, id_and_seed
from toolchain.adapters.methods.scope import EVERYTHING, Scope, trained_with
from toolchain.evaluation.results import Results
from toolchain.log_file import logged
from toolchain.tasks import Composition

NOT_TUNED = "none: the usual setting, not tuned"
NO_LOG = "not known: it has no log"
ANOTHER = "not known: its log is of another base or other adapters than were measured"


@dataclass(frozen=True)
class Fitting:
    """What was fitted, by the name that its answers have (`lc++@1`), and its log; where that says nothing of it, `untold` says why."""

    method: str
    scope: Scope
    path: Path
    log: dict[str, Any]
    untold: str = ""


def measured_fittings(results: Results, engine: str, composition: str, method: str) -> list[Fitting]:
    """Of each measured training seed of a method on a composition; of one that is shared, the one for all compositions.

    Nothing of a method that is not measured there, learns nothing or is not in the registry.

    Raises:
        ToolchainError: a log is damaged.
    """
    names = results.repeats(engine, composition, method)
    if method not in METHODS or not (method in calibrated.IDS or METHODS[method].fit):
        return []
    of = Composition.of(composition)
    shared = METHODS[method].shared
    scopes = {name: EVERYTHING if shared else trained_with(of, id_and_seed(name)[1]) for name in names}
    return [_fitting(results.metas.values(), method, name, scope) for name, scope in scopes.items()]


def _fitting(metas: Collection[Mapping[str, Any]], method: str, name: str, scope: Scope) -> Fitting:
    path = calibrated.calibration_log_path(scope, method) if method in calibrated.IDS else fit_log_path(method, scope)
    log = logged(path, "a fitting")
    if not log:
        # Only merges that have a usual setting are the same with every seed; they answer without a log.
        return Fitting(name, scope, path, {}, NO_LOG if METHODS[method].seeded else NOT_TUNED)
    return Fitting(name, scope, path, log, "" if all(_made_of(log, meta) for meta in metas) else ANOTHER)


def _made_of(log: Mapping[str, Any], meta: Mapping[str, Any]) -> bool:
    """Whether a log and the header of a result file are of the same base and adapters, as far as both say."""
    said, measured = _hashes(log), _hashes(meta)
    return all(said[name] == measured[name] for name in said.keys() & measured.keys())


def _hashes(of: Mapping[str, Any]) -> dict[str, Any]:
    adapters = of.get("adapter_sha256")
    base = {key: of[key] for key in ("base_sha256", "base_text_sha256") if key in of}
    return base | (adapters if isinstance(adapters, dict) else {})
