"""Learnable Calibration and what grew from it: the exact mean and a committed calibration, as one LoRA."""

from collections.abc import Callable, Collection
from pathlib import Path

from toolchain import paths
from toolchain.adapters.calibration_file import Calibration, read_calibration, refuse_foreign
from toolchain.adapters.compose import compose, mean_weights
from toolchain.adapters.corrections import CalibrationMethod
from toolchain.adapters.files import Adapter, adapter_hashes
from toolchain.adapters.methods.method import Method, single_adapters
from toolchain.adapters.methods.scope import Repeat, Scope, trained_with
from toolchain.base_model import specification
from toolchain.errors import ToolchainError
from toolchain.tasks import Composition, compositions_of

FROM_TWO_STEP = "lc++-two-step"
"""LC++ that was trained on two-step's own answers to unlabelled conversations, and on no reference."""
FURTHER = "lc++-further"
"""LC++ that was trained on the benchmark's further conversations too."""
BRIEF = "lc++r-brief"
"""LC++R that was trained to answer in fewer words."""

VARIANTS = {
    FROM_TWO_STEP: (CalibrationMethod.LC_PLUS_PLUS, "--two-step"),
    FURTHER: (CalibrationMethod.LC_PLUS_PLUS, "--further"),
    BRIEF: (CalibrationMethod.LC_PLUS_PLUS_R, "--brief"),
}
"""What is another method with other data or another reward: that method, and the option of `train calibration` that makes it this one."""

_ALSO_FURTHER = frozenset({CalibrationMethod.LC_PLUS_PLUS_R.value, BRIEF})
"""What is trained with `--further` and not named after it."""

OF_A_MAIN_TASK: dict[str, str] = {
    CalibrationMethod.LC_PLUS_PLUS_S: "main-task",
    CalibrationMethod.LC_PLUS_PLUS_I: "interpolation",
}
"""The command that makes a method, for all compositions of a main task."""

GOES_ON_FROM = {
    CalibrationMethod.LC_PLUS_PLUS_F: CalibrationMethod.LC_PLUS_PLUS_S,
    CalibrationMethod.LC_PLUS_PLUS_R: CalibrationMethod.LC_PLUS_PLUS_F,
}
"""The method whose calibration each of these begins at."""

_PAPER = {
    CalibrationMethod.LC: "Learnable Calibration",
    CalibrationMethod.LC_PLUS_PLUS: "Learnable Calibration++",
}


def calibration_path(composition: Composition, method: str) -> Path:
    """Where a trained calibration is committed, by the id of its method in `METHODS`."""
    return paths.CALIBRATIONS / method / f"{composition.stored_as}.safetensors"


def calibration_log_path(composition: Scope, method: str) -> Path:
    """Where the log of its training is committed."""
    return log_beside(paths.CALIBRATIONS / method / f"{composition.stored_as}.safetensors", composition, method)


def log_beside(calibration: Path, composition: Scope, method: str) -> Path:
    """Where the log of a composition's calibration lies: beside it, with the main task's name where all its compositions share it."""
    path = calibration.with_suffix(".json")
    return path.with_stem(composition.ids[0]) if method == CalibrationMethod.LC_PLUS_PLUS_S else path


def training_command(composition: Composition, method: str) -> str:
    """What is typed to make the calibration of a composition, or of its repeat."""
    seed = f" --seed {composition.seed}" if isinstance(composition, Repeat) else ""
    if method in OF_A_MAIN_TASK:
        return f"toolchain train {OF_A_MAIN_TASK[method]} {composition.ids[0]}{seed}"
    of = " ".join(VARIANTS.get(method, (method,)))
    further = " --further" if method in _ALSO_FURTHER else ""
    return f"toolchain train calibration {composition.name} --method {of}{further}{seed}"


def committed_as(method: CalibrationMethod, options: Collection[str]) -> str:
    """The id in `METHODS` of what a calibration method makes with these options of `train calibration`."""
    return next((id for id, (of, option) in VARIANTS.items() if of is method and option in options), method)


def read_committed(composition: Composition, method: str) -> Calibration:
    """The committed calibration of a composition, or of its repeat.

    Raises:
        ToolchainError: it is missing or damaged.
    """
    return read_calibration(
        calibration_path(composition, method), f"make it with `{training_command(composition, method)}`"
    )


def start_of(composition: Composition, method: CalibrationMethod, seed: int) -> Path | None:
    """The calibration that the one of a composition and a seed goes on from, where its method goes on from any.

    Raises:
        ToolchainError: there is none.
    """
    if not (begins_at := GOES_ON_FROM.get(method)):
        return None
    main, *_ = composition.ids
    if composition not in compositions_of(main):
        raise ToolchainError(
            f"{composition.name}: {method} goes on from {begins_at}, which is of two tasks: take another --method"
        )
    repeat = trained_with(composition, seed)
    path = calibration_path(repeat, begins_at)
    if not path.is_file():
        command = training_command(repeat, begins_at)
        raise ToolchainError(f"{path} is missing, and {method} goes on from it: make it with `{command}`")
    return path


def _adapters(method: str) -> Callable[[Composition], list[Adapter]]:
    def adapters(composition: Composition) -> list[Adapter]:
        single = single_adapters(composition)
        path = calibration_path(composition, method)
        calibration = read_committed(composition, method)
        refuse_foreign(path, calibration, composition.name, specification.base_model(), adapter_hashes(composition.ids))
        return [compose(single, mean_weights(len(single)), calibration)]

    return adapters


METHODS = [
    *(Method(method.value, _adapters(method), paper=_PAPER.get(method)) for method in CalibrationMethod),
    *(Method(name, _adapters(name)) for name in VARIANTS),
]
IDS = frozenset(method.id for method in METHODS)
