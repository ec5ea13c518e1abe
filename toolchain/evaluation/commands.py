"""The commands that measure: evaluate, report, judge, recommend, train interpolation."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from toolchain import paths
from toolchain.adapters.limits import LARGEST_SEED
from toolchain.adapters.methods.scope import EVERYTHING
from toolchain.console import chosen, named_once, progress, show
from toolchain.errors import ToolchainError
from toolchain.folders import refuse_unwritable, written_beside
from toolchain.tasks import Composition, every_composition

_BF16_HELP = "python-bf16 (half the time, where the processor has it)"
EngineName = Annotated[
    str, typer.Option(help=f"python, {_BF16_HELP}, or device: the built core on an exported bundle.")
]

Compositions = Annotated[str, typer.Option(help="Comma-separated; all: each main task with each auxiliary task.")]
BootstrapSeed = Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")]
_LONGEST_NAME = 200
"""Of a result file, in characters: file systems take 255 bytes, and the answers' name is longer."""


def in_full(named: list[str]) -> list[str]:
    """The compositions that `--compositions` names."""
    return [composition.name for composition in every_composition()] if named == [EVERYTHING.name] else named


def register(app: typer.Typer, train_app: typer.Typer) -> None:
    """Add them to the command line; LC++I is made by measuring, and is a training to its user."""
    train_app.command("interpolation")(train_interpolation_command)
    app.command("evaluate")(evaluate_command)
    app.command("report")(report_command)
    app.command("judge")(judge_command)
    app.command("recommend")(recommend_command)


def evaluate_command(
    compositions: Compositions = "summarize+es",
    methods: Annotated[
        str, typer.Option(help="Comma-separated; lc++@1 is lc++ as seed 1 trained it.")
    ] = "zero-shot,main,merge,two-step,lc,lc++",
    split: Annotated[str, typer.Option(help="test, or validation while choosing.")] = "test",
    limit: Annotated[int | None, typer.Option(min=1, help="First conversations only.")] = None,
    seed: BootstrapSeed = 0,
    engine: EngineName = "python",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Result file, a .jsonl; default docs/results/<compositions>.<split>.<engine>.jsonl, with --limit of first-N."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The rows of the result file instead of a table.")] = False,
) -> None:
    """Compare methods on held-out conversations; the table goes to stdout, the result file to docs/results."""
    from toolchain.adapters.methods.registry import method_named
    from toolchain.adapters.processes import launched
    from toolchain.data.benchmark import Split
    from toolchain.data.held_out import HELD_OUT
    from toolchain.evaluation.engines.open_engine import open_engine
    from toolchain.evaluation.evaluate import Evaluation, evaluate
    from toolchain.evaluation.reporting.result_table import markdown
    from toolchain.evaluation.result_file import is_result_path, refuse_to_replace_what_is_no_result, write_result
    from toolchain.evaluation.results import PART

    methods_named, compositions_named = named_once("--methods", methods), named_once("--compositions", compositions)
    for name in methods_named:
        method_named(name)
    if split not in HELD_OUT:
        raise ToolchainError(f"--split {split!r} is not held out: choose {' or '.join(sorted(HELD_OUT))}")
    part = f"{PART}{limit}" if limit else ""
    target = out or paths.RESULTS / f"{'_'.join(compositions_named)}.{split}{part}.{engine}.jsonl"
    if len(target.name) > _LONGEST_NAME or target.is_dir() or not is_result_path(target):
        raise ToolchainError(
            f"{target} cannot name a result file: want a name in .jsonl, of at most {_LONGEST_NAME} characters, that is no folder's and does "
            "not end in .answers.jsonl or begin with judge.: give one with --out"
        )
    refuse_unwritable(target)
    refuse_to_replace_what_is_no_result(target)
    evaluation = Evaluation(methods_named, in_full(compositions_named), Split(split), limit, seed)
    own = written_beside(target) if launched().first else nullcontext()
    with own, open_engine(engine) as opened:
        result = evaluate(opened, evaluation, paths.cache() / "cells", progress)
        launched().by_the_first(lambda: write_result(target, result))
    if not launched().first:
        return
    if as_json:
        show(result.rows)
    else:
        print(markdown(result))
    progress(f"written to {target}")


