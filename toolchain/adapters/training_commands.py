"""The commands that train: LoRAs, calibrations, baselines. A recipe says how; what is given on the command line comes before it."""

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolchain import paths
from toolchain.console import chosen, show
from toolchain.errors import ToolchainError
from toolchain.evaluation.commands import EngineName

if TYPE_CHECKING:
    from toolchain.adapters.calibration_data import CalibrationData
    from toolchain.base_model.load import LoadedBase
    from toolchain.recipe import Training
    from toolchain.tasks import Composition

train_app = typer.Typer(no_args_is_help=True, help="Adapters and calibrations.")

_LARGEST_SEED = 2**32 - 1
"""Of NumPy's generators; PyTorch's take more."""


def _rate(value: float | None) -> float | None:
    """What a range cannot say: above 0, and not infinite."""
    if value is not None and not 0 < value < math.inf:
        raise typer.BadParameter(f"{value} is not a finite number above 0.")
    return value


OwnCount = Annotated[int | None, typer.Option(min=1, show_default="the recipe's")]
OwnRate = Annotated[float | None, typer.Option(callback=_rate, show_default="the recipe's")]
Seed = Annotated[int, typer.Option(min=0, max=_LARGEST_SEED, help="Seed of initialisation, batches and dropout.")]
RecipeName = Annotated[
    str | None, typer.Option("--recipe", help="A recipe's name or .toml file.", show_default="that of the base")
]
PrecisionName = Annotated[
    str | None,
    typer.Option("--precision", help="fp32, or bf16 for the matrix products.", show_default="the recipe's"),
]
Checkpointing = Annotated[
    bool | None,
    typer.Option(help="Recompute activations instead of keeping them: less memory.", show_default="the recipe's"),
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

STEPS_BETWEEN_EVALUATIONS = 90
"""Of LC++S, whose validation split is that of seven compositions."""


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


def rates_above_zero(text: str) -> tuple[float, ...]:
    """The learning rates of a comma-separated list.

    Raises:
        ToolchainError: it is none, or one of them is not above 0.
    """
    found = numbers("--rates", text)
    if min(found) <= 0:
        raise ToolchainError(f"--rates {text!r} holds {min(found)}: a learning rate is above 0, such as 1e-3")
    return found


@train_app.command("lora")
def train_lora_command(
    task: str,
    recipe: RecipeName = None,
    rank: OwnCount = None,
    alpha: OwnCount = None,
    dropout: Annotated[float | None, typer.Option(min=0, max=0.99, show_default="the recipe's")] = None,
    steps: OwnCount = None,
    batch_size: OwnCount = None,
    learning_rate: OwnRate = None,
    seed: Seed = 0,
    precision: PrecisionName = None,
    gradient_checkpointing: Checkpointing = None,
    cocoa: Annotated[Path | None, typer.Option(help="CoCoA-MT train folder, for translation tasks.")] = None,
    texts: Annotated[
        Path | None, typer.Option(help="JSON lines like single_texts.jsonl, for languages and tones.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write; default assets/adapters/<task>.")] = None,
) -> None:
    """Train the LoRA of one task alone on the real base."""
    from toolchain.adapters.lora import train_lora
    from toolchain.base_model.load import load_base
    from toolchain.base_model.specification import base_model
    from toolchain.data.benchmark import Split, licences
    from toolchain.data.licences import refuse_to_commit
    from toolchain.data.pairs import NOTHING_FURTHER, FurtherTexts, single_task_pairs
    from toolchain.recipe import read_recipe
    from toolchain.tasks import Task, TaskKind

    wanted, folder, further = Task.parse(task), out or paths.ADAPTERS / task, FurtherTexts(cocoa, texts)
    if wanted.kind is TaskKind.MAIN and further != NOTHING_FURTHER:
        raise ToolchainError(
            f"--cocoa and --texts are for languages and tones: {task} is trained on conversations alone"
        )
    refuse_to_commit([*licences(), *further.licences(wanted)], folder)
    own = read_recipe(recipe).lora
    training = _overridden(own.training, steps, batch_size, learning_rate, precision, gradient_checkpointing)
    examples = len(single_task_pairs(wanted, Split.SINGLE, further))
    base = load_base(base_model(), checkpoint_gradients=training.gradient_checkpointing)
    log = train_lora(
        base,
        wanted,
        training.schedule(examples, seed, keep_best=True),
        own.shape(rank=rank, alpha=alpha, dropout=dropout),
        folder,
        further,
    )
    show({key: log[key] for key in ("task", "adapter_sha256", "best_step", "validation_losses", "seconds")})


@train_app.command("calibration")
def train_calibration_command(
    composition: str,
    method: Annotated[
        str, typer.Option(help="lc++ or lc; ours: lc++d, lc++f (on from lc++s), lc++m (beside --merge-weights), lc++w.")
    ] = "lc++",
    recipe: RecipeName = None,
    steps: OwnCount = None,
    batch_size: OwnCount = None,
    learning_rate: OwnRate = None,
    seed: Seed = 0,
    precision: PrecisionName = None,
    gradient_checkpointing: Checkpointing = None,
    with_teacher: Teacher = False,
    distillation: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of the last task's adapter's distributions in the loss."),
    ] = 0.0,
    end_weight: EndWeight = 1.0,
    quantised_activations: Quantised = False,
    merge_weights: Annotated[
        str | None,
        typer.Option(
            help="A weight for each task's adapter, such as 0.75,0.5. lc++m is trained and composed beside that merge, "
            "lc++f only composed: its losses do not see them."
        ),
    ] = None,
    two_step: Annotated[
        bool,
        typer.Option(
            "--two-step",
            help="Train lc++-two-step: on `data two-step` of the single conversations, instead of on references.",
        ),
    ] = False,
    targets: Annotated[
        Path | None,
        typer.Option(help="Train on this file of `data two-step` or `data targets`, instead of on references."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="File to write; default assets/calibrations/<method>/<composition>.safetensors, for another seed in seed-<seed> there."
        ),
    ] = None,
) -> None:
    """Train the calibration of one composition on the real base and the committed adapters."""
    from toolchain.adapters.calibration import train_calibration
    from toolchain.adapters.corrections import CalibrationMethod
    from toolchain.adapters.merging.calibrated import FROM_TWO_STEP, calibration_path, shared_start
    from toolchain.adapters.merging.scope import trained_with
    from toolchain.base_model.load import load_base
    from toolchain.base_model.specification import base_model
    from toolchain.data.licences import refuse_to_commit
    from toolchain.recipe import read_recipe
    from toolchain.tasks import Composition

    kind, parsed = chosen(CalibrationMethod, "calibration method", method), Composition.parse(composition)
    own = read_recipe(recipe).calibration.training
    training = _overridden(own, steps, batch_size, learning_rate, precision, gradient_checkpointing)
    weights = None if merge_weights is None else numbers("--merge-weights", merge_weights)
    if two_step and kind is not CalibrationMethod.LC_PLUS_PLUS:
        raise ToolchainError(f"--two-step trains {FROM_TWO_STEP}, not {kind}: use --targets and --out")
    if targets and not out:
        raise ToolchainError(
            "--targets is not what committed calibrations are trained on: say with --out where to write"
        )
    if out and out.suffix != ".safetensors":
        raise ToolchainError(f"--out {out} can be no calibration: name a file that ends in .safetensors")
    data = _training_data(parsed, with_teacher, two_step, targets)
    schedule = replace(
        training.schedule(len(data.training), seed, keep_best=False),
        distillation=distillation,
        end_weight=end_weight,
        quantised_activations=quantised_activations,
    )
    path = out or calibration_path(trained_with(parsed, seed), FROM_TWO_STEP if two_step else kind)
    refuse_to_commit(data.licences, path)
    start = shared_start(parsed, seed) if kind is CalibrationMethod.LC_PLUS_PLUS_F else None
    base = load_base(base_model(), checkpoint_gradients=training.gradient_checkpointing)
    log = train_calibration(base, parsed, kind, schedule, path, data, weights, start)
    show(
        {key: log[key] for key in ("composition", "method", "parameters", "best_step", "validation_losses", "seconds")}
    )


