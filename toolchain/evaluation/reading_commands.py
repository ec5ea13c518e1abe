"""The commands of blind readings: readers who are not told whose answers they read."""

from pathlib import Path
from typing import Annotated

import typer

from toolchain import paths
from toolchain.adapters.limits import LARGEST_SEED
from toolchain.console import named_once, progress, show
from toolchain.errors import ToolchainError

reading_app = typer.Typer(
    no_args_is_help=True, help="Blind readings: readers who are not told whose answers they read."
)

PAGE, ITEMS = "read.html", "items.jsonl"
"""In the folder that a reader is given: the page for a person, the same items for a program."""
KEY_SUFFIX = ".key.jsonl"
"""After the folder's name: beside it, for the reader is not to see it."""


@reading_app.command("draw")
def draw_command(
    files: Annotated[list[Path], typer.Argument(help="Result files of one engine; their answers are read.")],
    methods: Annotated[str, typer.Option(help="Comma-separated; lc++@1 is lc++ as seed 1 trained it.")],
    out: Annotated[
        Path, typer.Option(help=f"New folder for the reader; the key goes beside it, to <out>{KEY_SUFFIX}.")
    ],
    against: Annotated[
        str | None, typer.Option(help="Ask which of two answers is better; without it, which tone one has.")
    ] = None,
    compositions: Annotated[
        str | None,
        typer.Option(help="Comma-separated; default: all in the files, to name tones those that end with one."),
    ] = None,
    conversations: Annotated[int, typer.Option(min=1, help="Of each composition, the same for all.")] = 15,
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Of the drawing.")] = 0,
) -> None:
    """Draw answers for a blind reading: a page on which a person reads, and the key, which the reader is not to see."""
    from toolchain.evaluation.blind_files import key_text, shown_text
    from toolchain.evaluation.blind_items import Drawing, draw
    from toolchain.evaluation.judging import refuse_itself
    from toolchain.evaluation.reporting.reading_page import reading_page
    from toolchain.evaluation.results import read_results
    from toolchain.folders import refuse_nameless
    from toolchain.whole_file import write_text_whole

    refuse_nameless(out)
    key = out.with_name(out.name + KEY_SUFFIX)
    if there := next((path for path in (out, key) if path.exists() or path.is_symlink()), None):
        raise ToolchainError(f"{there} is there, perhaps with a reader's work: give another --out, or move it away")
    named, wanted = named_once("--methods", methods), named_once("--compositions", compositions) if compositions else []
    refuse_itself(named, against)
    items = draw(read_results(files), Drawing(named, against, wanted, conversations, seed))
    for path, text in ((key, key_text(items)), (out / ITEMS, shown_text(items)), (out / PAGE, reading_page(items))):
        write_text_whole(path, text)
    progress(f"{len(items.shown)} items: give the reader {out}, and keep {key}")
    show({"page": str(out / PAGE), "items": str(out / ITEMS), "key": str(key)})


@reading_app.command("count")
def count_command(
    key: Annotated[Path, typer.Argument(help="The key that `reading draw` wrote.")],
    verdicts: Annotated[list[Path], typer.Argument(help="What the page saved, of one reader or of several.")],
    reader: Annotated[str, typer.Option(help="Who read, in words: `two colleagues, half of the items each`.")],
    out: Annotated[
        Path | None,
        typer.Option(help="The reading, a *.blind-reading.jsonl; default in docs/results, by the key's name."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Rows of {value, interval, n, …} instead of a table.")
    ] = False,
) -> None:
    """Put readers' verdicts together with the key, keep them as a reading, and print its table."""
    from toolchain.evaluation.blind_files import with_verdicts
    from toolchain.evaluation.counted_readings import counted
    from toolchain.evaluation.readings import READING_SUFFIX, read_reading, write_reading
    from toolchain.evaluation.reporting.reading_tables import reading_table
    from toolchain.folders import refuse_unwritable

    if not reader.strip():
        raise ToolchainError(
            "--reader is blank: say who read, such as `a colleague` or `a language model, not a person`"
        )
    target = out or paths.RESULTS / (key.name.removesuffix(KEY_SUFFIX) + READING_SUFFIX)
    if not target.name.endswith(READING_SUFFIX):
        raise ToolchainError(
            f"{target} cannot name a reading: want a name that ends in {READING_SUFFIX}: give one with --out"
        )
    if target.exists():
        raise ToolchainError(f"{target} is there, with what readers said: give another --out, or move it away")
    refuse_unwritable(target)
    about, items, unread = with_verdicts(key, verdicts)
    if unread:
        progress(f"{unread} of {len(items) + unread} items have no verdict: they are left out")
    write_reading(target, about | {"reader": reader.strip()}, items)
    reading = read_reading(target)
    show(counted(reading)) if as_json else print(reading_table(reading).markdown())
    progress(f"written to {target}")


@reading_app.command("show")
def show_command(
    files: Annotated[list[Path], typer.Argument(help="Readings: *.blind-reading.jsonl.")],
    as_json: Annotated[bool, typer.Option("--json", help="Rows of {value, interval, n, …} by file.")] = False,
) -> None:
    """What readers said: the table of each reading."""
    from toolchain.evaluation.counted_readings import counted
    from toolchain.evaluation.readings import read_reading
    from toolchain.evaluation.reporting.reading_tables import reading_table

    readings = {path: read_reading(path) for path in files}
    if as_json:
        show({str(path): counted(reading) for path, reading in readings.items()})
        return
    for path, reading in readings.items():
        table = reading_table(reading)
        print(f"{path}\n{table.note}\n\n{table.markdown()}\n")
