"""What the commands that train have in common: their options, and what becomes of them with a recipe."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolchain.adapters.limits import LARGEST_RATE, LARGEST_SEED
from toolchain.base_model.shape import LARGEST
from toolchain.console import chosen
from toolchain.errors import ToolchainError

if TYPE_CHECKING:
    from toolchain.adapters.calibration_data import CalibrationData
    from toolchain.recipe import Training
    from toolchain.tasks import Composition


def _rate(value: float | None) -> float | None:
    """What a range cannot say: above 0, and a number."""
    if value is not None and not 0 < value <= LARGEST_RATE:
        raise typer.BadParameter(f"{value} is not a number above 0 and at most {LARGEST_RATE:g}.")
    return value


OwnCount = Annotated[int | None, typer.Option(min=1, max=LARGEST, show_default="the recipe's")]
OwnRate = Annotated[float | None, typer.Option(callback=_rate, show_default="the recipe's")]
Seed = Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of initialisation, batches and dropout.")]
RecipeName = Annotated[
    str | None, typer.Option("--recipe", help="A recipe's name or .toml file.", show_default="that of the base")
]
PRECISION_HELP = "fp32, or bf16 for the matrix products where that is faster."
PrecisionName = Annotated[str | None, typer.Option("--precision", help=PRECISION_HELP, show_default="the recipe's")]
Checkpointing = Annotated[
    bool | None,
    typer.Option(help="Recompute activations instead of keeping them: less memory.", show_default="the recipe's"),
]
Compiled = Annotated[
    bool | None,
    typer.Option(
        "--compile/--no-compile",
        help="Compile the layers first, which needs a C++ compiler: faster steps.",
        show_default="the recipe's",
    ),
]
Teacher = Annotated[bool, typer.Option("--teacher", help="Also train on the committed teacher targets.")]

EndWeight = Annotated[
    float,
    typer.Option(
        min=0,
        max=4,
        help="What tokens that end a sentence or the answer count in the loss: less than 1 makes longer answers.",
    ),
]
Quantised = Annotated[
    bool, typer.Option("--quantised-activations", help="Train on activations that are rounded as on the device core.")
]


def numbers(option: str, text: str) -> tuple[float, ...]:
    """The numbers of a comma-separated list.

    Raises:
        ToolchainError: it is none, or one of them is infinite or nan.
    """
    try:
        found = tuple(float(number) for number in text.split(","))
    except ValueError:
        found = (math.nan,)
    if not all(map(math.isfinite, found)):
        raise ToolchainError(f"{option} {text!r} is no comma-separated list of numbers: give one such as 1e-3,3e-3")
    return found


def learning_rates(text: str) -> tuple[float, ...]:
    """The learning rates of a comma-separated list.

    Raises:
        ToolchainError: it is none, or one of them is not above 0, or is too large.
    """
    found = numbers("--rates", text)
    if beyond := [rate for rate in found if not 0 < rate <= LARGEST_RATE]:
        raise ToolchainError(
            f"--rates {text!r} holds {beyond[0]}: a learning rate is above 0 and at most {LARGEST_RATE:g}, give one such as 1e-3"
        )
    return found


def overridden(
    own: "Training",
    steps: int | None,
    batch_size: int | None,
    learning_rate: float | None,
    precision: str | None,
    gradient_checkpointing: bool | None,
    compiled: bool | None,
) -> "Training":
    """The recipe's training with what the command was given; in bf16 only where that helps.

    Raises:
        ToolchainError: the precision is none that there is, or nothing can be compiled here.
    """
    from toolchain.adapters.training import Precision
    from toolchain.base_model.compiled_layers import refuse_no_compiler

    training = own.overridden(
        steps=steps,
        batch_size=batch_size,
        learning_rate=learning_rate,
        precision=None if precision is None else chosen(Precision, "precision", precision),
        gradient_checkpointing=gradient_checkpointing,
        compiled=compiled,
    )
    if training.compiled:
        refuse_no_compiler()
    return training.overridden(precision=training.precision.where_it_helps())


def training_data(
    composition: "Composition",
    with_teacher: bool,
    two_step: bool = False,
    targets: Path | None = None,
    further: bool = False,
) -> "CalibrationData":
    """What the command was told to train on: the benchmark's references unless it was given targets."""
    from toolchain.adapters.calibration_data import benchmark_data, target_data
    from toolchain.adapters.teacher import teacher_pairs
    from toolchain.adapters.two_step_targets import two_step_path

    if further and (two_step or targets is not None):
        raise ToolchainError("--further adds references, which --two-step and --targets train without: leave it out")
    if with_teacher + two_step + (targets is not None) > 1:
        raise ToolchainError("--teacher, --two-step and --targets say what to train on: give one of them")
    command = f"toolchain data two-step {composition.name}"
    if two_step:
        return target_data(composition, two_step_path(composition, "single"), command)
    if targets:
        return target_data(composition, targets, f"{command} --out {targets}")
    return benchmark_data(composition, teacher_pairs(composition) if with_teacher else [], further=further)
