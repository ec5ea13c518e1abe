"""Outside dialogues: layouts as they are published, splits by id, targets by a teacher on a real local server."""

import csv
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.cli import app
from toolchain.data.benchmark import Split
from toolchain.data.chat_model import ChatModel
from toolchain.data.dialogue_targets import AuxiliaryModel, Unanswered, make_targets
from toolchain.data.dialogues import LAYOUTS, Dialogue, messages_of, read_dialogues
from toolchain.data.endpoint import Endpoint
from toolchain.data.target_records import read_target_records, target_pairs
from toolchain.errors import ToolchainError
from toolchain.tasks import TASKS, Composition, Task
from toolchain.tests.chat_server import serving
from toolchain.text import Message

EXPECTED = (Message("Ana", "Hi: are you in?"), Message("Ben", "Yes, I am."))
ORIGIN = {"source": "x.json", "licence": "CC BY 4.0"}
COMPOSITION = Composition.parse("summarize+witty+es")
names = (
    st.text("ABCdef #1", min_size=1, max_size=9)
    .map(str.strip)
    .filter(lambda name: name and (" " not in name or name[0] not in "def"))
)
lines = st.text("abc: ,?", min_size=1).map(str.strip).filter(bool)


def _write(path: Path, layout: str) -> None:
    text = "Ana: Hi: are you in?\r\nBen: Yes, I am."
    if layout == "samsum":
        path.write_text(json.dumps([{"id": "1", "dialogue": text, "summary": "Ben is in."}]))
    elif layout == "dialogsum":
        hashed = text.replace("Ana", "#Ana#").replace("Ben", "#Ben#").replace("\r", "")
        path.write_text(json.dumps({"fname": "1", "dialogue": hashed, "summary": "#Ben# is in."}) + "\n")
    elif layout == "jsonl":
        conversation = [{"speaker": message.speaker, "text": message.text} for message in EXPECTED]
        path.write_text(json.dumps({"id": 1, "conversation": conversation, "summary": "Ben is in."}) + "\n")
    else:
        with path.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["user 1 personas", "user 2 personas", "Best Generated Conversation"])
            writer.writerow(["a", "b", text.replace("\r", "") + "\nAna: Good.\nBen: Bye!"])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_gives_the_same_dialogue(tmp_path: Path, layout: str) -> None:
    _write(tmp_path / "x", layout)
    (found,) = read_dialogues(tmp_path / "x", layout)
    assert found.messages == EXPECTED
    assert (found.summary, found.reply) == ((None, "Good.") if "persona" in layout else ("Ben is in.", None))
    (tmp_path / "x").write_text((tmp_path / "x").read_text().replace('"summary"', '"unread"'))
    assert read_dialogues(tmp_path / "x", layout) == [replace(found, summary=None)]


