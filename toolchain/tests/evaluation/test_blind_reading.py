"""Blind readings: what a reader sees says nothing of whose answers they are, and what comes out is what was said of each method."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain import paths
from toolchain.errors import ToolchainError
from toolchain.evaluation.blind_files import SHOWN_HASH, key_text, shown_hash, shown_text, with_verdicts
from toolchain.evaluation.blind_items import PREFERENCES, Drawing, Items, draw
from toolchain.evaluation.counted_readings import ALL, counted
from toolchain.evaluation.reading_commands import count_command, draw_command, show_command
from toolchain.evaluation.readings import READING_SUFFIX, read_reading, write_reading
from toolchain.evaluation.reporting.reading_page import reading_page
from toolchain.evaluation.reporting.reading_tables import reading_table
from toolchain.evaluation.results import Results, read_results
from toolchain.tasks import TONES

SUMMARIES = paths.RESULTS / "summaries.test.python.jsonl"
ALONE = paths.RESULTS / "tasks.test.python-bf16.jsonl"
READINGS = sorted(paths.RESULTS.glob(f"*{READING_SUFFIX}"))
READER = {"reader": "nobody"}
TONES_OF_TWO = Drawing(["lc++", "lc++f"], None, [], 3, 5)
PAIRS = Drawing(["lc++f"], "lc++", ["summarize+es", "summarize+witty"], 4, 5)


@pytest.fixture(scope="module")
def summaries() -> Results:
    return read_results([SUMMARIES])


def read_by(reader: Callable[[dict[str, str], dict[str, str]], str], items: Items, folder: Path) -> Path:
    """The reading of a reader who is told, for this test alone, the key too."""
    key, said, path = folder / "x.key.jsonl", folder / "said.jsonl", folder / f"x{READING_SUFFIX}"
    key.write_text(key_text(items), encoding="utf-8")
    verdicts = [reader(*both) for both in zip(items.shown, items.key, strict=True)]
    lines = [json.dumps({"item": number, "verdict": verdict}) for number, verdict in enumerate(verdicts, start=1)]
    said.write_text("\n".join(lines), encoding="utf-8")
    about, found, unread = with_verdicts(key, [said])
    assert not unread
    write_reading(path, about | READER, found)
    return path


@pytest.mark.parametrize("drawing", [TONES_OF_TWO, PAIRS])
def test_a_reader_is_shown_nothing_of_whose_answers_they_are(summaries: Results, drawing: Drawing) -> None:
    items = draw(summaries, drawing)
    names = {"key", "method", "against", "composition", "id", "shown_first", "tone"}
    assert not names & {name for shown in items.shown for name in shown}
    assert len({tuple(shown) for shown in items.shown}) == 1, "nor by its form"
    for text in (shown_text(items), reading_page(items)):
        assert not any(json.dumps(key["id"]) in text for key in items.key)
        assert "lc++" not in text


@pytest.mark.parametrize("drawing", [TONES_OF_TWO, PAIRS])
def test_all_methods_and_compositions_are_read_on_the_same_conversations(summaries: Results, drawing: Drawing) -> None:
    key = draw(summaries, drawing).key
    by_cell: dict[tuple[str, str], list[str]] = {}
    for item in key:
        by_cell.setdefault((item["composition"], item["method"]), []).append(item["id"])
    assert len({tuple(sorted(ids)) for ids in by_cell.values()}) == 1
    assert len(key) == drawing.conversations * len(by_cell)
    for item in key:
        name, id = item["composition"], item["id"]
        assert item["answer"] == summaries.answers["python", name, item["method"], id]
        if drawing.against:
            assert item["other"] == summaries.answers["python", name, drawing.against, id]


def test_a_drawing_is_made_by_its_seed_alone(summaries: Results) -> None:
    drawn = [draw(summaries, TONES_OF_TWO) for _ in range(2)]
    assert shown_text(drawn[0]) == shown_text(drawn[1])
    other = draw(summaries, Drawing(["lc++", "lc++f"], None, [], 3, 6))
    assert shown_text(other) != shown_text(drawn[0])
    assert shown_hash(other) != shown_hash(drawn[0])


def test_who_names_every_tone_is_right_in_all_and_who_says_one_in_a_quarter(summaries: Results, tmp_path: Path) -> None:
    items = draw(summaries, TONES_OF_TWO)
    knowing = counted(read_reading(read_by(lambda _, key: key["composition"].split("+")[-1], items, tmp_path)))
    assert [(row["tone"], row["right"], row["n"]) for row in knowing] == [
        *((tone, 3, 3) for tone in TONES),
        (ALL, 12, 12),
    ] * 2
    stubborn = counted(read_reading(read_by(lambda *_: "witty", items, tmp_path)))
    assert {row["method"]: row["value"] for row in stubborn if row["tone"] == ALL} == {"lc++": 0.25, "lc++f": 0.25}


@given(st.randoms(use_true_random=False))
def test_wins_are_those_of_the_method_wherever_it_was_shown(
    summaries: Results, tmp_path_factory: Any, chance: Random
) -> None:
    items = draw(summaries, PAIRS)
    wanted = [chance.choice((*PREFERENCES,)) for _ in items.key]
    better = {"first": "lc++f", "second": "lc++", "tie": "tie"}
    of_item = {id(key): better[choice] for key, choice in zip(items.key, wanted, strict=True)}

    def reader(_shown: dict[str, str], key: dict[str, str]) -> str:
        preferred = of_item[id(key)]
        if preferred == "tie":
            return "tie"
        return "first" if key["shown_first"] == preferred else "second"

    rows = counted(read_reading(read_by(reader, items, tmp_path_factory.mktemp("x"))))
    scores = {"lc++f": 1.0, "lc++": 0.0, "tie": 0.5}
    for row in rows:
        group = row["composition"] in ("S+Tr", "S+Tone")
        of_it = [scores[of_item[id(key)]] for key in items.key if group or key["composition"] == row["composition"]]
        assert row["value"] == pytest.approx(sum(of_it) / len(of_it))
        assert row["interval"][0] <= row["value"] <= row["interval"][1]
    assert [row["composition"] for row in rows] == ["summarize+es", "summarize+witty"], "of two groups one each"


def test_the_answers_of_both_stand_first_about_as_often(summaries: Results) -> None:
    drawn = draw(summaries, Drawing(["lc++f"], "lc++", [], 45, 0)).key
    first = sum(key["shown_first"] == "lc++f" for key in drawn)
    assert 0.4 < first / len(drawn) < 0.6


def test_a_rewrite_is_read_beside_its_text() -> None:
    items = draw(read_results([ALONE]), Drawing(["main"], None, [], 2, 0))
    assert {key["composition"] for key in items.key} == {*TONES}
    assert all([*shown] == ["text", "answer"] for shown in items.shown)
    assert len(items.key) == 2 * 2 * len(TONES), "two texts of each conversation"


def test_a_page_shows_what_stands_in_an_answer_as_text() -> None:
    items = Items({}, [{"answer": "<script>alert(1)</script>\x07"}], [{"method": "x"}])
    page = reading_page(items)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\x07" in page
    assert page.count("<script>") == 1


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ("", "hold no verdict"),
        ('{"item": 99, "verdict": "tie"}', "item 99 is none of the 8"),
        ('{"item": 1, "verdict": "better"}', "item 1 has the verdict 'better', not first or second or tie"),
        ('{"item": 1, "verdict": "tie"}\n{"item": 1, "verdict": "first"}', "item 1 has another verdict already"),
        ('{"item": 1}', "verdict is missing"),
        ('{"item": 1, "verdict": "tie", "shown_sha256": "0"}', "other items"),
        ("tie", "no JSON object"),
    ],
)
def test_what_is_no_verdict_is_told(summaries: Results, tmp_path: Path, said: str, refused: str) -> None:
    (tmp_path / "key").write_text(key_text(draw(summaries, PAIRS)), encoding="utf-8")
    (tmp_path / "said").write_text(said, encoding="utf-8")
    with pytest.raises(ToolchainError, match=refused):
        with_verdicts(tmp_path / "key", [tmp_path / "said"])


def test_a_damaged_key_makes_no_reading(summaries: Results, tmp_path: Path) -> None:
    key, out = tmp_path / "key", tmp_path / f"x{READING_SUFFIX}"
    key.write_text(key_text(draw(summaries, TONES_OF_TWO)).replace("summarize+", "summarise+"), encoding="utf-8")
    (tmp_path / "said").write_text('{"item": 1, "verdict": "witty"}', encoding="utf-8")
    with pytest.raises(ToolchainError, match="unknown task 'summarise'"):
        count_command(key, [tmp_path / "said"], "one", out)
    assert not out.exists()


def test_readers_may_share_the_items_and_leave_some_out(summaries: Results, tmp_path: Path) -> None:
    items = draw(summaries, PAIRS)
    (tmp_path / "key").write_text(key_text(items), encoding="utf-8")
    for number in (1, 8):
        line = {"item": number, "verdict": "first", SHOWN_HASH: shown_hash(items)}
        (tmp_path / f"said{number}").write_text(json.dumps(line), encoding="utf-8")
    _, found, unread = with_verdicts(tmp_path / "key", [tmp_path / "said1", tmp_path / "said8"])
    assert ([item["id"] for item in found], unread) == ([items.key[0]["id"], items.key[7]["id"]], 6)


def test_drawn_read_and_counted_by_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawn, reading = tmp_path / "mine", tmp_path / f"mine{READING_SUFFIX}"
    draw_command([SUMMARIES], "lc++, lc++f", drawn, conversations=2)
    told = json.loads(capsys.readouterr().out)
    assert (told["page"], told["key"]) == (str(drawn / "read.html"), f"{drawn}.key.jsonl")
    said = tmp_path / "said.jsonl"
    said.write_text('{"item": 1, "verdict": "witty"}', encoding="utf-8")
    count_command(Path(told["key"]), [said], "one", reading, as_json=True)
    captured = capsys.readouterr()
    assert json.loads(captured.out) == counted(read_reading(reading))
    assert "15 of 16 items have no verdict" in captured.err
    about = json.loads(reading.read_text(encoding="utf-8").split("\n")[0])
    assert about.keys() >= {"format", "what", "reader", "items", "seed", "git_commit", "answers_sha256"}
    show_command([reading])
    assert reading_table(read_reading(reading)).markdown() in capsys.readouterr().out
    with pytest.raises(ToolchainError, match="is there, perhaps with a reader's work"):
        draw_command([SUMMARIES], "lc++", drawn)
    with pytest.raises(ToolchainError, match="is there, with what readers said"):
        count_command(Path(told["key"]), [said], "one", reading)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"methods": "foo"}, "no answers in a tone to be named by foo"),
        ({"methods": "lc++", "against": "lc++"}, "cannot be compared with itself"),
        ({"methods": "lc++", "compositions": "summarize+es"}, "ends with no tone"),
        ({"methods": "lc++", "compositions": "reply+witty"}, r"no answers to reply\+witty by lc\+\+"),
        ({"methods": "lc++", "conversations": 46}, "45 conversations have an answer .*fewer than 46"),
    ],
)
def test_what_cannot_be_drawn_is_told(asked: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match=said):
        draw_command([SUMMARIES], out=tmp_path / "x", **asked)
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "no blind reading"),
        ('{"format": "tandem.results/1"}', "no blind reading"),
        ('{"format": "tandem.reading/1", "what": "x", "items": "x"}', "reader is missing"),
    ],
)
def test_what_is_no_reading_is_named(line: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_text(line, encoding="utf-8")
    with pytest.raises(ToolchainError, match=said):
        read_reading(tmp_path / "x")


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([], "holds no verdict"),
        ([{"verdict": "witty"}, {"against": "b", "better": "a"}], "verdicts of two kinds"),
        ([{"verdict": "funny"}], "verdict is none of"),
        ([{"verdict": "witty", "composition": "summarize+es"}], "ends with no tone"),
        ([{"against": "b", "better": "c"}], "better is none of a, b, tie"),
    ],
)
def test_a_damaged_reading_is_named(items: list[dict[str, str]], said: str, tmp_path: Path) -> None:
    of_each = {"id": "1", "composition": "summarize+witty", "method": "a"}
    write_reading(tmp_path / "x", {"what": "x", "items": "x"} | READER, [of_each | item for item in items])
    with pytest.raises(ToolchainError, match=said):
        read_reading(tmp_path / "x")


@pytest.mark.parametrize("path", READINGS, ids=lambda path: path.name)
def test_committed_readings_can_be_counted(path: Path) -> None:
    reading = read_reading(path)
    rows = counted(reading)
    assert rows
    assert sum(row["n"] for row in rows if row.get("tone") == ALL) == len(reading.tones)
