"""What a method costs: passes, parameters and bytes for each composition, and what fitting it took; read from the committed logs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain import paths
from toolchain.adapters.methods import calibrated
from toolchain.adapters.methods.fitted import fit_log_path
from toolchain.adapters.methods.registry import METHODS
from toolchain.adapters.methods.scope import EVERYTHING, Scope
from toolchain.log_file import logged
from toolchain.tasks import Composition


@dataclass(frozen=True)
class Cost:
    """`parameters` are those that a composition adds to the single-task adapters on the phone; shared ones are counted whole."""

    passes: int
    parameters: int


def cost(method: str, composition: Composition) -> Cost:
    """The cost of a method on a composition."""
    log = fit_log(method, EVERYTHING if _shared(method) else composition)
    passes = len(composition.tasks) if method == "two-step" else 1
    return Cost(passes, int(log.get("parameters") or len(log.get("weights", ()))))


def fit_log(method: str, scope: Scope) -> dict[str, Any]:
    """The committed log of a fitting; empty where there is none.

    Raises:
        ToolchainError: it is damaged.
    """
    return logged(log_path(method, scope), "a fitting")


def log_path(method: str, scope: Scope) -> Path:
    """Where a method's log of a scope is committed."""
    if method in calibrated.IDS:
        return calibrated.calibration_log_path(scope, method)
    return fit_log_path(method, scope)


def _shared(method: str) -> bool:
    return method in METHODS and METHODS[method].shared


def budget_of(log: dict[str, Any]) -> str:
    """What a fitting was allowed, in words."""
    if "points" in log:
        return f"{len(log['points'])} points between {' and '.join(log['between'])}"
    if "evaluations" in log:
        return f"{log['evaluations']} losses of {log['examples']} examples"
    schedule = log.get("schedule") or log["budget"]
    rates = log.get("rates") or {str(schedule["learning_rate"]): None}
    tried = f"{schedule['steps']} steps of {schedule['batch_size']}, rates {', '.join(rates)}"
    if schedule.get("quantised_activations"):
        tried += ", rounded activations"
    if (weight := schedule.get("end_weight", 1)) != 1:
        tried += f", end weight {weight}"
    if log.get("start_sha256"):
        tried += f", on from {calibrated.GOES_ON_FROM[log['method']]}"
    if reward := log.get("reward"):
        tried += f", by {reward['samples']} answers of its own to each prompt"
        if cost := reward.get("length"):
            tried += f", less {cost} of 1 for every 100 characters"
    if further := log.get("of_which_further"):
        tried += f", with {further} further conversations"
    if targets := log.get("targets"):
        return f"{tried}, on targets of {', '.join(targets['teacher'])}"
    teacher = log.get("of_which_teacher") or log.get("budget", {}).get("teacher")
    return tried + (", with teacher targets" if teacher else "")


def chosen_by(log: dict[str, Any]) -> str:
    """What validation, or a search, has chosen."""
    if point := log.get("point"):
        return f"{point['own']:.0%} LC++, strength {point['strength']}"
    if "density" in log:
        return f"density {log['density']}, weight {log['weight']:.2g}"
    if weights := log.get("weights") or log.get("merge_weights"):
        return "weights " + ", ".join(f"{weight:.2f}" for weight in weights)
    return f"rate {log['rate']}" if "rate" in log else ""


def fitted_scopes(method: str) -> list[Scope]:
    """What a method has a log for: compositions, or all of them at once."""
    if _shared(method):
        return [EVERYTHING] if fit_log(method, EVERYTHING) else []
    if method in calibrated.IDS:
        found = (paths.CALIBRATIONS / method).glob("*+*.safetensors")
    else:
        found = (paths.RESULTS / "fitted" / method).glob("*+*.json")
    return [Composition.parse(path.stem) for path in sorted(found)]