@pytest.mark.parametrize(("layout", "columns"), [("samsum", []), ("dialogsum", ["topic"])])
def test_copies_of_the_hub_are_csv(tmp_path: Path, layout: str, columns: list[str]) -> None:
    hash = "#" if layout == "dialogsum" else ""
    spoken = f"{hash}Ana{hash}: Hi: are you in?\n{hash}Ben{hash}: Yes, I am."
    with (tmp_path / "train.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "dialogue", "summary", *columns])
        writer.writerow(["1", spoken, f"{hash}Ben{hash} is in.", *columns])
    assert read_dialogues(tmp_path / "train.csv", layout) == [Dialogue("1", EXPECTED, "Ben is in.")]


@pytest.mark.parametrize("layout", ["samsum", "dialogsum"])
@pytest.mark.parametrize(("content", "said"), [("a,b\n1,2\n", "row 1: "), ("id\n" + "x" * 200_000, "is not CSV")])
def test_csv_that_is_of_another_layout_is_refused(tmp_path: Path, layout: str, content: str, said: str) -> None:
    (tmp_path / "x.csv").write_text(content)
    with pytest.raises(ToolchainError, match=f"give a file of layout {layout}") as refused:
        read_dialogues(tmp_path / "x.csv", layout)
    assert f"{tmp_path / 'x.csv'} " in str(refused.value)
    assert said in str(refused.value)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("content", ["{", "[1]", '{"a": 1}', "a,b\n1,2\n"])
def test_what_is_of_another_layout_is_refused(tmp_path: Path, layout: str, content: str) -> None:
    (tmp_path / "x").write_text(content if "," in content or "persona" not in layout else content + "\nrow\n")
    with pytest.raises(ToolchainError, match=layout) as refused:
        read_dialogues(tmp_path / "x", layout)
    assert str(tmp_path / "x") in str(refused.value)


JSONL = {
    "id": "1",
    "conversation": [{"speaker": "Ana", "text": "Hi."}],
    "summary": "s",
    "reply": "r",
    "reply_speaker": "B",
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"summary": 5}, "summary is a number, not a text"),
        ({"summary": ["s"]}, "summary is a list"),
        ({"summary": "\ud83d"}, "summary holds half a character"),
        ({"reply_speaker": 7}, "reply_speaker is a number"),
        ({"id": ["1"]}, "id is a list"),
        ({"conversation": None}, "conversation is null, not a list of messages"),
        ({"conversation": "x"}, "conversation is a text"),
        ({"conversation": ["x"]}, "message 1 of conversation is no object"),
        ({"conversation": [{"speaker": "Ana", "text": 5}]}, "message 1: text is a number"),
        ({"conversation": [{"speaker": None, "text": "x"}]}, "message 1: speaker is null"),
        ({"conversation": [{"text": "x"}]}, "message 1: speaker is missing"),
    ],
)
def test_a_field_of_another_kind_is_named_with_its_line(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    (tmp_path / "x").write_text(f"{json.dumps(JSONL)}\n\n{json.dumps(JSONL | {'id': '2'} | change)}\n")
    with pytest.raises(ToolchainError, match=said) as refused:
        read_dialogues(tmp_path / "x", "jsonl")
    assert f"{tmp_path / 'x'} line 3: " in str(refused.value)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_no_file_of_text_with_a_dialogue_is_refused(tmp_path: Path, layout: str) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "empty").write_text("[]" if layout == "samsum" else "")
    for name, said in (("", "directory"), ("none", "missing"), ("bytes", "UTF-8"), ("empty", "holds no dialogue")):
        with pytest.raises(ToolchainError, match=said) as refused:
            read_dialogues(tmp_path / name, layout)
        assert str(tmp_path / name) in str(refused.value)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_byte_order_mark_is_no_part_of_a_text(tmp_path: Path, layout: str) -> None:
    _write(tmp_path / "x", layout)
    (tmp_path / "x").write_bytes(b"\xef\xbb\xbf" + (tmp_path / "x").read_bytes())
    assert read_dialogues(tmp_path / "x", layout)[0].messages == EXPECTED


def test_a_text_may_hold_what_other_line_ends_are(tmp_path: Path) -> None:
    text = "one\u2028two\u2029three\u0085four"
    (tmp_path / "x").write_text(json.dumps(JSONL | {"summary": text}, ensure_ascii=False) + "\r\n", encoding="utf-8")
    assert read_dialogues(tmp_path / "x", "jsonl")[0].summary == text


def test_dialogues_that_say_the_same_are_one(tmp_path: Path) -> None:
    """DialogSum's test split has each of them three times; splits by id would share them."""
    rows = [{"fname": f"test_{index // 3}_{index % 3}", "dialogue": f"#A#: b{index // 3}"} for index in range(60)]
    (tmp_path / "x").write_text("\n".join(json.dumps(row) for row in rows))
    told: list[str] = []
    found = read_dialogues(tmp_path / "x", "dialogsum", told.append)
    assert [dialogue.id for dialogue in found] == [f"test_{index}_0" for index in range(20)]
    assert told == ["40 of 60 dialogues say what one before them says and are left out"]


@pytest.mark.parametrize("layout", ["samsum", "dialogsum"])
def test_json_may_be_a_list_or_lines(tmp_path: Path, layout: str) -> None:
    rows = [{"id": 1, "dialogue": "Ana: Hi: are you in?\nBen: Yes, I am."}, {"id": 2, "dialogue": None}]
    for text in (json.dumps(rows), "\n".join(map(json.dumps, rows))):
        (tmp_path / "x").write_text(text)
        assert read_dialogues(tmp_path / "x", layout) == [Dialogue("1", EXPECTED)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Ana: see\nhttps://a.b/c", [("Ana", "see https://a.b/c")]),
        ("Ana: when?\n10:30 works for me", [("Ana", "when? 10:30 works for me")]),
        ("Ana: hm\nBen:\nYes", [("Ana", "hm"), ("Ben", "Yes")]),
        ("Ana: hm\nwell, no: not now", [("Ana", "hm well, no: not now")]),
        ("Ana: hm\nAna:no", [("Ana", "hm"), ("Ana", "no")]),
        ("*User 1: hm\n* User 2: no", [("User 1", "hm"), ("User 2", "no")]),
    ],
)
def test_a_colon_does_not_make_a_speaker(text: str, said: list[tuple[str, str]]) -> None:
    assert [(message.speaker, message.text) for message in messages_of(text)] == said


