"""Put our parallel data under assets/benchmark, checked; afterwards everything reads assets only."""

from pathlib import Path

from toolchain.data.benchmark import (
    CONVERSATIONS,
    ENGLISH,
    FILES,
    MAIN_FIELDS,
    SINGLE_CONVERSATIONS,
    SINGLE_TEXTS,
    Split,
    conversations,
    refuse_repeated_ids,
    single_conversations,
    single_texts,
    spoken_messages,
)
from toolchain.data.held_out import refuse_held_out_references, what_is_said
from toolchain.data.json_lines import read_rows
from toolchain.data.row import Row
from toolchain.errors import ToolchainError
from toolchain.hashing import sha256_file
from toolchain.tasks import AUXILIARY_TASKS
from toolchain.whole_file import written_whole

_VARIANTS = (ENGLISH, *AUXILIARY_TASKS)


def build_benchmark(source: Path, target: Path) -> dict[str, str]:
    """Copy the three files from `source` after checking ids, splits and every field; returns {file: sha256}.

    Raises:
        ToolchainError: a file or a field is missing or of another kind, an id comes twice, a split is unknown, a variant is missing
            or blank, two splits hold the same conversation, or a text that trains is a held-out reference.
    """
    for name in FILES:
        if not (source / name).is_file():
            raise ToolchainError(f"{source / name} is missing: give the folder that holds {', '.join(FILES)}")
        _check_file(source / name)
    _refuse_in_two_splits(source)
    texts = ((text.id, text.variants.values()) for text in single_texts(source))
    refuse_held_out_references(source / SINGLE_TEXTS, texts, _VARIANTS, source)
    hashes = {}
    for name in FILES:
        with written_whole(target / name) as partial:
            partial.write_bytes((source / name).read_bytes())
        hashes[name] = sha256_file(target / name)
    return hashes


def _check_file(path: Path) -> None:
    rows = read_rows(path, "put that right")
    if path.name == CONVERSATIONS and not rows:
        raise ToolchainError(f"{path} holds no conversation: give the folder that holds the benchmark's")
    refuse_repeated_ids(rows)
    for row in rows:
        if path.name == CONVERSATIONS:
            row.choice("split", tuple(Split))
        if path.name in (CONVERSATIONS, SINGLE_CONVERSATIONS):
            _check_spoken(row, parallel=path.name == CONVERSATIONS)
        else:
            for variant in _VARIANTS:
                row.filled(variant)


def _refuse_in_two_splits(source: Path) -> None:
    """See that no conversation comes again, under another id, in another split; the English ones train as `Split.SINGLE` does."""
    every = [(split, item) for split in Split for item in conversations(split, source)]
    every += [(Split.SINGLE, item) for item in single_conversations(source)]
    known: dict[str, tuple[Split, str]] = {}
    for split, item in every:
        other, where = known.setdefault(what_is_said(item.messages), (split, item.where))
        if other is not split:
            raise ToolchainError(
                f"{item.where}, of the {split} split, says what {where} of the {other} split does: take one of them out"
            )


def _check_spoken(row: Row, *, parallel: bool) -> None:
    row.filled("reply_speaker")
    spoken_messages(row)
    for field in MAIN_FIELDS.values():
        if parallel:
            row.texts(field, _VARIANTS)
        else:
            row.filled(field)
