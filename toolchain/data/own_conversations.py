"""A benchmark whose test split is somebody's own conversations, to measure on them what was trained on this one."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from toolchain import paths
from toolchain.data.benchmark import (
    CONVERSATIONS,
    ENGLISH,
    FURTHER_CONVERSATIONS,
    LICENCE_FILE,
    MAIN_FIELDS,
    SINGLE_CONVERSATIONS,
    SINGLE_TEXTS,
    UNLABELLED_CONVERSATIONS,
    UNSTATED,
    Split,
    further_conversations,
    single_conversations,
    spoken_messages,
    unlabelled_conversations,
)
from toolchain.data.held_out import said_in, what_is_said
from toolchain.data.json_lines import json_lines, read_rows
from toolchain.data.row import Row
from toolchain.errors import ToolchainError
from toolchain.folders import is_empty_folder, refuse_as_target, written_beside
from toolchain.tasks import AUXILIARY_TASKS

_OPTIONAL = {UNLABELLED_CONVERSATIONS: unlabelled_conversations, FURTHER_CONVERSATIONS: further_conversations}
"""Files that a benchmark may do without, and what reads them."""
_REMEDY = "put that right (docs/toolchain.md says what a line holds)"


def make_own_benchmark(file: Path, out: Path) -> dict[str, int]:
    """Write to the new folder `out` this benchmark with `file`'s conversations in place of its test split; returns how many each split has.

    Adapters, calibrations and fitted baselines go with it, to where `TANDEM_BENCHMARK=out` looks for them.

    Raises:
        ToolchainError: `file` is missing or damaged, lacks a reference on one line that another one has, names a conversation as another is
            named, holds one twice, or one of this benchmark that something was trained on or chosen by; `out` is there and no empty folder,
            or lies in what is copied; or something cannot be copied.
    """
    made_here = {
        "adapters": paths.ADAPTERS,
        "calibrations": paths.CALIBRATIONS,
        "results/fitted": paths.RESULTS / "fitted",
        "fitted": paths.cache() / "fitted",
    }
    refuse_as_target(out)
    if out.exists() and not is_empty_folder(out):
        raise ToolchainError(f"{out} is there already: give a folder that is not there yet, or an empty one")
    if around := next((path for path in made_here.values() if out.resolve().is_relative_to(path.resolve())), None):
        raise ToolchainError(f"{out} lies in {around}, which is copied there: give a folder outside of it")
    rows = read_rows(file, _REMEDY)
    if not rows:
        raise ToolchainError(f"{file} holds no conversation: {_REMEDY}")
    benchmarks = read_rows(paths.BENCHMARK / CONVERSATIONS, "restore it")
    _refuse_what_is_known(rows, {row.text("id") for row in benchmarks})
    own = [_line(row) for row in rows]
    _refuse_uneven(rows, own)
    every = [*(row.fields for row in benchmarks if row.text("split") != Split.TEST), *own]
    with written_beside(out) as partial:
        for name in (SINGLE_CONVERSATIONS, SINGLE_TEXTS):
            shutil.copyfile(paths.BENCHMARK / name, partial / name)
        (partial / CONVERSATIONS).write_text(json_lines(every), encoding="utf-8")
        (partial / LICENCE_FILE).write_text(_licence(file, own), encoding="utf-8")
        for place, source in made_here.items():
            if source.is_dir():
                _copy(source, partial / paths.chosen_base() / place)
        partial.rename(out)
    return {split.value: sum(fields["split"] == split for fields in every) for split in Split}


def _line(row: Row) -> dict[str, Any]:
    """A line of the benchmark: what it reads of `row`, checked."""
    references = {field: _references(row, field) for field in MAIN_FIELDS.values() if field in row.fields}
    if not references:
        raise ToolchainError(f"{row.where} has no reference in {' or '.join(MAIN_FIELDS.values())}: {_REMEDY}")
    speaker = row.filled("reply_speaker") if MAIN_FIELDS["reply"] in references else row.optional_text("reply_speaker")
    return {
        "id": row.identifier("id"),
        "split": Split.TEST.value,
        "conversation": [{"speaker": item.speaker, "text": item.text} for item in spoken_messages(row)],
        "reply_speaker": speaker,
        **references,
        "licence": row.optional_text("licence") or UNSTATED,
    }


def _references(row: Row, field: str) -> dict[str, str]:
    found, variants = row.texts(field), (ENGLISH, *AUXILIARY_TASKS)
    if not found or not found.keys() <= set(variants):
        raise ToolchainError(
            f"{row.where}: {field} wants a text for one or more of {', '.join(variants)}, and nothing else: {_REMEDY}"
        )
    return found


def _refuse_uneven(rows: Sequence[Row], own: Sequence[dict[str, Any]]) -> None:
    """See that every line with a reference of a main task has it in the variants that another one has: each variant is measured on all of them."""
    for field in MAIN_FIELDS.values():
        having = [(row, line[field].keys()) for row, line in zip(rows, own, strict=True) if field in line]
        every = set().union(*(variants for _, variants in having))
        for row, variants in having:
            if lacking := sorted(every - variants):
                raise ToolchainError(
                    f"{row.where}: {field} lacks {', '.join(lacking)}, which another line has: give all lines with a {field} the same variants"
                )


def _refuse_what_is_known(rows: Sequence[Row], taken: set[str]) -> None:
    """See that no id is another's, here or in the benchmark, and no conversation another one here or one of the benchmark's other splits."""
    known = said_in(Split.SINGLE, Split.CALIBRATION, Split.VALIDATION)
    beside = {SINGLE_CONVERSATIONS: single_conversations} | {
        name: read for name, read in _OPTIONAL.items() if (paths.BENCHMARK / name).exists()
    }
    for name, read in beside.items():
        known = {what_is_said(item.messages): f"{item.id} of {name}" for item in read()} | known
    here: dict[str, str] = {}
    for row in rows:
        if (id := row.identifier("id")) in taken:
            raise ToolchainError(f"{row.where}: id {id!r} comes twice, here or in {paths.BENCHMARK}: give it another")
        taken.add(id)
        said = what_is_said(spoken_messages(row))
        if (other := here.setdefault(said, id)) != id:
            raise ToolchainError(
                f"{row.where} says what conversation {other!r} of the same file does: take one of them out"
            )
        if found := known.get(said):
            raise ToolchainError(
                f"{row.where} is conversation {found}, by which something here was, or may have been, trained or chosen: take it out"
            )


def _licence(file: Path, own: Sequence[dict[str, Any]]) -> str:
    stated = "; ".join(sorted({line["licence"] for line in own}))
    ours = (paths.BENCHMARK / LICENCE_FILE).read_text(encoding="utf-8")
    return f"{ours}\nNot so the conversations of the test split, which are of {file.name}: {stated}\n"


def _copy(source: Path, target: Path) -> None:
    try:
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(".*.partial", ".*.replaced"))
    except shutil.Error as error:
        (first, *_), *_ = error.args[0]
        raise ToolchainError(f"{first} cannot be copied: remove or restore it, or wait for what writes it") from None
