"""Result files that are read together: each whole, and none that is of something else than the others."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from toolchain import paths
from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs
from toolchain.data.teacher_targets import targets_path
from toolchain.errors import ToolchainError
from toolchain.evaluation import result_file
from toolchain.evaluation.result_file import (
    ANSWERS_HASH,
    RESULT_FORMAT,
    ROWS,
    Result,
    answers_path,
    refuse_to_replace_what_is_no_result,
    write_result,
)
from toolchain.evaluation.results import read_results, refuse_another_base
from toolchain.hashing import sha256_file
from toolchain.provenance import made_with
from toolchain.tasks import Composition
from toolchain.whole_file import write_text_whole

META = {"format": RESULT_FORMAT, "split": "test", "engine": "python", "base": "tiny", "git_commit": "0" * 40}
ROW = {"engine": "python", "composition": "summarize+es", "method": "merge", "metric": "rouge_l"}
ANSWERS = [{"composition": "summarize+es", "method": "merge", "id": "1", "answer": "x"}]
MEASURED = ROW | {"value": 0.5, "interval": [0.4, 0.6], "n": 2}
VERDICT = {
    "metric": "judge: wins against two-step, ties half",
    "against": "two-step",
    "judge": "a model",
    "asked_sha256": "0",
    "ties": 1,
    "scores": [1, 0.5],
}
NO_ANSWERS = hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize(
    ("content", "said"), [("", "no result"), ("{]", "no JSON object"), ('{"format": "other"}', "format")]
)
def test_what_is_no_result_file_is_named(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "x.test.jsonl"
    path.write_text(content)
    with pytest.raises(ToolchainError, match=said) as refused:
        read_results([path])
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    ("meta", "row", "said"),
    [
        ({}, MEASURED, "split"),
        ({key: value for key, value in META.items() if key != "git_commit"}, MEASURED, "git_commit"),
        (META | {"split": "training"}, MEASURED, "unknown split 'training': want test or validation"),
        (META, {"a": 1}, "composition"),
        (META, MEASURED | {"value": "high"}, "no number"),
        (META, MEASURED | {"value": float("nan")}, "no number"),
        (META, MEASURED | {"interval": None}, "no number"),
        (META | {"judged": []}, MEASURED, "verdicts alone"),
        (META, MEASURED | {"value": 1e308}, "no number"),
        (META, MEASURED | VERDICT | {"asked_sha256": None}, "no verdict on answers that it names"),
        (META, MEASURED | VERDICT | {"n": 2, "scores": [1, "tie"]}, "no verdict on answers that it names"),
        (META | {ANSWERS_HASH: None}, MEASURED, "answers_sha256"),
        (META, MEASURED | VERDICT | {"scores": None}, "no verdict on answers that it names"),
        (META, MEASURED | VERDICT | {"scores": 1}, "no verdict on answers that it names"),
        (META, MEASURED | VERDICT | {"n": 2, "scores": [1]}, "no verdict on answers that it names"),
        (META, MEASURED | VERDICT | {"scores": [True]}, "no verdict on answers that it names"),
        (META, MEASURED | VERDICT | {"ties": False}, "no verdict"),
        (META, MEASURED | VERDICT | {"n": 1.5}, "no verdict"),
        (META, MEASURED | VERDICT | {"judge": None}, "no verdict"),
        (META, MEASURED | VERDICT | {"seed": "0"}, "no verdict"),
        (META, MEASURED | VERDICT | {"unreadable": "none"}, "no verdict"),
        (META | {"versions": "2.15"}, MEASURED, "versions of its first line"),
        (META | {"data": None}, MEASURED, "data of its first line"),
        (META | {"adapter_sha256": ["es"]}, MEASURED, "adapter_sha256 of its first line"),
        (META | {"adapter_sha256": {"es": 1}}, MEASURED, "object of hashes"),
        (META | {"limit": [1]}, MEASURED, "limit of its first line"),
        (META | {"limit": 0}, MEASURED, "limit of its first line is 0"),
        (META | {"limit": True}, MEASURED, "limit of its first line is not a number"),
        (META | {"seed": False}, MEASURED, "seed of its first line is not a number"),
        (META, MEASURED | {"value": 10**400}, "no number"),
        (META, MEASURED | {"value": True, "interval": [0, 1]}, "no number"),
        (META, MEASURED | {"interval": [0.6, 0.4]}, "no number with an interval"),
        (META, MEASURED | {"n": 0}, "no number"),
        (META, MEASURED | {"n": 2.5}, "no number"),
        (META, MEASURED | {"value": "high", "why": "x"}, "no number"),
        (META, MEASURED | {"metric": "judge: wins against two-step, ties half"}, "no number"),
        (META, MEASURED | {"engine": "device"}, "another engine"),
    ],
)
def test_a_damaged_result_is_named(tmp_path: Path, meta: dict[str, Any], row: dict[str, Any], said: str) -> None:
    path = tmp_path / "x.test.jsonl"
    answers_path(path).write_text("")
    path.write_text(
        json.dumps({"format": RESULT_FORMAT, ANSWERS_HASH: NO_ANSWERS} | meta) + "\n" + json.dumps(row) + "\n"
    )
    with pytest.raises(ToolchainError, match=said) as refused:
        read_results([path])
    assert str(path) in str(refused.value)


def test_an_answer_to_no_conversation_of_the_benchmark_is_refused(tmp_path: Path) -> None:
    path, name = tmp_path / "x.test.jsonl", "conversations.jsonl"
    meta = META | {"data": {name: sha256_file(paths.BENCHMARK / name)}}
    (pair, *_) = composition_pairs(Composition.parse("summarize+es"), Split.TEST)
    write_result(path, Result(meta, [MEASURED], [ANSWERS[0] | {"id": pair.id}]))
    assert read_results([path]).answers
    write_result(path, Result(meta, [MEASURED], ANSWERS))
    with pytest.raises(
        ToolchainError, match=r"x\.test\.answers\.jsonl has an answer of summarize\+es to '1', which is no"
    ):
        read_results([path])


def test_what_was_measured_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.test.jsonl"
    write_result(path, Result(META, [MEASURED, MEASURED | {"value": 0.6}], ANSWERS))
    with pytest.raises(ToolchainError, match=r"more than one row of summarize\+es, merge, rouge_l"):
        read_results([path])


def test_two_judges_do_not_say_in_one_file_what_one_of_them_would_be_shown_for(tmp_path: Path) -> None:
    path, verdict = tmp_path / "x.test.jsonl", MEASURED | VERDICT
    write_result(path, Result(META, [verdict, verdict | {"judge": "another"}], ANSWERS))
    with pytest.raises(ToolchainError, match="more than one row"):
        read_results([path])


def test_answers_and_the_verdicts_on_them_are_read_together(tmp_path: Path) -> None:
    path, verdicts = tmp_path / "x.test.jsonl", tmp_path / "judge.test.jsonl"
    write_result(path, Result(META, [MEASURED], ANSWERS))
    write_result(verdicts, Result(META | {"judged": [path.name]}, [MEASURED | VERDICT], []))
    assert len(read_results([path, verdicts]).rows) == 2


def test_rows_and_answers_of_two_runs_do_not_stand_together(tmp_path: Path) -> None:
    """A run that is killed between its two files leaves the rows of the one before."""
    path = tmp_path / "x.test.jsonl"
    write_result(path, Result(META, [MEASURED], ANSWERS))
    assert read_results([path]).answers
    answers_path(path).write_text(answers_path(path).read_text().replace('"x"', '"y"'))
    with pytest.raises(ToolchainError, match="other answers than those") as refused:
        read_results([path])
    assert str(path) in str(refused.value)


def test_rows_vouch_for_the_answers_of_their_own_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.test.jsonl"

    def written_by_another_run_too(file: Path, text: str) -> None:
        write_text_whole(file, text)
        if file == answers_path(path):
            write_text_whole(file, text.replace('"x"', '"y"'))

    monkeypatch.setattr(result_file, "write_text_whole", written_by_another_run_too)
    write_result(path, Result(META, [MEASURED], ANSWERS))
    with pytest.raises(ToolchainError, match="other answers than those"):
        read_results([path])


def test_a_result_may_take_the_place_of_another_and_of_the_answers_that_a_killed_run_left(tmp_path: Path) -> None:
    path = tmp_path / "x.test.jsonl"
    refuse_to_replace_what_is_no_result(path)
    write_result(path, Result(META, [MEASURED], ANSWERS))
    refuse_to_replace_what_is_no_result(path)
    path.unlink()
    refuse_to_replace_what_is_no_result(path)


def test_a_copy_that_was_cut_off_at_the_end_of_a_line_is_named(tmp_path: Path) -> None:
    path, another = tmp_path / "x.test.jsonl", MEASURED | {"metric": "chrf"}
    write_result(path, Result(META, [MEASURED, another], ANSWERS))
    head, first, _ = path.read_text().splitlines(keepends=True)
    path.write_text(head + first)
    with pytest.raises(ToolchainError, match=r"x\.test\.jsonl has 1 rows where its first line says 2") as refused:
        read_results([path])
    assert str(path) in str(refused.value)
    older = {key: value for key, value in json.loads(head).items() if key != ROWS}
    path.write_text(json.dumps(older) + "\n" + first)
    assert len(read_results([path]).rows) == 1, "older files do not say how many"


def test_a_foreign_name_with_the_mark_of_a_seed_is_a_name(tmp_path: Path) -> None:
    names = ["lc++@2", "mine@v2", "lc++", "mine@"]
    rows, answers = ([item | {"method": name} for name in names for item in items] for items in ([MEASURED], ANSWERS))
    write_result(tmp_path / "x.test.jsonl", Result(META, rows, answers))
    results = read_results([tmp_path / "x.test.jsonl"])
    assert results.methods("python") == ["lc++", "mine@v2", "mine@"]
    assert results.repeats("python", "summarize+es", "lc++") == ["lc++", "lc++@2"]
    assert results.repeats("python", "summarize+es", "mine@v2") == ["mine@v2"]


def test_splits_are_not_mixed(tmp_path: Path) -> None:
    for split in ("test", "validation"):
        write_result(tmp_path / f"{split}.jsonl", Result(META | {"split": split}, [], ANSWERS))
    with pytest.raises(ToolchainError, match="the splits test, validation"):
        read_results([tmp_path / "test.jsonl", tmp_path / "validation.jsonl"])


@pytest.mark.parametrize(
    "other",
    [
        {"base_sha256": "2"},
        {"base_text_sha256": "2"},
        {"adapter_sha256": {"es": "2"}},
        {"data": {"targets.jsonl": "2"}},
    ],
)
def test_measurements_of_different_files_are_not_mixed(tmp_path: Path, other: dict[str, Any]) -> None:
    made_of = {"base_sha256": "1", "base_text_sha256": "1", "adapter_sha256": {"es": "1"}}
    meta: dict[str, Any] = META | made_of | {"data": {"targets.jsonl": "1"}}
    files = [tmp_path / name for name in ("a.jsonl", "b.jsonl")]
    for path, of_it in zip(files, (meta, meta | {"adapter_sha256": {"fr": "3"}}), strict=True):
        write_result(path, Result(of_it, [], ANSWERS))
    read_results(files)
    write_result(files[1], Result(meta | other, [], ANSWERS))
    with pytest.raises(ToolchainError, match=r"a\.jsonl and b\.jsonl"):
        read_results(files)


def test_one_calibration_as_it_was_does_not_stand_beside_what_it_is_now(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.jsonl", "b.jsonl")]
    prompt = {"engine": "python", "composition": "summarize+es", "method": "merge", "metric": "prompt", "value": "x"}
    for path, key in zip(files, "12", strict=True):
        write_result(path, Result(META, [prompt | {"key_sha256": key}], [ANSWERS[0] | {"answer": key}]))
    with pytest.raises(
        ToolchainError, match=r"a\.jsonl and .*b\.jsonl have different answers of merge to summarize\+es"
    ):
        read_results(files)
    write_result(files[1], Result(META, [prompt | {"key_sha256": "2"}], [ANSWERS[0] | {"answer": "1"}]))
    read_results(files)


def test_answers_are_not_scored_against_other_references_than_they_were_measured_with(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    (pair, *_) = composition_pairs(Composition.parse("summarize+es"), Split.TEST)
    answers = [ANSWERS[0] | {"id": pair.id}]
    write_result(path, Result(META | made_with(), [], answers))
    read_results([path])
    write_result(path, Result(META | {"data": {"conversations.jsonl": "0"}}, [], answers))
    with pytest.raises(
        ToolchainError, match=r"x\.jsonl are of different files of conversations\.jsonl.* set TANDEM_BENCHMARK"
    ):
        read_results([path])


def test_answers_of_three_tasks_are_not_scored_against_other_targets_than_they_were_measured_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "CALIBRATIONS", tmp_path)
    targets, path = targets_path(Composition.parse("summarize+witty+fr")), tmp_path / "x.jsonl"
    targets.parent.mkdir()
    targets.write_text("as they were", encoding="utf-8")
    answers = [ANSWERS[0] | {"composition": "summarize+witty+fr"}]
    write_result(path, Result(META | {"data": {targets.name: sha256_file(targets)}}, [], answers))
    read_results([path])
    targets.write_text("made anew", encoding="utf-8")
    with pytest.raises(ToolchainError, match=r"x\.jsonl are of different files of summarize\+witty\+fr\.jsonl"):
        read_results([path])


def test_a_few_conversations_do_not_stand_beside_all(tmp_path: Path) -> None:
    for name, limit in (("few", 3), ("all", None)):
        write_result(tmp_path / f"{name}.jsonl", Result(META | {"limit": limit}, [], ANSWERS))
    with pytest.raises(ToolchainError, match="--limit"):
        read_results([tmp_path / "few.jsonl", tmp_path / "all.jsonl"])


def test_what_is_compared_in_pairs_has_answers_to_the_same_conversations(tmp_path: Path) -> None:
    for name, method, ids in (("a", "merge", "12"), ("b", "lc++", "12"), ("c", "dam", "13"), ("d", "lc", "1")):
        answers = [{"composition": "summarize+es", "method": method, "id": id, "answer": "x"} for id in ids]
        write_result(tmp_path / f"{name}.jsonl", Result(META, [], answers))
    read_results([tmp_path / "a.jsonl", tmp_path / "b.jsonl"])
    with pytest.raises(ToolchainError, match=r"merge and dam have answers to different conversations of summarize\+es"):
        read_results([tmp_path / "a.jsonl", tmp_path / "c.jsonl"])
    with pytest.raises(ToolchainError, match="merge and lc have answers to different conversations"):
        read_results([tmp_path / "a.jsonl", tmp_path / "d.jsonl"])


def test_files_of_one_name_do_not_replace_each_other(tmp_path: Path) -> None:
    files = [tmp_path / folder / "x.jsonl" for folder in "ab"]
    for path in files:
        write_result(path, Result(META, [], ANSWERS))
    with pytest.raises(ToolchainError, match="by its own name"):
        read_results(files)


def test_a_report_is_of_the_chosen_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_result(tmp_path / "x.jsonl", Result(META, [], ANSWERS))
    results = read_results([tmp_path / "x.jsonl"])
    with pytest.raises(ToolchainError, match=r"x\.jsonl is of the base tiny, .* set TANDEM_BASE=tiny"):
        refuse_another_base(results)
    monkeypatch.setenv("TANDEM_BASE", "tiny")
    refuse_another_base(results)


def test_training_seeds_alone_are_their_method(tmp_path: Path) -> None:
    rows = [MEASURED | {"method": f"lc++@{seed}", "value": value} for seed, value in ((1, 0.4), (2, 0.6))]
    write_result(tmp_path / "x.jsonl", Result(META, rows, ANSWERS))
    results = read_results([tmp_path / "x.jsonl"])
    assert results.methods("python", "summarize+es") == ["lc++"]
    assert results.over_seeds("python", "summarize+es", "lc++", "rouge_l") == 0.5
