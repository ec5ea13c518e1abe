"""Outside dialogues in the layouts that they are published in."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toolchain.data.benchmark import Split
from toolchain.data.csv_rows import read_csv
from toolchain.data.dialogues import LAYOUTS, Dialogue, messages_of, read_dialogues
from toolchain.errors import ToolchainError
from toolchain.text import Message

EXPECTED = (Message("Ana", "Hi: are you in?"), Message("Ben", "Yes, I am."))
names = (
    st.text("ABCdef #1", min_size=1, max_size=9)
    .map(str.strip)
    .filter(lambda name: name and (" " not in name or name[0] not in "def"))
)
lines = st.text("abc: ,?", min_size=1).map(str.strip).filter(bool)
any_names = st.text("abAB12 ,/.!?;'\"&é", min_size=1, max_size=40).map(str.strip).filter(bool)
SPLITS = {1: Split.VALIDATION, 16: Split.TEST, 23: Split.TEST, 25: Split.VALIDATION, 32: Split.TEST}
"""Of the dialogues named 0 to 39 those that train nothing: what was trained with one version is measured with another."""


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


@pytest.mark.parametrize("found", [{"summary": " "}, {"summary": None, "summary1": ""}, {"summary1": None}])
def test_of_several_summaries_the_first_with_a_text_is_taken(tmp_path: Path, found: dict[str, str | None]) -> None:
    row = {"fname": "1", "dialogue": "#Ana#: Hi.", "summary2": "#Ana# greets.", "summary3": "Another."}
    (tmp_path / "x").write_text(json.dumps(row | found))
    assert read_dialogues(tmp_path / "x", "dialogsum")[0].summary == "Ana greets."


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
@pytest.mark.parametrize(("content", "said"), [("a,b\n1,2\n", "row 1: "), ('id\n"x', "is not CSV")])
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
        ({"conversation": [{"speaker": "Ana"}]}, "message 1: text is missing"),
        ({"conversation": [{"speaker": 5, "text": "x"}]}, "message 1: speaker is a number"),
    ],
)
def test_a_field_of_another_kind_is_named_with_its_line(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    (tmp_path / "x").write_text(f"{json.dumps(JSONL)}\n\n{json.dumps(JSONL | {'id': '2'} | change)}\n")
    with pytest.raises(ToolchainError, match=said) as refused:
        read_dialogues(tmp_path / "x", "jsonl")
    assert f"{tmp_path / 'x'} line 3: " in str(refused.value)


@pytest.mark.parametrize("message", [{"text": "x"}, {"speaker": None, "text": "x"}, {"speaker": "", "text": "x"}])
def test_a_message_needs_no_speaker(tmp_path: Path, message: dict[str, Any]) -> None:
    (tmp_path / "x").write_text(json.dumps(JSONL | {"conversation": [message]}))
    assert read_dialogues(tmp_path / "x", "jsonl")[0].messages == (Message("", "x"),)


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


@given(st.permutations([{}, {"summary": "s"}, {"summary": " "}, {"reply": "r", "reply_speaker": "B"}]))
def test_of_dialogues_that_say_the_same_no_reference_is_lost(
    tmp_path_factory: pytest.TempPathFactory, references: list[dict[str, str]]
) -> None:
    said = {"conversation": JSONL["conversation"]}
    rows = [{"id": str(number)} | said | found for number, found in enumerate(references)]
    path = tmp_path_factory.mktemp("d") / "x"
    path.write_text("\n".join(map(json.dumps, rows)))
    assert read_dialogues(path, "jsonl") == [Dialogue("0", (Message("Ana", "Hi."),), "s", "r", "B")]


def test_of_dialogues_that_say_the_same_the_first_reference_stays(tmp_path: Path) -> None:
    rows = [JSONL, JSONL | {"id": "2", "summary": "t", "reply": "u", "reply_speaker": "C"}]
    (tmp_path / "x").write_text("\n".join(map(json.dumps, rows)))
    assert read_dialogues(tmp_path / "x", "jsonl") == [Dialogue("1", (Message("Ana", "Hi."),), "s", "r", "B")]


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
        ("Ana: hm\nBen: no\nAna:\nYes\nBen:", [("Ana", "hm"), ("Ben", "no"), ("Ana", "Yes")]),
        ("Ana: I need these\nfruit:\napples", [("Ana", "I need these fruit: apples")]),
        ("Ana:Hi\nBen:Hello", [("Ana", "Hi"), ("Ben", "Hello")]),
        (
            "Smith, John: Hi\nAna: Hello\nSmith, John: Bye",
            [("Smith, John", "Hi"), ("Ana", "Hello"), ("Smith, John", "Bye")],
        ),
        ("Ben:", []),
        ("Ana: hm\nwell, no: not now", [("Ana", "hm well, no: not now")]),
        ("Ana: hm\nAna:no", [("Ana", "hm"), ("Ana", "no")]),
        ("*User 1: hm\n* User 2: no", [("User 1", "hm"), ("User 2", "no")]),
        ("Ana: hm\nplease note: bring wine", [("Ana", "hm please note: bring wine")]),
        ("Ana: hm, please note: bring wine", [("Ana", "hm, please note: bring wine")]),
        ("Ana: hm\nsee you at 10:30\nsee you at 10:40", [("Ana", "hm see you at 10:30 see you at 10:40")]),
        ("Ana: hm\nlook, https://a.b\nlook, https://a.c", [("Ana", "hm look, https://a.b look, https://a.c")]),
        ("Ana: bring\nThings to eat:\napples", [("Ana", "bring Things to eat: apples")]),
        ("Ana: when?\nBen:5 pm\nAna: ok", [("Ana", "when?"), ("Ben", "5 pm"), ("Ana", "ok")]),
        ("Ana: when?\nat 5:30\nat 5:40", [("Ana", "when? at 5:30 at 5:40")]),
    ],
)
def test_a_colon_does_not_make_a_speaker(text: str, said: list[tuple[str, str]]) -> None:
    assert [(message.speaker, message.text) for message in messages_of(text)] == said


def test_an_id_that_two_dialogues_have_is_refused(tmp_path: Path) -> None:
    row = {"id": "1", "dialogue": "A: b", "summary": "c"}
    (tmp_path / "x").write_text(json.dumps([row, row | {"dialogue": "A: d"}]))
    with pytest.raises(ToolchainError, match="names dialogue '1' twice"):
        read_dialogues(tmp_path / "x", "samsum")


def test_dialogues_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    spoken = ["A: b", "", None, "nobody says this"]
    (tmp_path / "x").write_text(json.dumps([{"id": id, "dialogue": text} for id, text in enumerate(spoken)]))
    told: list[str] = []
    assert len(read_dialogues(tmp_path / "x", "samsum", told.append)) == 1
    assert told == ["3 of 4 dialogues have no message and are left out"]


def _persona_chat(path: Path, dialogues: list[str]) -> Path:
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([["user 1 personas", "user 2 personas", "Best Generated Conversation"]])
        csv.writer(stream).writerows([["", "", text] for text in dialogues])
    return path


def test_a_file_under_another_name_and_in_another_order_has_the_same_splits(tmp_path: Path) -> None:
    spoken = [f"User 1: {number}\nUser 2: {number + 1}" for number in range(30)]
    one, other = _persona_chat(tmp_path / "valid.csv", spoken), _persona_chat(tmp_path / "copy.CSV", spoken[::-1])
    splits = [
        {item.messages: (item.id, item.split) for item in read_dialogues(path, "synthetic-persona-chat")}
        for path in (one, other)
    ]
    assert splits[0] == splits[1]
    assert len(splits[0]) == 30


def test_the_column_of_an_index_needs_no_name(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,,b\n1,0,2\n")
    assert [row.fields for row in read_csv(tmp_path / "x.csv", "get it anew")] == [{"a": "1", "": "0", "b": "2"}]


def test_several_columns_may_have_no_name(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,,b,\n1,0,2,\n")
    (row,) = read_csv(tmp_path / "x.csv", "get it anew")
    assert (row.fields["a"], row.fields["b"]) == ("1", "2")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('a,b\n1,"x\n2,y\n', "is not CSV"),
        ('a,b\n1,"x"y\n', "is not CSV"),
        ("a,b\n1,2,3\n", "row 1 has another number of cells"),
        ("a,b\n1,2\n1\n", "row 2 has another number of cells"),
        ("a,b,a\n1,2,3\n", "more than one column 'a'"),
    ],
)
def test_a_torn_or_ambiguous_table_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(ToolchainError, match=said):
        read_csv(tmp_path / "x.csv", "get it anew")


def test_a_cell_may_be_as_long_as_a_dialogue(tmp_path: Path) -> None:
    path = _persona_chat(tmp_path / "x.csv", ["User 1: " + "x" * 200_000 + "\nUser 2: y"])
    assert len(read_dialogues(path, "synthetic-persona-chat")[0].messages[0].text) == 200_000


@given(st.lists(st.tuples(names, lines), min_size=1, max_size=5))
def test_lines_are_messages(spoken: list[tuple[str, str]]) -> None:
    text = "\n".join(f"{name}: {line}" for name, line in spoken)
    found = messages_of(text)
    assert [message.speaker for message in found] == [name for name, _ in spoken]


@given(st.lists(any_names, min_size=1, max_size=3, unique=True), st.lists(lines, min_size=1, max_size=3))
@example(["person 1", "person 2"], ["hi"])
@example(["customer", "support agent"], ["hi"])
@example(["Sam/Kim", "Jean, Paul"], ["hi"])
def test_who_begins_several_lines_is_a_speaker_however_the_name_is_written(spoken: list[str], said: list[str]) -> None:
    expected = [Message(name, line) for line in [*said, "bye"] for name in spoken]
    assert messages_of("\n".join(f"{item.speaker}: {item.text}" for item in expected)) == tuple(expected)


@given(
    st.lists(
        st.tuples(st.text("ABC#1", min_size=1), lines.filter(lambda line: ":" not in line)), min_size=1, max_size=5
    )
)
def test_what_is_said_may_stand_below_the_name(spoken: list[tuple[str, str]]) -> None:
    text = "\n".join(f"{name}:\n{line}" for name, line in spoken)
    assert [(message.speaker, message.text) for message in messages_of(text)] == spoken


def test_who_says_nothing_takes_no_part() -> None:
    assert messages_of("Ana: hi\nBen:\nAna: yes") == (Message("Ana", "hi"), Message("Ana", "yes"))


def test_names_in_lower_case_tell_who_replies(tmp_path: Path) -> None:
    path = _persona_chat(tmp_path / "x.csv", ["user 1: hi\nuser 2: hello\nuser 1: how are you?\nuser 2: good"])
    (found,) = read_dialogues(path, "synthetic-persona-chat")
    assert (found.reply_speaker, found.reply) == ("user 1", "how are you?")


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
    assert splits[:40] == [SPLITS.get(number, Split.CALIBRATION) for number in range(40)], "as ever"
