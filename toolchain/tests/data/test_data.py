"""The benchmark: what may be built, and who may see which conversation."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from toolchain.data import benchmark, pairs
from toolchain.data.benchmark import (
    CONVERSATIONS,
    FILES,
    MAIN_FIELDS,
    SINGLE_CONVERSATIONS,
    SINGLE_TEXTS,
    UNLABELLED_CONVERSATIONS,
    Split,
    conversations,
    single_conversations,
    single_texts,
    unlabelled_conversations,
)
from toolchain.data.build import build_benchmark
from toolchain.data.cocoa import cocoa_files, cocoa_pairs
from toolchain.data.dialogues import percent_of
from toolchain.data.pairs import FurtherTexts, composition_pairs, single_task_pairs
from toolchain.errors import ToolchainError
from toolchain.hashing import sha256_file
from toolchain.tasks import AUXILIARY_TASKS, MAIN_TASKS, TASKS, Composition, Task
from toolchain.text import render

VARIANTS = {variant: f"in {variant}" for variant in ("en", *AUXILIARY_TASKS)}
TEXTS = {variant: f"a text {said}" for variant, said in VARIANTS.items()}
COMPOSITIONS = [Composition.parse(f"{main}+{auxiliary}") for main in MAIN_TASKS for auxiliary in AUXILIARY_TASKS]


def _spoken(id: str) -> dict[str, Any]:
    return {"id": id, "conversation": [{"speaker": "Ana", "text": f"Hi, {id}"}], "reply_speaker": "Ben"}


def _rows() -> dict[str, list[dict[str, Any]]]:
    return {
        CONVERSATIONS: [
            _spoken(f"c{index}") | {"split": split} | {field: dict(VARIANTS) for field in MAIN_FIELDS.values()}
            for index, split in enumerate(Split)
        ],
        SINGLE_CONVERSATIONS: [_spoken(f"s{index}") | dict.fromkeys(MAIN_FIELDS.values(), "ok") for index in range(2)],
        SINGLE_TEXTS: [{"id": f"t{index}", "kind": "message"} | TEXTS for index in range(2)],
    }


def _write(folder: Path, rows: dict[str, list[dict[str, Any]]]) -> Path:
    folder.mkdir()
    for name, items in rows.items():
        (folder / name).write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    return folder


def write_benchmark(folder: Path) -> Path:
    """A sound source of four conversations."""
    return _write(folder, _rows())


def test_a_built_benchmark_is_its_source(tmp_path: Path) -> None:
    source = _write(tmp_path / "source", _rows())
    hashes = build_benchmark(source, tmp_path / "target")
    assert {path.name for path in (tmp_path / "target").iterdir()} == set(FILES)
    for name in FILES:
        assert (tmp_path / "target" / name).read_bytes() == (source / name).read_bytes()
        assert hashes[name] == sha256_file(source / name)
    for split in Split:
        (conversation,) = conversations(split, tmp_path / "target")
        assert conversation.references == {main: VARIANTS for main in MAIN_TASKS}
    assert [item.id for item in single_conversations(tmp_path / "target")] == ["s0", "s1"]
    assert all(item.variants == TEXTS for item in single_texts(tmp_path / "target"))


def _twice(items: list[dict[str, Any]]) -> None:
    items.append(items[0])


def _without(*keys: str) -> Callable[[list[dict[str, Any]]], None]:
    def damage(items: list[dict[str, Any]]) -> None:
        row = items[1]
        for key in keys[:-1]:
            row = row[key]
        del row[keys[-1]]

    return damage


def _with(field: str, value: Any) -> Callable[[list[dict[str, Any]]], None]:
    def damage(items: list[dict[str, Any]]) -> None:
        items[1][field] = value

    return damage


def _other_split(items: list[dict[str, Any]]) -> None:
    items[1]["split"] = "train"


@pytest.mark.parametrize(
    ("name", "damage", "complaint"),
    [
        *[(name, _twice, "twice") for name in FILES],
        (CONVERSATIONS, _other_split, "split is none of single"),
        (CONVERSATIONS, _without("split"), "split"),
        (CONVERSATIONS, _without("summary", "en"), "en"),
        (CONVERSATIONS, _without("reply", "witty"), "witty"),
        (CONVERSATIONS, _with("reply_speaker", " "), "reply_speaker is blank"),
        (SINGLE_CONVERSATIONS, _without("summary"), "summary"),
        (SINGLE_CONVERSATIONS, _without("conversation"), "conversation"),
        (SINGLE_TEXTS, _without("id"), "id"),
        (SINGLE_TEXTS, _without("de"), "de"),
        (CONVERSATIONS, _with("summary", "s"), "summary is a text, not an object"),
        (CONVERSATIONS, _with("summary", VARIANTS | {"de": 5}), "summary: de is a number"),
        (CONVERSATIONS, _with("split", ["test"]), "split is a list"),
        (CONVERSATIONS, _with("id", ["c1"]), "id is a list"),
        (CONVERSATIONS, _with("conversation", "x"), "conversation is a text"),
        (CONVERSATIONS, _with("conversation", []), "no message with a text"),
        (SINGLE_CONVERSATIONS, _with("reply", None), "reply is null"),
        (SINGLE_TEXTS, _with("de", None), "de is null"),
        (CONVERSATIONS, _with("summary", VARIANTS | {"de": ""}), "summary: de is blank"),
        (SINGLE_CONVERSATIONS, _with("reply", " "), "reply is blank"),
        (SINGLE_TEXTS, _with("de", ""), "de is blank"),
    ],
)
def test_a_damaged_source_is_refused_and_nothing_is_written(
    tmp_path: Path, name: str, damage: Callable[[list[dict[str, Any]]], None], complaint: str
) -> None:
    rows = _rows()
    damage(rows[name])
    source = _write(tmp_path / "source", rows)
    with pytest.raises(ToolchainError, match=complaint) as refused:
        build_benchmark(source, tmp_path / "target")
    assert str(source / name) in str(refused.value)
    assert " line " in str(refused.value)
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize(("name", "split"), [(CONVERSATIONS, "calibration"), (SINGLE_CONVERSATIONS, "single")])
def test_a_conversation_in_two_splits_is_refused(tmp_path: Path, name: str, split: str) -> None:
    rows = _rows()
    rows[name][1]["conversation"] = [{"speaker": " Ana", "text": "Hi, c3\n"}, {"speaker": "Ben", "text": " "}]
    source = _write(tmp_path / "source", rows)
    with pytest.raises(ToolchainError, match=rf"of the (test|{split}) split, says what .* line \d of the") as refused:
        build_benchmark(source, tmp_path / "target")
    assert f"{source / name} line 2" in str(refused.value)
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("variant", ["en", "es"])
def test_a_text_that_is_a_held_out_reference_is_refused(tmp_path: Path, variant: str) -> None:
    rows = _rows()
    rows[SINGLE_TEXTS][1][variant] = f" {VARIANTS[variant]}\n"
    source = _write(tmp_path / "source", rows)
    with pytest.raises(ToolchainError, match=r"single_texts.jsonl: text t1 is a reference of conversation c\d"):
        build_benchmark(source, tmp_path / "target")
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    source = _write(tmp_path / "source", _rows())
    (source / name).unlink()
    with pytest.raises(ToolchainError, match=name):
        build_benchmark(source, tmp_path / "target")


@pytest.mark.parametrize("line", ["{", "[]", "7"])
def test_a_line_that_is_no_object_is_named(tmp_path: Path, line: str) -> None:
    source = _write(tmp_path / "source", _rows())
    (source / SINGLE_TEXTS).write_text(line + "\n", encoding="utf-8")
    with pytest.raises(ToolchainError, match=f"{SINGLE_TEXTS} line 1"):
        build_benchmark(source, tmp_path / "target")


@pytest.mark.parametrize("name", FILES)
def test_a_source_that_is_no_text_is_named(tmp_path: Path, name: str) -> None:
    source = _write(tmp_path / "source", _rows())
    (source / name).write_bytes(b"\xff\xfe")
    with pytest.raises(ToolchainError, match=f"{name} is not UTF-8"):
        build_benchmark(source, tmp_path / "target")


def test_two_conversations_of_one_id_are_refused_wherever_they_are_read(tmp_path: Path) -> None:
    rows = _rows()
    rows[CONVERSATIONS][-1]["id"] = rows[CONVERSATIONS][0]["id"]
    source = _write(tmp_path / "source", rows)
    with pytest.raises(ToolchainError, match=f"{CONVERSATIONS} line {len(Split)}: id 'c0' comes twice"):
        conversations(Split.TEST, source)


def test_byte_order_marks_and_other_line_ends_are_read(tmp_path: Path) -> None:
    rows, text = _rows(), "one\u2028two\u2029three\u0085four"
    rows[SINGLE_TEXTS][0]["de"] = text
    source = _write(tmp_path / "source", rows)
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows[SINGLE_TEXTS]]
    (source / SINGLE_TEXTS).write_text("".join(lines), encoding="utf-8-sig")
    build_benchmark(source, tmp_path / "target")
    assert single_texts(tmp_path / "target")[0].variants["de"] == text


def test_a_task_without_data_says_what_to_add(monkeypatch: pytest.MonkeyPatch) -> None:
    tone = replace(TASKS["witty"], id="xx")
    main = replace(TASKS["summarize"], id="xy")
    monkeypatch.setitem(TASKS, "xx", tone)
    monkeypatch.setitem(TASKS, "xy", main)
    for split in (Split.SINGLE, Split.VALIDATION):
        with pytest.raises(
            ToolchainError, match=rf"a text for xx that the {split} split may see: .*--texts.*references in both"
        ):
            single_task_pairs(tone, split)
        with pytest.raises(ToolchainError, match=rf"{CONVERSATIONS} line \d+ has no xy\.en: add it"):
            single_task_pairs(main, split)
    with pytest.raises(ToolchainError, match=r"has no summary\.xx"):
        composition_pairs(Composition.parse("summarize+xx"), Split.TEST)


@pytest.fixture
def new_language(monkeypatch: pytest.MonkeyPatch) -> Task:
    """A language that the benchmark has nothing of."""
    monkeypatch.setattr(benchmark, "AUXILIARY_TASKS", (*AUXILIARY_TASKS, "xx"))
    return replace(TASKS["es"], id="xx", language_tag="xx")


def test_a_new_language_is_trained_on_texts_of_its_own(tmp_path: Path, new_language: Task) -> None:
    """Its adapter needs nothing of the benchmark: a tenth of the texts, by their ids, chooses the step."""
    path = tmp_path / "texts.jsonl"
    lines = [
        {"id": f"{index}", "en": f"one {index}", "xx": f"uno {index}", "licence": "CC0-1.0"} for index in range(99)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in [*lines, {"id": "x", "en": "two", "es": "dos"}]))
    further = FurtherTexts(parallel=path)
    training = single_task_pairs(new_language, Split.SINGLE, further)
    validation = single_task_pairs(new_language, Split.VALIDATION, further)
    assert {pair.target for pair in [*training, *validation]} == {line["xx"] for line in lines}
    assert len(training) + len(validation) == len(lines)
    assert 0 < len(validation) < len(training)
    assert (further.licences(new_language), further.files(new_language)) == (["CC0-1.0"], [path])
    assert further.licences(TASKS["es"]) == ["not stated"]
    all_held_out = [line for line in lines if percent_of(line["id"]) < 10]
    for two in (lines[:2], all_held_out[:2]):
        path.write_text("".join(json.dumps(line) + "\n" for line in two))
        assert [len(single_task_pairs(new_language, split, further)) for split in (Split.SINGLE, Split.VALIDATION)] == [
            1,
            1,
        ]


ONE, TWO = {"id": "1", "en": "one", "xx": "uno"}, {"id": "2", "en": "two", "xx": "due"}


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([{"id": "1", "en": "one"}, {"id": "2", "xx": "due"}], r"texts\.jsonl has no line with both `en` and `xx`"),
        ([ONE, {"id": "2", "en": "two"}], r"one text alone for xx, '1', in .*texts\.jsonl: give two at least"),
        ([ONE, TWO | {"id": "1"}], r"texts\.jsonl line 2: id '1' comes twice"),
        ([ONE, TWO | {"xx": ""}], r"texts\.jsonl line 2: xx is blank"),
    ],
)
@pytest.mark.parametrize("split", [Split.SINGLE, Split.VALIDATION])
def test_texts_that_cannot_train_a_language_are_refused_for_what_they_lack(
    tmp_path: Path, new_language: Task, split: Split, lines: list[dict[str, str]], complaint: str
) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(ToolchainError, match=complaint):
        single_task_pairs(new_language, split, FurtherTexts(parallel=path))


def test_texts_come_to_those_of_the_benchmark(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text('{"id": "x", "en": "two", "es": "dos"}\n{"id": "y", "en": "two", "fr": "deux"}\n')
    own, further = single_task_pairs(TASKS["es"], Split.SINGLE), FurtherTexts(parallel=path)
    assert [pair.target for pair in single_task_pairs(TASKS["es"], Split.SINGLE, further)[len(own) :]] == ["dos"]
    same = single_task_pairs(TASKS["es"], Split.VALIDATION)
    assert single_task_pairs(TASKS["es"], Split.VALIDATION, further) == same
    with pytest.raises(ToolchainError, match="missing"):
        FurtherTexts(parallel=tmp_path / "none").pairs(TASKS["es"])


def test_texts_alone_train_and_choose(tmp_path: Path) -> None:
    """Texts in another style than the benchmark's: neither its texts nor its validation split are asked."""
    path = tmp_path / "texts.jsonl"
    lines = [{"id": f"{index}", "en": f"one {index}", "witty": f"a wee one {index}"} for index in range(99)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    further = FurtherTexts(parallel=path, alone=True)
    training, validation = (
        {pair.target for pair in single_task_pairs(TASKS["witty"], split, further)}
        for split in (Split.SINGLE, Split.VALIDATION)
    )
    assert training | validation == {line["witty"] for line in lines}
    assert 0 < len(validation) < len(training)
    assert not training & validation
    path.write_text(json.dumps(lines[0]) + "\n")
    with pytest.raises(ToolchainError, match=f"one text alone for witty, '0', in {path}: give two at least"):
        single_task_pairs(TASKS["witty"], Split.SINGLE, further)


def test_conversations_without_a_variant_are_left_out_of_its_adapter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = _rows()
    del rows[CONVERSATIONS][0]["reply"]["fr"], rows[SINGLE_TEXTS][0]["fr"], rows[CONVERSATIONS][1]["summary"]["en"]
    folder = _write(tmp_path / "b", rows)
    monkeypatch.setattr(pairs, "conversations", partial(conversations, folder=folder))
    monkeypatch.setattr(pairs, "single_texts", partial(single_texts, folder))
    assert [pair.id for pair in single_task_pairs(TASKS["fr"], Split.SINGLE)] == ["c0.summarize", "t1"]
    assert [pair.id for pair in single_task_pairs(TASKS["fr"], Split.CALIBRATION)] == ["c1.reply"]


@pytest.mark.parametrize(
    ("name", "damage", "complaint"),
    [
        (CONVERSATIONS, _without("split"), "split is missing"),
        (CONVERSATIONS, _other_split, "split is none of single"),
        (CONVERSATIONS, _without("id"), "id is missing"),
        (CONVERSATIONS, _without("conversation"), "conversation is missing"),
        (CONVERSATIONS, _with("conversation", [{"speaker": 5, "text": "Hi"}]), "speaker is a number"),
        (CONVERSATIONS, _with("conversation", []), "no message with a text"),
        (CONVERSATIONS, _with("reply", {"en": ["x"]}), "reply: en is a list"),
        (CONVERSATIONS, _with("reply_speaker", 5), "reply_speaker is a number"),
        (SINGLE_CONVERSATIONS, _with("summary", {"en": "s"}), "summary: en is an object, not a text"),
        (SINGLE_TEXTS, _with("de", 5), "de is a number"),
        (SINGLE_TEXTS, _without("id"), "id is missing"),
        (CONVERSATIONS, _with("reply", {"en": ""}), "reply: en is blank"),
        (SINGLE_CONVERSATIONS, _with("summary", "\n"), "summary: en is blank"),
        (SINGLE_TEXTS, _with("id", "t0"), "id 't0' comes twice"),
        (SINGLE_CONVERSATIONS, _with("id", "s0"), "id 's0' comes twice"),
        (UNLABELLED_CONVERSATIONS, _with("id", "u0"), "id 'u0' comes twice"),
    ],
)
def test_a_benchmark_of_any_folder_is_checked_where_it_is_read(
    tmp_path: Path, name: str, damage: Callable[[list[dict[str, Any]]], None], complaint: str
) -> None:
    rows = _rows() | {UNLABELLED_CONVERSATIONS: [_spoken(f"u{index}") for index in range(2)]}
    damage(rows[name])
    folder = _write(tmp_path / "b", rows)
    read: dict[str, Callable[[Path], object]] = {
        CONVERSATIONS: partial(conversations, Split.CALIBRATION),
        SINGLE_CONVERSATIONS: single_conversations,
        SINGLE_TEXTS: single_texts,
        UNLABELLED_CONVERSATIONS: unlabelled_conversations,
    }
    with pytest.raises(ToolchainError, match=complaint) as refused:
        read[name](folder)
    assert f"{folder / name} line 2" in str(refused.value)


def test_a_benchmark_without_a_conversation_is_none(tmp_path: Path) -> None:
    folder = _write(tmp_path / "source", _rows() | {CONVERSATIONS: []})
    with pytest.raises(ToolchainError, match="holds no conversation"):
        conversations(Split.TEST, folder)
    with pytest.raises(ToolchainError, match="holds no conversation"):
        build_benchmark(folder, tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_a_benchmark_that_was_not_built_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="toolchain data build"):
        conversations(Split.TEST, tmp_path)


def test_the_committed_splits_share_no_conversation() -> None:
    splits = {split: conversations(split) for split in Split}
    every = [
        *(item for items in splits.values() for item in items),
        *single_conversations(),
        *unlabelled_conversations(),
    ]
    assert all(splits.values())
    assert len({item.id for item in every}) == len(every)
    assert len({render(item.messages) for item in every}) == len(every)


def test_adapters_and_calibrations_share_no_pair_with_each_other_or_with_what_is_reported() -> None:
    held_out = {item.id for split in (Split.VALIDATION, Split.TEST) for item in conversations(split)}
    calibration = {item.id for item in conversations(Split.CALIBRATION)}
    for task in TASKS.values():
        trained = single_task_pairs(task, Split.SINGLE)
        ids = {pair.id.rsplit(".", 1)[0] for pair in trained}
        assert len({pair.id for pair in trained}) == len(trained)
        assert not ids & (held_out | calibration)
    for composition in COMPOSITIONS:
        pairs = composition_pairs(composition, Split.CALIBRATION)
        assert {pair.id for pair in pairs} == calibration
    assert not calibration & held_out


def test_no_target_of_the_test_split_is_trained_on() -> None:
    tested = {pair.target for composition in COMPOSITIONS for pair in composition_pairs(composition, Split.TEST)}
    for task in TASKS.values():
        assert not tested & {pair.target for pair in single_task_pairs(task, Split.SINGLE)}
    for composition in COMPOSITIONS:
        assert not tested & {pair.target for pair in composition_pairs(composition, Split.CALIBRATION)}


def test_a_composition_is_asked_for_the_last_tasks_variant() -> None:
    for composition in COMPOSITIONS:
        references = {item.id: item.references for item in conversations(Split.TEST)}
        for pair in composition_pairs(composition, Split.TEST):
            assert pair.target == references[pair.id][composition.ids[0]][composition.ids[1]]
            assert (pair.reply_speaker is not None) == (composition.ids[0] == "reply")


def test_cocoa_lines_alternate_between_formal_and_informal(tmp_path: Path) -> None:
    for domain in ("telephony", "topical_chat"):
        for column in ("en", "formal.de", "informal.de"):
            lines = [f"{domain} {column} {index}" for index in range(3)]
            file = tmp_path / f"formality-control.train.{domain}.en-de.{column}"
            file.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8", newline="")
    pairs = cocoa_pairs(tmp_path, "de")
    assert pairs[:2] == [
        ("telephony en 0", "telephony formal.de 0"),
        ("telephony en 1", "telephony informal.de 1"),
    ]
    assert len({source for source, _ in pairs}) == len(pairs) == 6
    assert len(cocoa_files(tmp_path, "de")) == 6
    with pytest.raises(ToolchainError, match="en-fr"):
        cocoa_pairs(tmp_path, "fr")
    first = tmp_path / "formality-control.train.telephony.en-de.en"
    first.write_text("no line end\u2028here", encoding="utf-8")
    with pytest.raises(ToolchainError, match="different numbers of lines"):
        cocoa_pairs(tmp_path, "de")
    first.write_text("a\u2028b\nc\nd\n", encoding="utf-8")
    with_cocoa = single_task_pairs(TASKS["de"], Split.SINGLE, FurtherTexts(tmp_path))
    assert len(with_cocoa) == len(single_task_pairs(TASKS["de"], Split.SINGLE)) + 6
