"""`train baseline`: fit a method to a composition, as far as its budget goes."""

from typing import TYPE_CHECKING, Annotated

import typer

from toolchain.adapters.training_options import (
    Checkpointing,
    Compiled,
    OwnCount,
    PrecisionName,
    RecipeName,
    Seed,
    Teacher,
    learning_rates,
    overridden,
    training_data,
)
from toolchain.console import chosen, show
from toolchain.errors import ToolchainError

if TYPE_CHECKING:
    from toolchain.base_model.load import LoadedBase


def register(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("baseline")(train_baseline_command)


def train_baseline_command(
    method: str,
    composition: Annotated[str, typer.Argument(help="Or `all`, for a calibration that all compositions share.")],
    recipe: RecipeName = None,
    steps: OwnCount = None,
    batch_size: OwnCount = None,
    rates: Annotated[
        str | None,
        typer.Option(help="Comma-separated learning rates; validation chooses one.", show_default="the method's"),
    ] = None,
    evaluations: Annotated[int, typer.Option(min=1, help="Losses that a gradient-free search may look at.")] = 40,
    seed: Seed = 0,
    with_teacher: Teacher = False,
    precision: PrecisionName = None,
    gradient_checkpointing: Checkpointing = None,
    compiled: Compiled = None,
) -> None:
    """Fit a baseline to one composition; its tensors go to the cache, the log with their hashes to docs/results/fitted.

    Steps and batches are those of the recipe's calibration.
    """
    from toolchain.adapters.methods import calibrated
    from toolchain.adapters.methods.budget import Budget
    from toolchain.adapters.methods.fitted import fit_method
    from toolchain.adapters.methods.registry import METHODS
    from toolchain.adapters.methods.scope import EVERYTHING, compositions_in, trained_with
    from toolchain.base_model.load import load_base
    from toolchain.base_model.specification import base_model
    from toolchain.recipe import read_recipe
    from toolchain.tasks import Composition

    chosen(METHODS, "method", method)
    if method in calibrated.IDS:
        raise ToolchainError(
            f"{method} is a calibration, no baseline: `toolchain train calibration` makes it, or `train main-task` and "
            "`train interpolation` where it is for all compositions of a main task"
        )
    if seed and not METHODS[method].seeded:
        raise ToolchainError(f"{method} is the same with every seed: leave --seed out")
    if seed and METHODS[method].shared:
        raise ToolchainError(f"{method} is kept once, for all compositions: leave --seed out")
    tried = METHODS[method].rates if rates is None else learning_rates(rates)
    if METHODS[method].shared and composition != EVERYTHING.name:
        raise ToolchainError(f"method {method!r} is shared by all compositions: give `all` instead of {composition!r}")
    scope = EVERYTHING if METHODS[method].shared else trained_with(Composition.parse(composition), seed)
    own = read_recipe(recipe).calibration.training
    training = overridden(own, steps, batch_size, None, precision, gradient_checkpointing, compiled)
    examples = sum(len(training_data(item, with_teacher).training) for item in compositions_in(scope))
    budget = Budget(training.schedule(examples, seed, keep_best=True), tried, evaluations, with_teacher)

    def load() -> "LoadedBase":
        return load_base(base_model(), checkpoint_gradients=training.gradient_checkpointing)

    log = fit_method(METHODS[method], load, scope, budget)
    shown = ("method", "composition", "parameters", "rate", "weights", "density", "weight", "seconds")
    show({key: log[key] for key in shown if key in log})
