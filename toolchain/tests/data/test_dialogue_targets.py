"""Targets of outside dialogues: each reference through the models of the other tasks, kept one by one, with where it comes from."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toolchain.cli import app
from toolchain.data import endpoint
from toolchain.data.benchmark import Split
from toolchain.data.chat_model import ONLY, ChatModel
from toolchain.data.dialogue_targets import AuxiliaryModel, Unanswered, make_targets
from toolchain.data.dialogues import Dialogue
from toolchain.data.endpoint import Endpoint
from toolchain.data.estimate import Estimate
from toolchain.data.pairs import Pair
from toolchain.data.target_records import read_target_records, target_pairs
from toolchain.errors import ToolchainError
from toolchain.tasks import TASKS, Composition, Task
from toolchain.tests.chat_server import serving
from toolchain.tests.tiny import silent
from toolchain.text import Message, fill

SPOKEN = (Message("Ana", "Hi: are you in?"), Message("Ben", "Yes, I am."))
ORIGIN = {"source": "x.json", "licence": "CC BY 4.0"}
COMPOSITION = Composition.parse("summarize+witty+es")
AUXILIARY = COMPOSITION.tasks[1:]


def _dialogues(count: int) -> list[Dialogue]:
    return [Dialogue(f"d{number}", SPOKEN, f"summary {number}") for number in range(count)]


def _models(url: str) -> dict[str, AuxiliaryModel]:
    return dict.fromkeys(COMPOSITION.ids[1:], ChatModel(Endpoint(url, "m")))


def _records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_target_is_the_reference_through_each_task_in_order(tmp_path: Path) -> None:
    def teacher(prompt: str) -> str:
        task = next(task for task in COMPOSITION.tasks[1:] if prompt.startswith(task.prompt.split("{input}")[0]))
        return f" {task.id}({prompt.removeprefix(task.prompt.split('{input}')[0]).split(chr(10))[0]})"

    with serving(teacher) as server:
        make_targets(_dialogues(2), COMPOSITION, _models(server.url), tmp_path / "t", ORIGIN, silent)
    records = _records(tmp_path / "t")
    assert [row["target"] for row in records] == ["es(witty(summary 0))", "es(witty(summary 1))"]
    assert [row["intermediate"] for row in records] == ["witty(summary 0)", "witty(summary 1)"]
    assert all((row["source"], row["licence"], row["teacher"]) == ("x.json", "CC BY 4.0", "m") for row in records)
    assert {task.id for task in COMPOSITION.tasks} <= TASKS.keys()


def test_a_reference_becomes_one_line_and_no_more_are_sent_than_the_most_careful_model_wants(tmp_path: Path) -> None:
    models, sent = {"witty": _Refusing(set(), 3), "es": _Refusing(set(), 2)}, list[int]()
    for model in models.values():
        model.asked = sent
    dialogues = [replace(item, summary=f" {item.summary}\r\nSo.\n") for item in _dialogues(4)]
    make_targets(dialogues, COMPOSITION, models, tmp_path / "t", ORIGIN, silent)
    assert sent == [2] * 4
    assert [row["intermediate"] for row in _records(tmp_path / "t")] == [
        f"witty: summary {number} So." for number in range(4)
    ]


def test_a_killed_run_goes_on_behind_the_last_whole_record(tmp_path: Path) -> None:
    path = tmp_path / "t"
    with serving(lambda _: "x") as server:
        models = _models(server.url)
        make_targets(_dialogues(6), COMPOSITION, models, tmp_path / "whole", ORIGIN, silent)
        make_targets(_dialogues(3), COMPOSITION, models, path, ORIGIN, silent)
        path.write_bytes(path.read_bytes()[:-9])
        assert make_targets(_dialogues(6), COMPOSITION, models, path, ORIGIN, silent) == 4
        assert make_targets(_dialogues(6), COMPOSITION, models, path, ORIGIN, silent) == 0
    assert path.read_bytes() == (tmp_path / "whole").read_bytes()
    records = read_target_records(path, COMPOSITION, "x")
    pairs = [pair.id for split in Split for pair in target_pairs(records, split)]
    assert sorted(pairs) == [f"d{number}" for number in range(6)]


def test_a_file_of_another_source_of_the_same_name_is_not_added_to(tmp_path: Path) -> None:
    target = tmp_path / "t"
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        spoken = [{"speaker": "Ana", "text": "Hi."}]
        row = {"id": "1", "conversation": spoken, "summary": f"Of {folder}.", "reply": "r", "reply_speaker": "B"}
        (tmp_path / folder / "d.jsonl").write_text(json.dumps(row) + "\n")

    def make(folder: str) -> None:
        source = ["data", "targets", str(tmp_path / folder / "d.jsonl"), "summarize+es", "--licence", "MIT"]
        app([*source, "--endpoint", server.url, "--model", "m", "--out", str(target)], standalone_mode=False)

    with serving(lambda _: "x") as server:
        make("one")
        before = target.read_bytes()
        make("one")
        assert target.read_bytes() == before
        with pytest.raises(ToolchainError, match="source_sha256"):
            make("two")
    assert target.read_bytes() == before


def test_a_record_says_of_its_file_the_name_alone_and_the_first_dialogues_are_the_limit(tmp_path: Path) -> None:
    rows = [{"id": f"{number}", "conversation": [{"text": f"Hi {number}."}], "summary": "s"} for number in range(3)]
    (tmp_path / "d.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with serving(lambda _: "x") as server:
        given = ["--licence", " MIT ", "--limit", "2", "--endpoint", server.url, "--model", "m"]
        source = ["data", "targets", str(tmp_path / "d.jsonl"), "summarize+es"]
        app([*source, *given, "--out", str(tmp_path / "t")], standalone_mode=False)
    found = [(row["id"], row["source"], row["licence"]) for row in _records(tmp_path / "t")]
    assert found == [("0", "d.jsonl", "MIT"), ("1", "d.jsonl", "MIT")]


def test_a_file_that_says_no_hash_can_be_trained_on(tmp_path: Path) -> None:
    """Files of earlier versions."""
    with serving(lambda _: "x") as server:
        make_targets(_dialogues(20), COMPOSITION, _models(server.url), tmp_path / "t", ORIGIN, silent)
    rows = _records(tmp_path / "t")
    for row in rows:
        del row["teacher_sha256"]
    (tmp_path / "t").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert target_pairs(read_target_records(tmp_path / "t", COMPOSITION, "x"), Split.CALIBRATION)


def test_dialogues_without_a_reference_are_refused(tmp_path: Path) -> None:
    dialogue, out = Dialogue("d", SPOKEN, None, "a reply", "Ana"), tmp_path / "t"
    said = pytest.raises(ToolchainError, match="none of the 1 dialogues has a summary")
    with serving(lambda _: "x") as server, said:
        make_targets([dialogue], COMPOSITION, _models(server.url), out, ORIGIN, silent)
    assert not server.asked
    assert not out.exists()


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    alone = (Message("Ana", "Anybody?"),)
    dialogues = [
        Dialogue("no reply", SPOKEN, "s", " "),
        Dialogue("nobody else", alone, None, "r"),
        Dialogue("no text", (Message("Ana", " "),), None, "r", "Ben"),
        Dialogue("named", alone, None, "r", "Ben"),
    ]
    with serving(lambda _: "x") as server:
        models = _models(server.url)
        composition = Composition.parse("reply+es")
        assert make_targets(dialogues, composition, models, tmp_path / "t", ORIGIN, said.append) == 1
    assert [row["id"] for row in _records(tmp_path / "t")] == ["named"]
    assert said[:2] == [
        "1 of 4 dialogues have no reply and are left out",
        "2 of 3 conversations have no text, or nobody who could reply, and are left out",
    ]


def test_what_a_server_will_be_asked_is_said_before_it_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "t"

    def first_said(dialogues: Sequence[Dialogue]) -> str | None:
        said: list[str] = []
        make_targets(dialogues, COMPOSITION, _models(server.url), path, ORIGIN, said.append)
        return next((line for line in said if "calls" in line), None)

    def expected(sent: Sequence[Dialogue]) -> str:
        prompts = [[fill(task.prompt + ONLY, item.summary or "", None) for item in sent] for task in AUXILIARY]
        tokens = sum(sum(map(len, of_a_task)) // 4 for of_a_task in prompts)
        return f"m for {len(sent)} dialogues: {2 * len(sent)} calls, about {tokens} tokens sent and at most"

    with serving(lambda _: "x") as server:
        assert str(first_said(_dialogues(3))).startswith(expected(_dialogues(3)))
        assert len(server.asked) == 6
        assert str(first_said(_dialogues(5))).startswith(expected(_dialogues(5)[3:]))
        assert len(server.asked) == 10
        assert first_said(_dialogues(5)) is None
    local = {task.id: _Refusing(set(), 2) for task in AUXILIARY}
    said: list[str] = []
    make_targets(_dialogues(2), COMPOSITION, local, tmp_path / "local", ORIGIN, said.append)
    assert not any("calls" in line for line in said)


def test_dialogues_that_nobody_can_be_asked_about_are_refused(tmp_path: Path) -> None:
    dialogue, out = Dialogue("d", SPOKEN[:1], None, "a reply"), tmp_path / "t"
    said = pytest.raises(
        ToolchainError, match="none of the 1 dialogues with a reply has a text and, for a reply, somebody"
    )
    with serving(lambda _: "x") as server, said:
        make_targets([dialogue], Composition.parse("reply+es"), _models(server.url), out, ORIGIN, silent)
    assert not out.exists()


def test_a_run_without_any_answer_is_refused_and_one_with_an_earlier_answer_is_not(tmp_path: Path) -> None:
    path, spanish = tmp_path / "t", Composition.parse("summarize+es")
    with pytest.raises(ToolchainError, match="none of the 2 dialogues has an answer"):
        make_targets(_dialogues(2), spanish, {"es": _Refusing({"summary 0", "summary 1"}, 1)}, path, ORIGIN, silent)
    models = {"es": _Refusing({"summary 1"}, 1)}
    assert [make_targets(_dialogues(2), spanish, models, path, ORIGIN, silent) for _ in range(2)] == [1, 0]


@pytest.mark.parametrize(
    ("content", "finish_reason", "said"),
    [
        ("half a", "length", "cut at 2048 tokens"),
        ("Sure! Here it is:\n\nHola", "stop", "several lines"),
        ("", "content_filter", "content filter"),
        ("half a", "error", "its server ended the answer with 'error'"),
        ("half a", "abort", "'abort'"),
        (None, "stop", "answered with nothing"),
        (" <think>x</think> ", "stop", "answered with nothing"),
        ("Ho\0la", "stop", "control character"),
        ("\x1b[1mHola", "stop", "control character"),
    ],
)
def test_what_is_no_whole_answer_is_left_out_and_asked_for_again(
    tmp_path: Path, content: str | None, finish_reason: str, said: str
) -> None:
    choice = {"message": {"content": content}, "finish_reason": finish_reason}
    told: list[str] = []
    with serving(lambda _: "x") as server:
        models = _models(server.url)
        make_targets(_dialogues(1), COMPOSITION, models, tmp_path / "t", ORIGIN, silent)
        server.raw = json.dumps({"choices": [choice]}).encode()
        assert make_targets(_dialogues(2), COMPOSITION, models, tmp_path / "t", ORIGIN, told.append) == 0
        *_, left_out, count = told
        assert left_out.startswith("dialogue d1 is left out: m, asked for witty: ")
        assert said in left_out
        assert "summary 1" not in "".join(told)
        assert count == "1 of 2 dialogues have no target: the same command asks about them again"
        server.raw = None
        assert make_targets(_dialogues(2), COMPOSITION, models, tmp_path / "t", ORIGIN, silent) == 1
    assert [row["target"] for row in _records(tmp_path / "t")] == ["x", "x"]


class _Refusing:
    """A model that gives no answer whenever one of `refused` is among the texts; it counts those of each time that it is `asked`."""

    name, sha256 = "m", None

    def __init__(self, refused: set[str], batch_size: int) -> None:
        self.refused, self.batch_size = refused, batch_size
        self.asked: list[int] = []

    def rewritten(self, task: Task, texts: Sequence[str]) -> list[str]:
        self.asked.append(len(texts))
        if self.refused & set(texts):
            raise Unanswered("it does not want to")
        return [f"{task.id}: {text}" for text in texts]

    def expected(self, task: Task, texts: Sequence[str]) -> Estimate:
        return Estimate()

    def template(self, task: Task) -> str:
        return task.prompt


@given(refused=st.sets(st.integers(0, 24), max_size=9), batch_size=st.integers(1, 8))
@example(refused=set(range(0, 25, 2)), batch_size=1)  # More than end the command, but never so many in a row.
def test_one_without_an_answer_costs_no_other_its_target(
    tmp_path_factory: pytest.TempPathFactory, refused: set[int], batch_size: int
) -> None:
    path, spanish = tmp_path_factory.mktemp("refused") / "t", Composition.parse("summarize+es")
    models = {"es": _Refusing({f"summary {number}" for number in refused}, batch_size)}
    assert make_targets(_dialogues(25), spanish, models, path, ORIGIN, silent) == 25 - len(refused)
    assert [row["id"] for row in _records(path)] == [f"d{number}" for number in range(25) if number not in refused]


@pytest.mark.parametrize("batch_size", [1, 2, 16])
def test_ten_in_a_row_without_an_answer_end_the_command_and_what_was_made_is_kept(
    tmp_path: Path, batch_size: int
) -> None:
    path, spanish = tmp_path / "t", Composition.parse("summarize+es")
    models = {"es": _Refusing({f"summary {number}" for number in range(3, 25)}, batch_size)}
    with pytest.raises(Unanswered, match="10 dialogues in a row, the last one d12: it does not want to"):
        make_targets(_dialogues(25), spanish, models, path, ORIGIN, silent)
    assert [row["id"] for row in _records(path)] == ["d0", "d1", "d2"]


def test_the_dialogue_that_a_server_always_fails_at_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "LONGEST_PAUSE_SECONDS", 0)
    with serving(lambda _: "x") as server:
        models = _models(server.url)
        make_targets(_dialogues(1), COMPOSITION, models, tmp_path / "t", ORIGIN, silent)
        server.failures = [500] * 5
        with pytest.raises(ToolchainError, match=r"dialogue d1: .* answered 500 5 times in a row"):
            make_targets(_dialogues(3), COMPOSITION, models, tmp_path / "t", ORIGIN, silent)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"split": None}, "split is null"),
        ({"split": "train"}, "split is none of single, calibration"),
        ({"conversation": None}, "conversation is null"),
        ({"conversation": []}, "no message with a text"),
        ({"target": 5}, "target is a number"),
        ({"licence": None}, "licence is null"),
        ({"source": 5}, "source is a number"),
        ({"composition": ["x"]}, "composition is a list"),
        ({"adapter_sha256": "x"}, "adapter_sha256 is a text"),
    ],
)
def test_a_damaged_target_is_named_with_its_line(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with serving(lambda _: "x") as server:
        make_targets(_dialogues(2), COMPOSITION, _models(server.url), tmp_path / "t", ORIGIN, silent)
    first, second = _records(tmp_path / "t")
    (tmp_path / "t").write_text(f"{json.dumps(first)}\n{json.dumps(second | change)}\n")
    with pytest.raises(ToolchainError, match=said) as refused:
        read_target_records(tmp_path / "t", COMPOSITION, "x")
    assert f"{tmp_path / 't'} line 2" in str(refused.value)


def test_a_target_that_cannot_be_asked_for_is_refused_before_training(tmp_path: Path) -> None:
    composition = Composition.parse("reply+es")
    dialogue = Dialogue("d", SPOKEN[:1], None, "r", "Ben")
    with serving(lambda _: "x") as server:
        make_targets([dialogue], composition, _models(server.url), tmp_path / "t", ORIGIN, silent)
    (row,) = _records(tmp_path / "t")
    (tmp_path / "t").write_text(json.dumps(row | {"reply_speaker": None}) + "\n")
    with pytest.raises(ToolchainError, match="line 1: nobody but the writer"):
        read_target_records(tmp_path / "t", composition, "x")


def test_a_pair_is_what_its_record_says(tmp_path: Path) -> None:
    composition, dialogue = Composition.parse("reply+es"), Dialogue("d", SPOKEN, None, "See you.", "Cem")
    make_targets([dialogue], composition, {"es": _Refusing(set(), 1)}, tmp_path / "t", ORIGIN, silent)
    records = read_target_records(tmp_path / "t", composition, "x")
    assert target_pairs(records, dialogue.split) == [Pair("d", SPOKEN, "Cem", "es: See you.", "See you.")]


def test_a_record_may_have_messages_of_nobody(tmp_path: Path) -> None:
    composition = Composition.parse("summarize+es")
    shared = {"composition": composition.name, "source": "d.json", "licence": "CC0-1.0", "id": "d", "target": "Hola."}
    said = [{"text": "Hi."}, {"speaker": None, "text": "Hello."}]
    path = tmp_path / "t.jsonl"
    path.write_text(json.dumps(shared | {"split": Split.CALIBRATION.value, "conversation": said}) + "\n")
    (pair,) = target_pairs(read_target_records(path, composition, "x"), Split.CALIBRATION)
    assert pair.source == (Message("", "Hi."), Message("", "Hello."))
