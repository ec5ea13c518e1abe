"""Outside dialogues: layouts as they are published, splits by id, targets by a teacher on a real local server."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.data.benchmark import Split
from toolchain.data.chat_model import ChatModel
from toolchain.data.dialogue_targets import AuxiliaryModel, make_targets
from toolchain.data.dialogues import LAYOUTS, Dialogue, messages_of, read_dialogues
from toolchain.data.endpoint import Endpoint
from toolchain.data.target_records import read_target_records, target_pairs
from toolchain.errors import ToolchainError
from toolchain.tasks import TASKS, Composition
from toolchain.tests.chat_server import serving
from toolchain.text import Message

EXPECTED = (Message("Ana", "Hi: are you in?"), Message("Ben", "Yes, I am."))
ORIGIN = {"source": "x.json", "licence": "CC BY 4.0"}
COMPOSITION = Composition.parse("summarize+witty+es")
names = st.text("ABCdef #1", min_size=1, max_size=9).map(str.strip).filter(lambda name: name.strip("#"))
lines = st.text("abc: ,?", min_size=1).map(str.strip).filter(bool)


def _write(path: Path, layout: str) -> None:
    text = "Ana: Hi: are you in?\r\nBen: Yes, I am."
    if layout == "samsum":
        path.write_text(json.dumps([{"id": "1", "dialogue": text, "summary": "Ben is in."}]))
    elif layout == "dialogsum":
        hashed = text.replace("Ana", "#Ana#").replace("Ben", "#Ben#").replace("\r", "")
        path.write_text(json.dumps({"fname": "1", "dialogue": hashed, "summary": "Ben is in."}) + "\n")
    elif layout == "jsonl":
        conversation = [{"speaker": message.speaker, "text": message.text} for message in EXPECTED]
        path.write_text(json.dumps({"id": 1, "conversation": conversation, "summary": "Ben is in."}) + "\n")
    else:
        with path.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["user 1 personas", "user 2 personas", "Best Generated Conversation"])
            writer.writerow(["a", "b", text.replace("\r", "") + "\nAna: Good."])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_gives_the_same_dialogue(tmp_path: Path, layout: str) -> None:
    _write(tmp_path / "x", layout)
    (found,) = read_dialogues(tmp_path / "x", layout)
    assert found.messages == EXPECTED
    assert (found.summary, found.reply) == ((None, "Good.") if "persona" in layout else ("Ben is in.", None))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("content", ["{", "[1]", '{"a": 1}', "a,b\n1,2\n"])
def test_what_is_of_another_layout_is_refused(tmp_path: Path, layout: str, content: str) -> None:
    (tmp_path / "x").write_text(content if "," in content or "persona" not in layout else content + "\nrow\n")
    with pytest.raises(ToolchainError, match=layout) as refused:
        read_dialogues(tmp_path / "x", layout)
    assert str(tmp_path / "x") in str(refused.value)


def test_an_id_that_comes_twice_is_refused(tmp_path: Path) -> None:
    row = {"id": "1", "dialogue": "A: b", "summary": "c"}
    (tmp_path / "x").write_text(json.dumps([row, row]))
    with pytest.raises(ToolchainError, match="twice"):
        read_dialogues(tmp_path / "x", "samsum")


@given(st.lists(st.tuples(names, lines), min_size=1, max_size=5))
def test_lines_are_messages(spoken: list[tuple[str, str]]) -> None:
    text = "\n".join(f"{name}: {line}" for name, line in spoken)
    found = messages_of(text)
    assert [message.speaker for message in found] == [name.strip("#") for name, _ in spoken]


def test_splits_depend_on_the_id_alone_and_have_their_shares() -> None:
    splits = [Dialogue(str(number), EXPECTED).split for number in range(2000)]
    assert splits == [Dialogue(str(number), EXPECTED, "other").split for number in range(2000)]
    assert splits.count(Split.CALIBRATION) == pytest.approx(1600, abs=80)
    assert splits.count(Split.SINGLE) == 0
    assert min(splits.count(split) for split in (Split.VALIDATION, Split.TEST)) > 120


def _dialogues(count: int) -> list[Dialogue]:
    return [Dialogue(f"d{number}", EXPECTED, f"summary {number}") for number in range(count)]


def _models(url: str) -> dict[str, AuxiliaryModel]:
    return dict.fromkeys(COMPOSITION.ids[1:], ChatModel(Endpoint(url, "m")))


def _silent(_line: str) -> None:
    pass


def _records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_target_is_the_reference_through_each_task_in_order(tmp_path: Path) -> None:
    def teacher(prompt: str) -> str:
        task = next(task for task in COMPOSITION.tasks[1:] if prompt.startswith(task.prompt.split("{input}")[0]))
        return f" {task.id}({prompt.removeprefix(task.prompt.split('{input}')[0]).split(chr(10))[0]})"

    with serving(teacher) as server:
        make_targets(_dialogues(2), COMPOSITION, _models(server.url), tmp_path / "t", ORIGIN, _silent)
    records = _records(tmp_path / "t")
    assert [row["target"] for row in records] == ["es(witty(summary 0))", "es(witty(summary 1))"]
    assert [row["intermediate"] for row in records] == ["witty(summary 0)", "witty(summary 1)"]
    assert all((row["source"], row["licence"], row["teacher"]) == ("x.json", "CC BY 4.0", "m") for row in records)
    assert {task.id for task in COMPOSITION.tasks} <= TASKS.keys()


def test_a_killed_run_goes_on_behind_the_last_whole_record(tmp_path: Path) -> None:
    path = tmp_path / "t"
    with serving(lambda _: "x") as server:
        models = _models(server.url)
        make_targets(_dialogues(6), COMPOSITION, models, tmp_path / "whole", ORIGIN, _silent)
        make_targets(_dialogues(3), COMPOSITION, models, path, ORIGIN, _silent)
        path.write_bytes(path.read_bytes()[:-9])
        assert make_targets(_dialogues(6), COMPOSITION, models, path, ORIGIN, _silent) == 4
        assert make_targets(_dialogues(6), COMPOSITION, models, path, ORIGIN, _silent) == 0
    assert path.read_bytes() == (tmp_path / "whole").read_bytes()
    records = read_target_records(path, COMPOSITION)
    pairs = [pair.id for split in Split for pair in target_pairs(records, split)]
    assert sorted(pairs) == [f"d{number}" for number in range(6)]


def test_a_dialogue_without_a_reference_has_no_target(tmp_path: Path) -> None:
    with serving(lambda _: "x") as server:
        made = make_targets(
            [Dialogue("d", EXPECTED, None, "a reply", "Ana")],
            COMPOSITION,
            _models(server.url),
            tmp_path / "t",
            ORIGIN,
            _silent,
        )
    assert (made, server.asked) == (0, [])