def test_an_id_that_comes_twice_is_refused(tmp_path: Path) -> None:
    row = {"id": "1", "dialogue": "A: b", "summary": "c"}
    (tmp_path / "x").write_text(json.dumps([row, row]))
    with pytest.raises(ToolchainError, match="twice"):
        read_dialogues(tmp_path / "x", "samsum")


@given(st.lists(st.tuples(names, lines), min_size=1, max_size=5))
def test_lines_are_messages(spoken: list[tuple[str, str]]) -> None:
    text = "\n".join(f"{name}: {line}" for name, line in spoken)
    found = messages_of(text)
    assert [message.speaker for message in found] == [name for name, _ in spoken]


@pytest.mark.parametrize("blank", [" " * 100_000, "\t" * 100_000 + ":"])
def test_a_long_blank_line_is_read_at_once(blank: str) -> None:
    assert messages_of(f"Ana: Hi.\n{blank}\nBen: Yes.")[-1] == Message("Ben", "Yes.")


@pytest.mark.parametrize("name", ["x" * 61, " ", ""])
def test_a_name_has_at_least_one_and_at_most_60_letters(name: str) -> None:
    (message,) = messages_of(f"Ana: Hi.\n{name}: there")
    assert message == Message("Ana", f"Hi. {f'{name}: there'.strip()}")


def test_a_time_makes_no_speaker() -> None:
    (message,) = messages_of("Ana Maria: I am late.\nsee you at 10:30 then\nat the door: the red one")
    assert (message.speaker, message.text) == ("Ana Maria", "I am late. see you at 10:30 then at the door: the red one")


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


def test_a_file_of_another_source_of_the_same_name_is_not_added_to(tmp_path: Path) -> None:
    target = tmp_path / "t"
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        row = JSONL | {"summary": f"Of {folder}."}
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


def test_a_file_that_says_no_hash_can_be_trained_on(tmp_path: Path) -> None:
    """Files of earlier versions."""
    with serving(lambda _: "x") as server:
        make_targets(_dialogues(20), COMPOSITION, _models(server.url), tmp_path / "t", ORIGIN, _silent)
    rows = _records(tmp_path / "t")
    for row in rows:
        del row["teacher_sha256"]
    (tmp_path / "t").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert target_pairs(read_target_records(tmp_path / "t", COMPOSITION), Split.CALIBRATION)


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


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    alone = (Message("Ana", "Anybody?"),)
    dialogues = [
        Dialogue("no reply", EXPECTED, "s", " "),
        Dialogue("nobody else", alone, None, "r"),
        Dialogue("no text", (Message("Ana", " "),), None, "r", "Ben"),
        Dialogue("named", alone, None, "r", "Ben"),
    ]
    with serving(lambda _: "x") as server:
        models = _models(server.url)
        composition = Composition.parse("reply+es")
        assert make_targets(dialogues, composition, models, tmp_path / "t", ORIGIN, said.append) == 1
        assert make_targets(dialogues[:1], composition, models, tmp_path / "u", ORIGIN, said.append) == 0
    assert [row["id"] for row in _records(tmp_path / "t")] == ["named"]
    assert said[:2] == [
        "1 of 4 dialogues have no reply and are left out",
        "2 of 3 dialogues have no text, or nobody who could reply, and are left out",
    ]
    assert said[-1] == "1 of 1 dialogues have no reply and are left out"


