"""`toolchain`: parse, call, print. Data on stdout, progress on stderr; exit 0 done, 1 refused with one sentence, 2 wrong usage, 130 interrupted."""

from toolchain import interruption

if __name__ == "__main__":
    interruption.ends_at_once()  # Before the imports below, which take most of a start.

import sys
from typing import NoReturn

import typer

from toolchain import paths
from toolchain.adapters.commands import adapter_app
from toolchain.adapters.methods import commands as baseline_commands
from toolchain.adapters.training_commands import train_app
from toolchain.base_model.commands import model_app
from toolchain.bundle import commands as bundle_commands
from toolchain.console import close_stdout, no_text, open_streams, refusal, show
from toolchain.data.commands import data_app
from toolchain.errors import ToolchainError
from toolchain.evaluation import commands as evaluation_commands
from toolchain.evaluation.reading_commands import reading_app
from toolchain.scale.commands import scale_app

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(model_app, name="model")
app.add_typer(data_app, name="data")
app.add_typer(train_app, name="train")
app.add_typer(adapter_app, name="adapter")
app.add_typer(reading_app, name="reading")
app.add_typer(scale_app, name="scale")
baseline_commands.register(train_app)
evaluation_commands.register(app, train_app)
bundle_commands.register(app)


@app.callback()
def before_every_command() -> None:
    """Refuse a benchmark that is none, but not to say how commands are called."""
    if "--help" not in sys.argv and (benchmark := paths.chosen_benchmark()) and not benchmark.is_dir():
        raise ToolchainError(
            f"TANDEM_BENCHMARK names {benchmark}, which is no folder: make one with `data own` or `data assemble`, or unset it"
        )


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
    from toolchain.golden.answer import answer_cases, repeating_cases
    from toolchain.golden.composition import write_composition_cases
    from toolchain.golden.text import id_cases, rendered_cases, write_jsonl

    write_jsonl(paths.GOLDEN / "answer.jsonl", answer_cases())
    write_jsonl(paths.GOLDEN / "repeating.jsonl", repeating_cases())
    write_jsonl(paths.GOLDEN / "text.jsonl", rendered_cases())
    write_jsonl(paths.GOLDEN / "prompt_ids.jsonl", id_cases(base_model()))
    write_composition_cases(paths.GOLDEN / "compose")
    show({"golden": str(paths.GOLDEN)})


def main() -> None:
    """Entry point: a ToolchainError, or a file or a text that the system refuses, is one sentence on stderr, never a traceback."""
    try:
        with interruption.unwinds():
            open_streams()
            try:
                app(prog_name="toolchain")
            finally:
                close_stdout()
    except ToolchainError as error:
        _refuse(str(error))
    except UnicodeEncodeError as error:
        _refuse(no_text(error))
    except OSError as error:
        # Without a number it is not the system's, but a library's: its traceback says more than it does.
        if error.errno is None:
            raise
        _refuse(refusal(error))


def _refuse(sentence: str) -> NoReturn:
    print(f"error: {sentence}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
