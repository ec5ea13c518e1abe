"""A benchmark whose test split is somebody's own conversations, to measure on them what was trained on this one."""

import json
import shutil
from pathlib import Path

from toolchain import paths
from toolchain.data.benchmark import (
    CONVERSATIONS,
    FILES,
    LICENCE_FILE,
    MAIN_FIELDS,
    Split,
    conversations,
    single_conversations,
    spoken_messages,
)
from toolchain.data.held_out import as_shown
from toolchain.data.json_lines import read_rows
from toolchain.data.row import Row
from toolchain.errors import ToolchainError
from toolchain.folders import refuse_as_target, take_place, written_beside

UNSTATED = "not stated"
"""The licence of a conversation that says none."""
_REMEDY = "put that right; docs/command-line.md says what a line holds"


def make_held_out_benchmark(file: Path, out: Path) -> dict[str, int]:
    """Write to the new folder `out` this benchmark with `file`'s conversations in place of its test split; returns how many each split has.

    Adapters, calibrations and fitted baselines go with it, to where `TANDEM_BENCHMARK=out` looks for them.

    Raises:
        ToolchainError: `file` is missing or damaged, names a conversation twice, or holds one that something was trained on or chosen by;
            or `out` is there.
    """
    refuse_as_target(out)
    if out.exists():
        raise ToolchainError(f"{out} is there already: give a folder that is not there yet")
    rows = read_rows(file, _REMEDY)
    if not rows:
        raise ToolchainError(f"{file} holds no conversation: {_REMEDY}")
    kept = [row for row in read_rows(paths.BENCHMARK / CONVERSATIONS, "restore it") if row.text("split") != Split.TEST]
    _check(rows, {row.text("id") for row in kept})
    own = [{"licence": UNSTATED} | row.fields | {"split": Split.TEST} for row in rows]
    every = [*(row.fields for row in kept), *own]
    with written_beside(out) as partial:
        for name in {*FILES, LICENCE_FILE} - {CONVERSATIONS}:
            shutil.copyfile(paths.BENCHMARK / name, partial / name)
        lines = (json.dumps(fields, ensure_ascii=False) + "\n" for fields in every)
        (partial / CONVERSATIONS).write_text("".join(lines), encoding="utf-8")
        made = partial / paths.chosen_base()
        for source, copy in (
            (paths.ADAPTERS, made / "adapters"),
            (paths.CALIBRATIONS, made / "calibrations"),
            (paths.RESULTS / "fitted", made / "results" / "fitted"),
            (paths.cache() / "fitted", made / "fitted"),
        ):
            if source.is_dir():
                shutil.copytree(source, copy)
        take_place(partial, out)
    return {split.value: sum(fields["split"] == split for fields in every) for split in Split}


def _check(rows: list[Row], taken: set[str]) -> None:
    known = {
        as_shown(item.messages): f"{item.id} of the {split} split"
        for split in (Split.SINGLE, Split.CALIBRATION, Split.VALIDATION)
        for item in conversations(split)
    } | {as_shown(item.messages): f"{item.id}, which adapters were trained on" for item in single_conversations()}
    for row in rows:
        if (id := row.text("id")) in taken:
            raise ToolchainError(f"{row.where}: id {id!r} comes twice, here or in {paths.BENCHMARK}: give it another")
        taken.add(id)
        row.optional_text("licence")
        if not any(row.texts(field) for field in MAIN_FIELDS.values() if field in row.fields):
            fields = " or ".join(MAIN_FIELDS.values())
            raise ToolchainError(f"{row.where} has no reference in {fields}: {_REMEDY}")
        if MAIN_FIELDS["reply"] in row.fields:
            row.text("reply_speaker")
        if found := known.get(as_shown(spoken_messages(row))):
            raise ToolchainError(f"{row.where} is conversation {found}: take it out, it is not held out")