def report_command(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Result files, by default those of the test split in docs/results; with --documents the documents, "
            "by default README.md, docs/findings.md, docs/trials.md and assets/README.md."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for report.md and report.html.")] = paths.BUILD / "report",
    documents: Annotated[
        bool, typer.Option("--documents", help="Make the tables inside documents anew instead.")
    ] = False,
) -> None:
    """Result files as Markdown and as one self-contained HTML page, beside the paper's tables."""
    from toolchain.evaluation.reporting.document_tables import DOCUMENTS, with_results
    from toolchain.evaluation.reporting.report import html_report, markdown_report, tables
    from toolchain.evaluation.results import committed_results, read_results, refuse_another_base
    from toolchain.whole_file import write_text_whole

    if documents:
        made = {document: with_results(document) for document in files or DOCUMENTS}
        for document, text in made.items():
            write_text_whole(document, text)
        show({"documents": [str(document) for document in made]})
        return
    refuse_unwritable(out / "report.md")
    results = read_results(files or committed_results())
    refuse_another_base(results)
    found = tables(results)
    write_text_whole(out / "report.md", markdown_report(results, found))
    write_text_whole(out / "report.html", html_report(results, found))
    show({"markdown": str(out / "report.md"), "html": str(out / "report.html")})


def judge_command(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Result files; default those of the test split in docs/results.")
    ] = None,
    methods: Annotated[str, typer.Option(help="Comma-separated.")] = "lc++",
    against: Annotated[str, typer.Option(help="The method that they are compared with.")] = "two-step",
    endpoint: Annotated[
        str | None, typer.Option(help="Base address, ending in /v1, of a server that speaks OpenAI's chat protocol.")
    ] = None,
    model: Annotated[str, typer.Option(help="The judge's name at that server.")] = "judge",
    limit: Annotated[int | None, typer.Option(min=1, help="First conversations of each composition only.")] = None,
    seed: BootstrapSeed = 0,
    yes: Annotated[bool, typer.Option("--yes", help="Send it; without this only the estimate is shown.")] = False,
    out: Annotated[Path, typer.Option(help="Folder for judge.<split>.<engine>.jsonl.")] = paths.RESULTS,
) -> None:
    """Let a language model compare committed answers; the estimate comes first, and nothing is sent without --yes.

    Each comparison is a row of the result file, and of the report: a verdict, or that it was not run and why.
    """
    from toolchain.data.endpoint import Endpoint
    from toolchain.evaluation.judging import Judging, judge_answers
    from toolchain.evaluation.results import committed_results, read_results

    judging = Judging(named_once("--methods", methods), against, limit, seed, send=yes)
    server = Endpoint(endpoint, model) if endpoint else None
    results = read_results(files or committed_results())
    for row in judge_answers(results, judging, server, out, paths.cache() / "cells", progress):
        print(json.dumps(row, ensure_ascii=False))


def recommend_command(
    compositions: Compositions = "summarize+es",
    calibration: Annotated[
        str | None, typer.Option(help="The method whose calibration ships.", show_default="the better one")
    ] = None,
    engine: Annotated[str, typer.Option(help=f"python, or {_BF16_HELP}.")] = "python",
) -> None:
    """Choose calibrations, prompts and recommended modes on the validation split, for the manifest of the next export."""
    from toolchain.adapters.processes import launched
    from toolchain.evaluation.engines.device_engine import DeviceEngine
    from toolchain.evaluation.engines.open_engine import open_engine
    from toolchain.evaluation.recommend import recommend
    from toolchain.recommendations import SHIPPABLE, write_recommendations

    if engine == DeviceEngine.id:
        raise ToolchainError(
            "a bundle has its prompts and calibrations, and recommend chooses them: use --engine python or python-bf16"
        )
    if calibration and calibration not in SHIPPABLE:
        raise ToolchainError(f"no calibration of {calibration!r} can ship: choose from {', '.join(SHIPPABLE)}")
    launched().refuse_several()
    asked = [Composition.parse(name) for name in in_full(named_once("--compositions", compositions))]
    with open_engine(engine) as opened:
        chosen_ones = {item.name: recommend(opened, item, calibration, progress) for item in asked}
    show({"recommendations": str(write_recommendations(chosen_ones))})


def train_interpolation_command(
    task: str,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Whose calibrations to interpolate.")] = 0,
    engine: EngineName = "python-bf16",
) -> None:
    """Make LC++I of all compositions of a main task from their LC++ and LC++S: a point between those and the merge.

    The validation split chooses one point for translations and one for tones.
    """
    from toolchain.adapters.processes import launched
    from toolchain.evaluation.choose_point import choose_points
    from toolchain.evaluation.engines.open_engine import open_engine
    from toolchain.tasks import MAIN_TASKS

    chosen(MAIN_TASKS, "main task", task)
    launched().refuse_several()
    with open_engine(engine) as opened:
        logs = choose_points(opened, task, seed, paths.cache() / "cells", progress)
    show([{key: log[key] for key in ("composition", "method", "parameters", "point")} for log in logs])
