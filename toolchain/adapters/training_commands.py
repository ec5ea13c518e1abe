"""The commands that train LoRAs and calibrations. A recipe says how; what is given on the command line comes before it."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from toolchain import paths
from toolchain.adapters.training_options import (
    Checkpointing,
    Compiled,
    EndWeight,
    OwnCount,
    OwnRate,
    PrecisionName,
    Quantised,
    RecipeName,
    Seed,
    Teacher,
    numbers,
    overridden,
    training_data,
)
from toolchain.console import chosen, show
from toolchain.errors import ToolchainError
from toolchain.folders import refuse_unwritable
from toolchain.log_file import refuse_to_replace

train_app = typer.Typer(no_args_is_help=True, help="Adapters and calibrations.")

STEPS_BETWEEN_EVALUATIONS = 90
"""Of LC++S, whose validation split is that of seven compositions."""


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
    compiled: Compiled = None,
    cocoa: Annotated[Path | None, typer.Option(help="CoCoA-MT train folder, for translation tasks.")] = None,
    texts: Annotated[
        Path | None, typer.Option(help="JSON lines like single_texts.jsonl, for languages and tones.")
    ] = None,
    alone: Annotated[
        bool,
        typer.Option("--texts-alone", help="Train on --texts and --cocoa alone; every tenth text chooses the step."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to write, training_log.json in it too; default assets/adapters/<task>."),
    ] = None,
) -> None:
    """Train the LoRA of one task alone on the real base."""
    from toolchain.adapters.files import LOG_FILE
    from toolchain.adapters.lora import train_lora
    from toolchain.base_model.load import load_base
    from toolchain.base_model.specification import base_model
    from toolchain.data.benchmark import Split, licences
    from toolchain.data.licences import refuse_to_commit
    from toolchain.data.pairs import NOTHING_FURTHER, FurtherTexts, single_task_pairs
    from toolchain.recipe import read_recipe
    from toolchain.tasks import Task, TaskKind

    wanted, folder, further = Task.parse(task), out or paths.ADAPTERS / task, FurtherTexts(cocoa, texts, alone)
    if wanted.kind is TaskKind.MAIN and further != NOTHING_FURTHER:
        raise ToolchainError(
            f"--cocoa and --texts are for languages and tones: {task} is trained on conversations alone"
        )
    if alone and not further.files(wanted):
        raise ToolchainError(f"--texts-alone leaves {task} without a text: give --texts FILE too")
    refuse_to_commit([*([] if alone else licences()), *further.licences(wanted)], folder)
    # Not made before it has an adapter in it: an empty one among the assets would be taken for one.
    refuse_unwritable(folder / LOG_FILE if folder.exists() else folder)
    if out:
        refuse_to_replace(out / LOG_FILE, "an adapter", "training_pairs", "git_commit", "data")
    own = read_recipe(recipe).lora
    training = overridden(own.training, steps, batch_size, learning_rate, precision, gradient_checkpointing, compiled)
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
        str,
        typer.Option(
            help="lc++ or lc; ours: lc++d, lc++f (on from lc++s), lc++m (beside --merge-weights), lc++r (on from lc++f, by its own answers), lc++w."
        ),
    ] = "lc++",
    recipe: RecipeName = None,
    steps: OwnCount = None,
    batch_size: OwnCount = None,
    learning_rate: OwnRate = None,
    seed: Seed = 0,
    precision: PrecisionName = None,
    gradient_checkpointing: Checkpointing = None,
    compiled: Compiled = None,
    with_teacher: Teacher = False,
    further: Annotated[
        bool,
        typer.Option(
            "--further", help="Also train on the benchmark's further conversations; LC++ so trained is lc++-further."
        ),
    ] = False,
    brief: Annotated[
        bool,
        typer.Option("--brief", help="Take the length of an answer off its worth; lc++r so trained is lc++r-brief."),
    ] = False,
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
            help="File to write, its log beside it as .json; default assets/calibrations/<method>/<composition>.safetensors, for another seed "
            "in seed-<seed> there."
        ),
    ] = None,
) -> None:
    """Train the calibration of one composition on the real base and the committed adapters."""
    from toolchain.adapters.calibration import refuse_loss_options, refuse_untrainable, train_calibration
    from toolchain.adapters.calibration_file import read_calibration
    from toolchain.adapters.corrections import CalibrationMethod
    from toolchain.adapters.methods.calibrated import FROM_TWO_STEP, calibration_path, committed_as, start_of
    from toolchain.adapters.methods.scope import trained_with
    from toolchain.base_model.load import load_base
    from toolchain.base_model.specification import base_model
    from toolchain.data.licences import refuse_to_commit
    from toolchain.recipe import read_recipe
    from toolchain.tasks import Composition

    kind, parsed = chosen(CalibrationMethod, "calibration method", method), Composition.parse(composition)
    own = read_recipe(recipe).calibration.of(kind)
    training = overridden(own, steps, batch_size, learning_rate, precision, gradient_checkpointing, compiled)
    weights = None if merge_weights is None else numbers("--merge-weights", merge_weights)
    refuse_untrainable(parsed, kind, weights)
    if two_step and kind is not CalibrationMethod.LC_PLUS_PLUS:
        raise ToolchainError(f"--two-step trains {FROM_TWO_STEP}, not {kind}: use --targets and --out")
    if targets and not out:
        raise ToolchainError(
            "--targets is not what committed calibrations are trained on: say with --out where to write"
        )
    if out and out.suffix != ".safetensors":
        raise ToolchainError(f"--out {out} can be no calibration: name a file that ends in .safetensors")
    if out and out.is_dir():
        raise ToolchainError(f"--out {out} is a directory: name a file, which may lie in it")
    if out and targets and targets.resolve() in (out.resolve(), out.with_suffix(".json").resolve()):
        raise ToolchainError(
            f"--out {out} and the log beside it would take the place of --targets {targets}: give another --out"
        )
    refuse_loss_options(kind, distillation, end_weight, brief)
    data = training_data(parsed, with_teacher, two_step, targets, further)
    schedule = replace(
        training.schedule(len(data.training), seed, keep_best=False),
        distillation=distillation,
        end_weight=end_weight,
        quantised_activations=quantised_activations,
    )
    given = {"--two-step": two_step, "--further": further, "--brief": brief}
    name = committed_as(kind, [option for option, is_given in given.items() if is_given])
    path = out or calibration_path(trained_with(parsed, seed), name)
    refuse_to_commit(data.licences, path)
    start = start_of(parsed, kind, seed)
    refuse_unwritable(path)
    if out:
        refuse_to_replace(out.with_suffix(".json"), "a calibration", "composition", "method", "git_commit")
        if out.exists():
            read_calibration(out, "give another --out, or move it away")
    base = load_base(base_model(), checkpoint_gradients=training.gradient_checkpointing)
    log = train_calibration(base, parsed, kind, schedule, path, data, weights, start, brief)
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
    compiled: Compiled = None,
    with_teacher: Teacher = False,
    end_weight: EndWeight = 1.0,
    quantised_activations: Quantised = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder to write, the log as <task>.json in it; default assets/calibrations/lc++s, for another seed seed-<seed> there."
        ),
    ] = None,
) -> None:
    """Train LC++S, the calibration that all compositions of a main task share; writes a file for each of them."""
    from toolchain.adapters.files import refuse_no_adapter
    from toolchain.adapters.main_task_calibration import METHOD, train_for_main_task
    from toolchain.adapters.methods.calibrated import calibration_path
    from toolchain.adapters.methods.scope import trained_with
    from toolchain.base_model.load import load_base
    from toolchain.base_model.specification import base_model
    from toolchain.data.benchmark import licences
    from toolchain.data.licences import refuse_to_commit
    from toolchain.recipe import read_recipe
    from toolchain.tasks import AUXILIARY_TASKS, MAIN_TASKS, compositions_of

    chosen(MAIN_TASKS, "main task", task)
    own = read_recipe(recipe).calibration.of(METHOD)
    training = overridden(own, steps, batch_size, learning_rate, precision, gradient_checkpointing, compiled)
    compositions = compositions_of(task)
    folder = out or calibration_path(trained_with(compositions[0], seed), METHOD).parent
    refuse_to_commit(licences(), folder)
    refuse_unwritable(folder / f"{task}.json")
    if out:
        refuse_to_replace(out / f"{task}.json", "a calibration", "main_task", "method", "git_commit")
    for needed in (task, *AUXILIARY_TASKS):
        refuse_no_adapter(needed)
    data = {item: training_data(item, with_teacher) for item in compositions}
    schedule = replace(
        training.schedule(sum(len(of_it.training) for of_it in data.values()), seed, keep_best=False),
        evaluate_every=STEPS_BETWEEN_EVALUATIONS,
        end_weight=end_weight,
        quantised_activations=quantised_activations,
    )
    base = load_base(base_model(), checkpoint_gradients=training.gradient_checkpointing)
    log = train_for_main_task(base, task, schedule, folder, data)
    show({key: log[key] for key in ("main_task", "method", "parameters", "best_step", "validation_losses", "seconds")})


@train_app.command("carry-over")
def carry_over_command(task: str, seed: Seed = 0) -> None:
    """Put LC++S of a main task beside adapters that are newer than it, without training; writes a file for each composition of theirs."""
    from toolchain.adapters.carry_over import carry_over
    from toolchain.base_model.specification import base_model
    from toolchain.tasks import MAIN_TASKS

    chosen(MAIN_TASKS, "main task", task)
    log = carry_over(base_model(), task, seed)
    show({key: log[key] for key in ("main_task", "method", "compositions", "trained_beside")})
