"""Blind readings: what readers who were not told which method wrote an answer say of it.

A file `*.blind-reading.jsonl` begins with a line of what was asked, who read and which items; each other line is an item with its verdict. Either
the tone that a reader who saw nothing else called an answer's, or which of two answers to one conversation is better.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain.data.json_lines import json_lines, read_rows
from toolchain.data.row import Row
from toolchain.errors import ToolchainError
from toolchain.tasks import TONES, Composition
from toolchain.whole_file import write_text_whole

READING_FORMAT = "tandem.reading/1"
READING_SUFFIX = ".blind-reading.jsonl"
TIE = "tie"
_REMEDY = "make it with `toolchain reading count`"
_ABOUT = ("what", "reader", "items")
"""What the first line says: the question, who answered it, and of what it was asked."""


@dataclass(frozen=True)
class ToneVerdict:
    """The tone that a reader called an answer to `id`, whose composition ends with the one that was asked for."""

    id: str
    composition: Composition
    method: str
    verdict: str

    @property
    def tone(self) -> str:
        """What was asked for."""
        return self.composition.ids[-1]


@dataclass(frozen=True)
class Preference:
    """Of two answers to `id` the better one: `method`, `against` or `TIE`."""

    id: str
    composition: Composition
    method: str
    against: str
    better: str

    @property
    def win(self) -> float:
        """1 where `method` is the better one, 0 where `against` is, a tie half."""
        return 0.5 if self.better == TIE else float(self.better == self.method)


@dataclass(frozen=True)
class Reading:
    """`about` is the first line; verdicts of one kind follow."""

    about: dict[str, Any]
    tones: list[ToneVerdict]
    preferences: list[Preference]


def read_reading(path: Path) -> Reading:
    """The verdicts of a file.

    Raises:
        ToolchainError: it is missing or no reading, a line is no verdict, or it has verdicts of both kinds or none.
    """
    rows = read_rows(path, _REMEDY)
    if not rows or rows[0].fields.get("format") != READING_FORMAT:
        raise ToolchainError(f"{path} is no blind reading, whose first line has format {READING_FORMAT!r}: {_REMEDY}")
    about, *items = rows
    for field in _ABOUT:
        about.filled(field)
    verdicts = [verdict_of(row) for row in items]
    preferences = [verdict for verdict in verdicts if isinstance(verdict, Preference)]
    tones = [verdict for verdict in verdicts if isinstance(verdict, ToneVerdict)]
    if bool(preferences) is bool(tones):
        found = "verdicts of two kinds" if tones else "no verdict"
        raise ToolchainError(f"{path} holds {found}, and wants tones or preferences: {_REMEDY}")
    return Reading(about.fields, tones, preferences)


def write_reading(path: Path, about: Mapping[str, Any], items: Sequence[Mapping[str, Any]]) -> None:
    """Write items with their verdicts; `about` says what was asked, who read and which items, and what else there is to say of them."""
    write_text_whole(path, json_lines([{"format": READING_FORMAT, **about}, *items]))


def verdict_of(row: Row) -> ToneVerdict | Preference:
    """What an item with its verdict says; ToolchainError where that is none."""
    return _preference(row) if "better" in row.fields else _tone(row)


def _tone(row: Row) -> ToneVerdict:
    composition = Composition.of(row.text("composition"))
    if composition.ids[-1] not in TONES:
        raise ToolchainError(f"{row.where}: {composition.name} ends with no tone that could be named: {row.remedy}")
    return ToneVerdict(row.identifier("id"), composition, row.filled("method"), row.choice("verdict", TONES))


def _preference(row: Row) -> Preference:
    method, against = row.filled("method"), row.filled("against")
    better = row.choice("better", (method, against, TIE))
    return Preference(row.identifier("id"), Composition.of(row.text("composition")), method, against, better)
