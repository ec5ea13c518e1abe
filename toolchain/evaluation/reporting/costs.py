"""What a method costs: passes, parameters and bytes for each composition, and what fitting it took; read from the committed logs."""

from dataclasses import dataclass
from typing import Any

from toolchain.adapters.methods import calibrated
from toolchain.evaluation.reporting.fittings import NOT_TUNED, measured_fittings
from toolchain.evaluation.results import Results
from toolchain.tasks import Composition


@dataclass(frozen=True)
class Cost:
    """`parameters` are those that a composition adds to the single-task adapters on the phone; shared ones are counted whole.

    None where no log tells them.
    """

    passes: int
    parameters: int | None


def cost(results: Results, engine: str, composition: str, method: str) -> Cost:
    """The cost of a method on a composition that it was measured on: that of its largest training seed.

    Raises:
        ToolchainError: a log is damaged.
    """
    passes = len(Composition.of(composition).tasks) if method == "two-step" else 1
    fittings = measured_fittings(results, engine, composition, method)
    if any(fitting.untold not in ("", NOT_TUNED) for fitting in fittings):
        return Cost(passes, None)
    counts = (int(item.log.get("parameters") or len(item.log.get("weights", ()))) for item in fittings)
    return Cost(passes, max(counts, default=0))


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
