"""`toolchain`: parse, call, print. Data on stdout, progress on stderr; exit 0 done, 1 refused with one sentence, 2 wrong usage."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from toolchain import paths
from toolchain.adapters import commands as adapter_commands
from toolchain.adapters.training_commands import train_app
from toolchain.base_model.commands import model_app
from toolchain.bundle import commands as bundle_commands
from toolchain.console import progress, show
from toolchain.errors import ToolchainError
from toolchain.evaluation import commands as evaluation_commands
from toolchain.scale.commands import scale_app

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
data_app = typer.Typer(no_args_is_help=True, help="The benchmark's data.")
app.add_typer(model_app, name="model")
app.add_typer(data_app, name="data")
app.add_typer(train_app, name="train")
app.add_typer(scale_app, name="scale")
adapter_commands.register(app)
evaluation_commands.register(app)
bundle_commands.register(app)


@data_app.command("build")
def data_build(source: Annotated[Path, typer.Argument(help="Folder with our parallel data.")]) -> None:
    """Check the parallel data and put it under assets/benchmark."""
    from toolchain.data.build import build_benchmark

    show(build_benchmark(source))


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