@pytest.mark.parametrize(
    ("content", "finish_reason", "said"),
    [
        ("half a", "length", "cut at 2048 tokens"),
        ("Sure! Here it is:\n\nHola", "stop", "several lines"),
        ("", "content_filter", "content filter"),
        (None, "stop", "answered with nothing"),
        (" <think>x</think> ", "stop", "answered with nothing"),
    ],
)
def test_what_is_no_whole_answer_is_left_out_and_asked_for_again(
    tmp_path: Path, content: str | None, finish_reason: str, said: str
) -> None:
    choice = {"message": {"content": content}, "finish_reason": finish_reason}
    told: list[str] = []
    with serving(lambda _: "x") as server:
        models = _models(server.url)
        make_targets(_dialogues(1), COMPOSITION, models, tmp_path / "t", ORIGIN, _silent)
        server.raw = json.dumps({"choices": [choice]}).encode()
        assert make_targets(_dialogues(2), COMPOSITION, models, tmp_path / "t", ORIGIN, told.append) == 0
        *_, left_out, count = told
        assert left_out.startswith("dialogue d1 is left out: m, asked for witty: ")
        assert said in left_out
        assert "summary 1" not in "".join(told)
        assert count == "1 of 2 dialogues have no target: the same command asks about them again"
        server.raw = None
        assert make_targets(_dialogues(2), COMPOSITION, models, tmp_path / "t", ORIGIN, _silent) == 1
    assert [row["target"] for row in _records(tmp_path / "t")] == ["x", "x"]


class _Refusing:
    """A model that gives no answer whenever one of `refused` is among the texts."""

    name, sha256 = "m", None

    def __init__(self, refused: set[str], batch_size: int) -> None:
        self.refused, self.batch_size = refused, batch_size

    def rewritten(self, task: Task, texts: Sequence[str]) -> list[str]:
        if self.refused & set(texts):
            raise Unanswered("it does not want to")
        return [f"{task.id}: {text}" for text in texts]

    def template(self, task: Task) -> str:
        return task.prompt


@given(refused=st.sets(st.integers(0, 24), max_size=9), batch_size=st.integers(1, 8))
def test_one_without_an_answer_costs_no_other_its_target(
    tmp_path_factory: pytest.TempPathFactory, refused: set[int], batch_size: int
) -> None:
    path, spanish = tmp_path_factory.mktemp("refused") / "t", Composition.parse("summarize+es")
    models = {"es": _Refusing({f"summary {number}" for number in refused}, batch_size)}
    assert make_targets(_dialogues(25), spanish, models, path, ORIGIN, _silent) == 25 - len(refused)
    assert [row["id"] for row in _records(path)] == [f"d{number}" for number in range(25) if number not in refused]


@pytest.mark.parametrize("batch_size", [1, 2, 16])
def test_ten_in_a_row_without_an_answer_end_the_command_and_what_was_made_is_kept(
    tmp_path: Path, batch_size: int
) -> None:
    path, spanish = tmp_path / "t", Composition.parse("summarize+es")
    models = {"es": _Refusing({f"summary {number}" for number in range(3, 25)}, batch_size)}
    with pytest.raises(Unanswered, match="10 dialogues in a row, the last one d12: it does not want to"):
        make_targets(_dialogues(25), spanish, models, path, ORIGIN, _silent)
    assert [row["id"] for row in _records(path)] == ["d0", "d1", "d2"]


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
        make_targets(_dialogues(2), COMPOSITION, _models(server.url), tmp_path / "t", ORIGIN, _silent)
    first, second = _records(tmp_path / "t")
    (tmp_path / "t").write_text(f"{json.dumps(first)}\n{json.dumps(second | change)}\n")
    with pytest.raises(ToolchainError, match=said) as refused:
        read_target_records(tmp_path / "t", COMPOSITION)
    assert f"{tmp_path / 't'} line 2" in str(refused.value)


def test_a_target_that_cannot_be_asked_for_is_refused_before_training(tmp_path: Path) -> None:
    composition = Composition.parse("reply+es")
    dialogue = Dialogue("d", EXPECTED[:1], None, "r", "Ben")
    with serving(lambda _: "x") as server:
        make_targets([dialogue], composition, _models(server.url), tmp_path / "t", ORIGIN, _silent)
    (row,) = _records(tmp_path / "t")
    (tmp_path / "t").write_text(json.dumps(row | {"reply_speaker": None}) + "\n")
    with pytest.raises(ToolchainError, match="line 1: nobody but the writer"):
        read_target_records(tmp_path / "t", composition)
