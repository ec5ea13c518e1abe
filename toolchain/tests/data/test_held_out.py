"""Nothing is trained on a conversation that the benchmark holds out, however it is written."""

import json
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.data.benchmark import Conversation, Split, conversations, single_conversations
from toolchain.data.held_out import refuse_held_out, what_is_said
from toolchain.data.pairs import FurtherTexts, single_task_pairs
from toolchain.data.unlabelled import BENCHMARK_SOURCES, of_the_benchmark
from toolchain.errors import ToolchainError
from toolchain.tasks import TASKS
from toolchain.tests.strategies import LINE_BREAKS
from toolchain.text import Message

HELD_OUT = [item for split in (Split.VALIDATION, Split.TEST) for item in conversations(split)]
COPIES: tuple[Callable[[str], str], ...] = (
    str.upper,
    lambda text: text.replace(" ", "  "),
    lambda text: text.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}"),
    lambda text: f"{text}\N{ZERO WIDTH SPACE}",
    lambda text: text.rstrip(".!?"),
    lambda text: unicodedata.normalize("NFD", text),
)
blanks = st.lists(st.sampled_from([*LINE_BREAKS, " ", "\t", "\u00a0"]), max_size=3).map("".join)


@given(item=st.sampled_from(HELD_OUT), before=blanks, behind=blanks, empty=st.booleans())
def test_white_space_and_empty_messages_make_no_other_conversation(
    item: Conversation, before: str, behind: str, empty: bool
) -> None:
    written = [
        (Message(f"{before}{message.speaker}{behind}", f"{before}{message.text}{behind}"), Message("Zoe", before))
        for message in item.messages
    ]
    messages = list(chain.from_iterable(written)) if empty else [message for message, _ in written]
    with pytest.raises(ToolchainError, match=f"dialogue d is conversation {item.id} of the benchmark's"):
        refuse_held_out([("d", messages)])


@given(item=st.sampled_from(HELD_OUT), copied=st.sampled_from(COPIES))
def test_another_way_to_write_it_makes_no_other_conversation(item: Conversation, copied: Callable[[str], str]) -> None:
    messages = [Message(copied(message.speaker), copied(message.text)) for message in item.messages]
    with pytest.raises(ToolchainError, match=f"dialogue d is conversation {item.id} of the benchmark's"):
        refuse_held_out([("d", messages)])


def test_conversations_of_signs_alone_are_told_apart() -> None:
    assert len({what_is_said([Message("Ana", text)]) for text in ("👍", "🎉", "+", "=")}) == 4


@pytest.mark.parametrize("split", [Split.VALIDATION, Split.TEST])
@pytest.mark.parametrize("side", ["en", "es"])
def test_no_further_text_is_a_reference_that_is_held_out(tmp_path: Path, split: Split, side: str) -> None:
    item = conversations(split)[0]
    line = {"id": "x", "en": "two", "es": "dos"} | {side: f" {item.reference('summarize', side)}\n"}
    path = tmp_path / "texts.jsonl"
    path.write_text(json.dumps(line) + "\n")
    with pytest.raises(ToolchainError, match=f"texts.jsonl: text x is a reference of conversation {item.id} of the"):
        single_task_pairs(TASKS["es"], Split.SINGLE, FurtherTexts(parallel=path))


def test_what_may_be_trained_on_is_not_refused() -> None:
    refuse_held_out((item.id, item.messages) for item in conversations(Split.CALIBRATION))


def test_what_trains_has_no_id_of_what_validates(monkeypatch: pytest.MonkeyPatch) -> None:
    id = conversations(Split.VALIDATION)[0].id
    mine = replace(single_conversations()[0], id=id, where="mine.jsonl line 1")
    monkeypatch.setitem(BENCHMARK_SOURCES, "single", lambda: [mine])
    with pytest.raises(ToolchainError, match=rf"mine\.jsonl line 1: id '{id}' is of the validation split, too"):
        of_the_benchmark("single")