@train_app.command("main-task")
def train_main_task_command(
    task: str,
    recipe: RecipeName = None,
    steps: OwnCount = None,
    batch_size: OwnCount = None,
    learning_rate: OwnRate = None,
    seed: Seed = 0,
    precision: PrecisionName = None,
    gradient_checkpointing: Checkpointing = None,
    with_teacher: Teacher = False,
    end_weight: EndWeight = 1.0,
    quantised_activations: Quantised = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to write; default assets/calibrations/lc++s, for another seed seed-<seed> there."),
    ] = None,
) -> None:
    """Train LC++S, the calibration that all compositions of a main task share; writes a file for each of them."""
    from toolchain.adapters.main_task_calibration import METHOD, train_for_main_task
    from toolchain.adapters.merging.calibrated import calibration_path
    from toolchain.adapters.merging.scope import trained_with
    from toolchain.base_model.load import load_base
    from toolchain.base_model.specification import base_model
    from toolchain.data.benchmark import licences
    from toolchain.data.licences import refuse_to_commit
    from toolchain.recipe import read_recipe
    from toolchain.tasks import compositions_of

    _check_main_task(task)
    own = read_recipe(recipe).calibration.training
    training = _overridden(own, steps, batch_size, learning_rate, precision, gradient_checkpointing)
    data = {item: _training_data(item, with_teacher) for item in compositions_of(task)}
    schedule = replace(
        training.schedule(sum(len(of_it.training) for of_it in data.values()), seed, keep_best=False),
        evaluate_every=STEPS_BETWEEN_EVALUATIONS,
        end_weight=end_weight,
        quantised_activations=quantised_activations,
    )
    base = load_base(base_model(), checkpoint_gradients=training.gradient_checkpointing)
    folder = out or calibration_path(trained_with(next(iter(data)), seed), METHOD).parent
    refuse_to_commit(licences(), folder)
    log = train_for_main_task(base, task, schedule, folder, data)
    show({key: log[key] for key in ("main_task", "method", "parameters", "best_step", "validation_losses", "seconds")})


