"""What a method costs: passes, parameters and bytes for each composition, and what fitting it took; read from the committed logs."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain import paths
from toolchain.adapters.calibration import CalibrationMethod
from toolchain.adapters.merging.calibrated import calibration_path
from toolchain.adapters.merging.fitted import fit_log_path
from toolchain.tasks import Composition

BYTES_PER_PARAMETER = 2
"""fp16."""


@dataclass(frozen=True)
class Cost:
    """`parameters` are those that a composition adds to the single-task adapters on the phone; `log` is of the fitting, or None."""

    passes: int
    parameters: int
    log: dict[str, Any] | None

    @property
    def bytes(self) -> int:
        """Storage of the parameters."""
        return self.parameters * BYTES_PER_PARAMETER


def cost(method: str, composition: Composition) -> Cost:
    """The cost of a method on a composition."""
    path = (
        calibration_path(composition, CalibrationMethod(method)).with_suffix(".json")
        if method in set(CalibrationMethod)
        else fit_log_path(method, composition)
    )
    log = _read(path)
    passes = len(composition.tasks) if method == "two-step" else 1
    return Cost(passes, int(log.get("parameters") or len(log.get("weights", ()))) if log else 0, log)


def budget_of(log: dict[str, Any]) -> str:
    """What a fitting was allowed, in words."""
    if "evaluations" in log:
        return f"{log['evaluations']} losses of {log['examples']} examples"
    schedule = log.get("schedule") or log["budget"]
    rates = log.get("rates") or {str(schedule["learning_rate"]): None}
    tried = f"{schedule['steps']} steps of {schedule['batch_size']}, rates {', '.join(rates)}"
    teacher = log.get("of_which_teacher") or log.get("budget", {}).get("teacher")
    return tried + (", with teacher targets" if teacher else "")


def _read(path: Path) -> dict[str, Any] | None:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def fitted_compositions(method: str) -> list[Composition]:
    """The compositions that a method has a log for."""
    folder = paths.CALIBRATIONS / method if method in set(CalibrationMethod) else paths.RESULTS / "fitted" / method
    names = [path.stem for path in sorted(folder.glob("*+*.json"))]
    return [Composition.parse(name) for name in names]
