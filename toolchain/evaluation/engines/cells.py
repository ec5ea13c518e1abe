"""Cells: the answers to one question on one split, kept on disk, so that a killed evaluation goes on where it was."""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from toolchain.data.benchmark import Split
from toolchain.data.pairs import Pair
from toolchain.evaluation.engines.engine import Answer, Engine, Question
from toolchain.json_object import kept_json
from toolchain.whole_file import write_text_whole


@dataclass(frozen=True)
class Cells:
    """A folder of cells. A cell is read back only if engine, base, limits, text rules, adapters, prompt and conversations are the same."""

    folder: Path
    progress: Callable[[str], None]

    def answers(self, engine: Engine, question: Question, split: Split, pairs: Sequence[Pair]) -> list[Answer]:
        """The answers in the order of `pairs`; those that are not there yet are made, and kept as the engine finishes them."""
        path = self.folder / f"{_name(engine, question, split, pairs)}.json"
        done = _read(path)
        if missing := [pair for pair in pairs if pair.id not in done]:
            name = f"{question.composition.name}  {question.method.id}  {split}"
            self.progress(f"{name}: {len(missing)} conversations ({engine.id})")
            started = time.monotonic()
            for answers in engine.answers(question, missing):
                done |= answers
                _write(path, done)
            self.progress(f"{name}: answered in {time.monotonic() - started:.0f} s")
        return [done[pair.id] for pair in pairs]


def asked_of(pairs: Sequence[Pair]) -> list[tuple[Any, ...]]:
    """What answers depend on of the pairs, for a key: the reference is not among it."""
    return [(pair.id, pair.source, pair.reply_speaker) for pair in pairs]


def _name(engine: Engine, question: Question, split: Split, pairs: Sequence[Pair]) -> str:
    digest = hashlib.sha256(repr((engine.key(question), split.value, asked_of(pairs))).encode()).hexdigest()[:16]
    return f"{question.composition.name}.{question.method.id}.{split}.{engine.id}.{digest}"


def _read(path: Path) -> dict[str, Answer]:
    return {key: Answer(**value) for key, value in (kept_json(path) or {}).items()}


def _write(path: Path, answers: dict[str, Answer]) -> None:
    rows = {key: asdict(answer) for key, answer in answers.items()}
    write_text_whole(path, json.dumps(rows, ensure_ascii=False) + "\n")