@train_app.command("interpolation")
def train_interpolation_command(
    task: str,
    seed: Annotated[int, typer.Option(min=0, max=_LARGEST_SEED, help="Whose calibrations to interpolate.")] = 0,
    engine: EngineName = "python-bf16",
) -> None:
    """Make LC++I of all compositions of a main task from their LC++ and LC++S: a point between those and the merge.

    The validation split chooses one point for translations and one for tones.
    """
    from toolchain.adapters.processes import launched
    from toolchain.console import progress
    from toolchain.evaluation.choose_point import choose_points
    from toolchain.evaluation.open_engine import open_engine

    _check_main_task(task)
    launched().refuse_several()
    with open_engine(engine) as opened:
        logs = choose_points(opened, task, seed, paths.cache() / "cells", progress)
    show([{key: log[key] for key in ("composition", "method", "parameters", "point")} for log in logs])


def _check_main_task(task: str) -> None:
    from toolchain.tasks import MAIN_TASKS

    if task not in MAIN_TASKS:
        raise ToolchainError(f"{task!r} is no main task: choose from {', '.join(MAIN_TASKS)}")


def _training_data(
    composition: "Composition", with_teacher: bool, two_step: bool = False, targets: Path | None = None
) -> "CalibrationData":
    """What the command was told to train on: the benchmark's references unless it was given targets."""
    from toolchain.adapters.calibration_data import benchmark_data, target_data
    from toolchain.adapters.teacher import teacher_pairs
    from toolchain.adapters.two_step_targets import two_step_path

    if with_teacher + two_step + (targets is not None) > 1:
        raise ToolchainError("--teacher, --two-step and --targets say what to train on: give one of them")
    if two_step:
        targets = two_step_path(composition, "single")
    if targets:
        return target_data(composition, targets)
    return benchmark_data(composition, teacher_pairs(composition) if with_teacher else [])


@train_app.command("baseline")
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
) -> None:
    """Fit a baseline to one composition; its tensors go to the cache, the log with their hashes to docs/results/fitted.

    Steps and batches are those of the recipe's calibration.
    """
    from toolchain.adapters.merging import calibrated
    from toolchain.adapters.merging.budget import Budget
    from toolchain.adapters.merging.fitted import fit_method
    from toolchain.adapters.merging.registry import METHODS
    from toolchain.adapters.merging.scope import EVERYTHING, compositions_in, trained_with
    from toolchain.base_model.load import load_base
    from toolchain.base_model.specification import base_model
    from toolchain.recipe import read_recipe
    from toolchain.tasks import Composition

    if method not in METHODS:
        raise ToolchainError(f"unknown method {method!r}: choose from {', '.join(METHODS)}")
    if method in calibrated.IDS:
        raise ToolchainError(
            f"{method} is a calibration, no baseline: `toolchain train calibration` makes it, or `train main-task` and "
            "`train interpolation` where it is for all compositions of a main task"
        )
    if seed and not METHODS[method].seeded:
        raise ToolchainError(f"{method} is the same with every seed: leave --seed out")
    if seed and METHODS[method].shared:
        raise ToolchainError(f"{method} is kept once, for all compositions: leave --seed out")
    tried = METHODS[method].rates if rates is None else rates_above_zero(rates)
    if METHODS[method].shared and composition != EVERYTHING.name:
        raise ToolchainError(f"method {method!r} is shared by all compositions: give `all` instead of {composition!r}")
    scope = EVERYTHING if METHODS[method].shared else trained_with(Composition.parse(composition), seed)
    own = read_recipe(recipe).calibration.training
    training = _overridden(own, steps, batch_size, None, precision, gradient_checkpointing)
    examples = sum(len(_training_data(item, with_teacher).training) for item in compositions_in(scope))
    schedule = training.schedule(examples, seed, keep_best=True)
    budget = Budget(schedule.steps, schedule.batch_size, tried, evaluations, seed, with_teacher, schedule.precision)

    def load() -> "LoadedBase":
        return load_base(base_model(), checkpoint_gradients=training.gradient_checkpointing)

    log = fit_method(METHODS[method], load, scope, budget)
    shown = ("method", "composition", "parameters", "rate", "weights", "density", "weight", "seconds")
    show({key: log[key] for key in shown if key in log})


def _overridden(
    own: "Training",
    steps: int | None,
    batch_size: int | None,
    learning_rate: float | None,
    precision: str | None,
    gradient_checkpointing: bool | None,
) -> "Training":
    """The recipe's training with what the command was given."""
    from toolchain.adapters.training import Precision

    return own.overridden(
        steps=steps,
        batch_size=batch_size,
        learning_rate=learning_rate,
        precision=precision and chosen(Precision, "precision", precision),
        gradient_checkpointing=gradient_checkpointing,
    )
