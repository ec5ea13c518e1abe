"""A benchmark of outside dialogues: the targets of several compositions, put together in the form that our own data have."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain.data.benchmark import (
    CONVERSATIONS,
    ENGLISH,
    FILES,
    LICENCE_FILE,
    MAIN_FIELDS,
    SINGLE_CONVERSATIONS,
    SINGLE_TEXTS,
    Split,
)
from toolchain.data.dialogues import percent_of
from toolchain.data.held_out import what_is_said
from toolchain.data.json_lines import json_lines
from toolchain.data.pairs import WRITTEN_TASKS
from toolchain.data.record_file import Record, RecordFile
from toolchain.data.target_records import messages_of_record, read_target_records
from toolchain.errors import ToolchainError
from toolchain.folders import written_beside
from toolchain.tasks import Composition

_MADE_BY = "toolchain data targets"
_SHARED = ("source", "licence")
"""What every line of the benchmark says as its targets do."""


@dataclass(frozen=True)
class _Targets:
    """The file of one composition; its records by dialogue, empty targets left out."""

    path: Path
    composition: Composition
    records: dict[str, Record]

    @property
    def main(self) -> str:
        return self.composition.ids[0]


def assemble(files: Sequence[Path], out: Path, single: int, progress: Callable[[str], None]) -> dict[str, int]:
    """Write the benchmark's files into `out`; returns how many conversations each split has.

    `single` percent of the conversations that would train calibrations train adapters instead, chosen by id alone. A dialogue that some file
    of a main task has no target for is left out of that task.

    Raises:
        ToolchainError: a file is missing, damaged, or holds no references of two tasks; two are of one composition, or differ in what a
            dialogue says, its English reference, source or licence; no dialogue is left; or `out` holds one of the benchmark's files already.
    """
    for name in (*FILES, LICENCE_FILE):
        if (out / name).exists():
            raise ToolchainError(f"{out / name} is there already: move it away, or give another folder")
    read = [_read(path) for path in files]
    _refuse_twice(read)
    rows: dict[str, dict[str, Any]] = {}
    for main in dict.fromkeys(item.main for item in read):
        _add(rows, [item for item in read if item.main == main], single, progress)
    _leave_out_what_other_splits_hold(rows, progress)
    if not rows:
        raise ToolchainError(f"no dialogue has a target in every file of {', '.join(map(str, files))}: make the rest")
    texts = dict.fromkeys((SINGLE_CONVERSATIONS, SINGLE_TEXTS), "") | {
        LICENCE_FILE: _licences(item for targets in read for item in targets.records.values()),
        CONVERSATIONS: json_lines(rows[id] for id in sorted(rows)),
    }
    _write_at_once(texts, out)
    return {split.value: sum(row["split"] == split for row in rows.values()) for split in Split}


def _write_at_once(texts: Mapping[str, str], out: Path) -> None:
    """Put files, their texts by name, into `out` once all are written, so that nothing that ends this before leaves any."""
    is_there = out.is_dir()
    with written_beside(out / CONVERSATIONS if is_there else out) as partial:
        for name, text in texts.items():
            (partial / name).write_text(text, encoding="utf-8")
        if not is_there:
            partial.rename(out)
            return
        for name in texts:
            (partial / name).rename(out / name)


def _read(path: Path) -> _Targets:
    first, *_ = RecordFile(path, _MADE_BY).read() or [{}]
    if not isinstance(first.get("composition"), str):
        raise ToolchainError(f"{path} holds no targets of a composition: make it with `{_MADE_BY}`")
    composition = Composition.parse(first["composition"])
    records = read_target_records(path, composition, _MADE_BY)
    if len(composition.tasks) != WRITTEN_TASKS:
        raise ToolchainError(
            f"{path} is of {composition.name}: a benchmark holds references of {WRITTEN_TASKS} tasks at once"
        )
    if any("adapter_sha256" in record or not record.get("intermediate") for record in records):
        raise ToolchainError(f"{path} holds answers of adapters, not references: make targets with `{_MADE_BY}`")
    return _Targets(path, composition, {record["id"]: record for record in records if record["target"]})


def _refuse_twice(read: Sequence[_Targets]) -> None:
    seen: dict[str, Path] = {}
    for item in read:
        if other := seen.get(item.composition.name):
            raise ToolchainError(f"{other} and {item.path} are both of {item.composition.name}: give one of them")
        seen[item.composition.name] = item.path


def _add(
    rows: dict[str, dict[str, Any]], read: Sequence[_Targets], single: int, progress: Callable[[str], None]
) -> None:
    """The references of one main task to the rows of its dialogues."""
    main = read[0].main
    everywhere = set.intersection(*(set(item.records) for item in read))
    if left_out := len(set.union(*(set(item.records) for item in read)) - everywhere):
        progress(f"{left_out} dialogues have no target in some file of {main} and are left out of it")
    for id in everywhere:
        first = read[0].records[id]
        row = rows.setdefault(id, _row(first, single))
        references = {ENGLISH: first["intermediate"]}
        for item in read:
            record = item.records[id]
            alike = all(record[key] == row[key] for key in _SHARED) and record["conversation"] == row["conversation"]
            if not alike or record["intermediate"] != references[ENGLISH]:
                raise ToolchainError(
                    f"{item.path}: dialogue {id} has another text, English reference, source or licence than in a file "
                    "before it: make all targets of a main task from one file of dialogues, whose ids no other file has"
                )
            references[item.composition.ids[1]] = record["target"]
        row["reply_speaker"] = row["reply_speaker"] or first.get("reply_speaker")
        row[MAIN_FIELDS[main]] = references


def _leave_out_what_other_splits_hold(rows: dict[str, dict[str, Any]], progress: Callable[[str], None]) -> None:
    """Of dialogues that say the same under other ids, as two files may have them, only those of the split that is kept from most."""
    kept_from_most = [split.value for split in (Split.TEST, Split.VALIDATION, Split.CALIBRATION, Split.SINGLE)]
    splits: dict[str, str] = {}
    for id in sorted(rows, key=lambda id: (kept_from_most.index(rows[id]["split"]), id)):
        split = rows[id]["split"]
        if (other := splits.setdefault(what_is_said(messages_of_record(rows[id])), split)) != split:
            progress(f"dialogue {id} says what one of the {other} split says and is left out of {split}")
            del rows[id]


def _row(record: Record, single: int) -> dict[str, Any]:
    shared = {key: record[key] for key in _SHARED}
    split = record["split"]
    # Another text than that which the splits are cut by, or the share would depend on them.
    if split == Split.CALIBRATION and percent_of(f"single {record['id']}") < single:
        split = Split.SINGLE.value
    return {
        "id": record["id"],
        "split": split,
        "conversation": record["conversation"],
        "reply_speaker": record.get("reply_speaker"),
    } | shared


def _licences(records: Iterable[Record]) -> str:
    """One line for each source, licence and teacher."""
    found = {tuple(str(record.get(key)) for key in (*_SHARED, "teacher")) for record in records}
    return "".join(f"{source}: {licence}; targets by {teacher}\n" for source, licence, teacher in sorted(found))
