"""The files of a blind reading: the items as the reader sees them, the key that says whose answers they are, and the reader's verdicts."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from toolchain.data.json_lines import json_lines, read_rows
from toolchain.data.row import Row
from toolchain.errors import ToolchainError
from toolchain.evaluation.blind_items import FIRST, SECOND, Items
from toolchain.evaluation.readings import TIE, verdict_of
from toolchain.tasks import TONES

_KEY_REMEDY = "give the key that `toolchain reading draw` wrote, or draw anew"
_VERDICT_REMEDY = "give what the page of `toolchain reading draw` saved, or lines of {item, verdict}"
SHOWN_HASH = "shown_sha256"
"""In the key's first line, and with each verdict that the page saves: the hash of what the reader is shown."""


def shown_text(items: Items) -> str:
    """What is shown, as JSON Lines, numbered from 1."""
    return json_lines(_numbered(items.shown))


def key_text(items: Items) -> str:
    """The key as JSON Lines: first what the reading is of and the hash of `shown_text`, then an item a line, numbered as there."""
    return json_lines([items.about | {SHOWN_HASH: shown_hash(items)}, *_numbered(items.key)])


def shown_hash(items: Items) -> str:
    """SHA-256 of `shown_text`: tells one drawing from another."""
    return hashlib.sha256(shown_text(items).encode()).hexdigest()


def _numbered(items: Sequence[Mapping[str, str]]) -> Iterator[dict[str, Any]]:
    return ({"item": number, **item} for number, item in enumerate(items, start=1))


def with_verdicts(key: Path, files: Sequence[Path]) -> tuple[dict[str, Any], list[dict[str, Any]], int]:
    """The key's first line, the items that have a verdict, with it, and how many have none.

    Raises:
        ToolchainError: the key or a verdict is damaged, a verdict is of no item, or of one that has another already, or there is none.
    """
    rows = read_rows(key, _KEY_REMEDY)
    if not rows or SHOWN_HASH not in rows[0].fields:
        raise ToolchainError(f"{key} is no key of a blind reading: {_KEY_REMEDY}")
    about, *items = rows
    of_item = {row.identifier("item"): row for row in items}
    said: dict[str, str] = {}
    for row in (row for file in files for row in read_rows(file, _VERDICT_REMEDY)):
        number, verdict = row.identifier("item"), row.filled("verdict")
        if number not in of_item:
            raise ToolchainError(f"{row.where}: item {number} is none of the {len(items)} of {key}: {_VERDICT_REMEDY}")
        if row.fields.get(SHOWN_HASH, about.text(SHOWN_HASH)) != about.text(SHOWN_HASH):
            raise ToolchainError(
                f"{row.where} is a verdict on other items than those of {key}: give the key of the same drawing"
            )
        if said.setdefault(number, verdict) != verdict:
            raise ToolchainError(
                f"{row.where}: item {number} has another verdict already: give one reader's verdict on each"
            )
    if not said:
        raise ToolchainError(f"{' and '.join(map(str, files))} hold no verdict: {_VERDICT_REMEDY}")
    found = [_with_verdict(of_item[number], said[number]) for number in of_item if number in said]
    return about.fields, found, len(items) - len(found)


def _with_verdict(item: Row, verdict: str) -> dict[str, Any]:
    fields = {name: value for name, value in item.fields.items() if name != "item"}
    if "against" not in fields:
        fields["verdict"] = _one_of(TONES, verdict, item)
    else:
        method, against = item.filled("method"), item.filled("against")
        first = item.choice("shown_first", (method, against))
        named = {FIRST: first, SECOND: against if first == method else method, TIE: TIE}
        fields["better"] = named[_one_of(named, verdict, item)]
    verdict_of(replace(item, fields=fields))  # Before a damaged key becomes a damaged reading.
    return fields


def _one_of(choices: Collection[str], verdict: str, item: Row) -> str:
    if verdict not in choices:
        raise ToolchainError(
            f"item {item.identifier('item')} has the verdict {verdict!r}, not {' or '.join(choices)}: {_VERDICT_REMEDY}"
        )
    return verdict
