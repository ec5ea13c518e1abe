"""The judge: swapped orders, ties, an estimate first; on a real local server."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from toolchain.data.benchmark import Split
from toolchain.data.endpoint import Endpoint
from toolchain.data.pairs import Pair, composition_pairs
from toolchain.errors import ToolchainError
from toolchain.evaluation.judge import Score, comparisons, estimate, judge
from toolchain.evaluation.judged import add_judged, judged_path, judged_row, not_run_row
from toolchain.evaluation.judging import Judging, judge_answers
from toolchain.evaluation.reporting.judged_tables import judged_groups, judged_table
from toolchain.evaluation.reporting.report import markdown_report, tables
from toolchain.evaluation.reporting.samples import Sample, samples, samples_of
from toolchain.evaluation.result_file import RESULT_FORMAT, Result, read_result, write_result
from toolchain.evaluation.results import Results, read_results
from toolchain.tasks import Composition
from toolchain.tests.chat_server import Rule, serving
from toolchain.tests.tiny import silent
from toolchain.text import Message, render_prompt

_ANSWERS = re.compile(r"<answer 1>\n(.*?)\n</answer 1>\n<answer 2>\n(.*?)\n</answer 2>", re.DOTALL)


def _longer_wins(prompt: str) -> str:
    match = _ANSWERS.search(prompt)
    assert match
    first, second = match.groups()
    return "tie" if len(first) == len(second) else "Answer 1." if len(first) > len(second) else "2"


def _sample(ours: str, theirs: str, name: str = "summarize+es") -> Sample:
    return Sample("1", name, "Ana: hola {input}", "reference", {"lc++": ours, "two-step": theirs}, "Ana")


SAMPLES = [_sample("long one", "short"), _sample("a", "long one"), _sample("same", "four"), _sample("", "something")]


@pytest.mark.parametrize(
    ("rule", "scores"),
    [
        (_longer_wins, [1.0, 0.0, 0.5, 0.0]),
        # A judge that always prefers the same place decides nothing; what cannot be read is no verdict.
        (lambda _: "1", [0.5] * 4),
        (lambda _: "**Answer 2**", [0.5] * 4),
        (lambda _: "I would rather not", [None] * 4),
        (lambda _: "Comparing answer 1 with answer 2, I prefer 2", [None] * 4),
    ],
)
def test_only_a_verdict_that_survives_the_swap_counts(rule: Rule, scores: list[Score], tmp_path: Path) -> None:
    asked = comparisons(SAMPLES, "lc++", "two-step")
    with serving(rule) as server:
        endpoint = Endpoint(server.url, "m")
        expected = estimate(asked, endpoint, tmp_path)
        assert judge(asked, endpoint, tmp_path, silent) == scores
    # What has no verdict in one order is not asked for in the other.
    assert (len(server.asked), expected.calls) == (4 if None in scores else 8, 8)


def test_swapped_methods_give_the_opposite(tmp_path: Path) -> None:
    with serving(_longer_wins) as server:
        one, other = (
            judge(comparisons(SAMPLES, *methods), Endpoint(server.url, "m"), tmp_path, silent)
            for methods in (("lc++", "two-step"), ("two-step", "lc++"))
        )
    assert [None if score is None else 1 - score for score in one] == other


def test_a_killed_judgement_asks_only_what_is_missing(tmp_path: Path) -> None:
    asked = comparisons(SAMPLES, "lc++", "two-step")
    with serving(_longer_wins) as server:
        endpoint = Endpoint(server.url, "m")
        judge(asked[:2], endpoint, tmp_path, silent)
        left = estimate(asked, endpoint, tmp_path)
        sent = sum(map(len, (*asked[2], *asked[3]))) // 4
        assert str(left) == f"4 calls, about {sent:,} tokens sent and at most 4,096 answered"
        whole = judge(asked, endpoint, tmp_path, silent)
        assert judge(asked, endpoint, tmp_path, silent) == whole
    assert len(server.asked) == 8


def test_a_verdict_is_kept_for_the_judge_who_gave_it(tmp_path: Path) -> None:
    asked = comparisons(SAMPLES, "lc++", "two-step")
    with serving(_longer_wins) as server, serving(lambda _: "tie") as another:
        judges = [Endpoint(server.url, "m"), Endpoint(server.url, "n"), Endpoint(another.url, "m")]
        scores = [judge(asked, endpoint, tmp_path, silent) for endpoint in judges]
    assert scores[0] == scores[1] != scores[2]
    assert (len(server.asked), len(another.asked)) == (16, 8)


def _cut(text: str = "Well, the first", reason: str = "length") -> bytes:
    return json.dumps({"choices": [{"message": {"content": text}, "finish_reason": reason}]}).encode()


@pytest.mark.parametrize("begun", ["Well, the first", "1"])
@pytest.mark.parametrize(
    ("reason", "said"),
    [("length", "cut off after 1024 tokens"), ("error", "ended by its server with 'error'"), ("abort", "'abort'")],
)
def test_a_verdict_that_is_not_whole_does_not_count_and_is_asked_for_again(
    begun: str, reason: str, said: str, tmp_path: Path
) -> None:
    asked, told = comparisons(SAMPLES, "lc++", "two-step"), list[str]()
    with serving(_longer_wins) as server:
        endpoint = Endpoint(server.url, "m")
        server.raw = _cut(begun, reason)
        assert judge(asked[:1], endpoint, tmp_path, told.append) == [None]
        assert said in told[0]
        server.raw = None
        assert judge(asked, endpoint, tmp_path, silent) == [1.0, 0.0, 0.5, 0.0]


def test_a_judge_that_never_says_a_verdict_is_given_up(tmp_path: Path) -> None:
    asked = comparisons([_sample(f"long one {number}", "short") for number in range(30)], "lc++", "two-step")
    said = pytest.raises(ToolchainError, match="10 comparisons in a row: m said neither 1 nor 2 nor tie")
    with serving(lambda _: "Answer 1 is better because it is longer") as server, said:
        judge(asked, Endpoint(server.url, "m"), tmp_path, silent)
    assert len(server.asked) == 10


def test_a_judge_who_says_a_verdict_now_and_then_is_not_given_up(tmp_path: Path) -> None:
    samples = [_sample("odd" if number % 4 else f"even {number}", "short") for number in range(30)]
    with serving(lambda prompt: "I cannot say" if "\nodd\n" in prompt else "tie") as server:
        scores = judge(comparisons(samples, "lc++", "two-step"), Endpoint(server.url, "m"), tmp_path, silent)
    assert scores == [None if number % 4 else 0.5 for number in range(30)]


def test_a_kept_verdict_that_is_damaged_is_asked_for_again(tmp_path: Path) -> None:
    asked = comparisons(SAMPLES, "lc++", "two-step")
    with serving(_longer_wins) as server:
        endpoint = Endpoint(server.url, "m")
        scores = judge(asked, endpoint, tmp_path, silent)
        first, second, *_ = sorted(tmp_path.glob("judge.*.json"))
        first.write_text("")
        second.write_text('"ti')
        assert estimate(asked, endpoint, tmp_path).calls == 2
        assert judge(asked, endpoint, tmp_path, silent) == scores
    assert len(server.asked) == 2 * len(SAMPLES) + 2


def test_a_judge_that_is_always_cut_off_is_given_up(tmp_path: Path) -> None:
    asked = comparisons([_sample(f"long one {number}", "short") for number in range(30)], "lc++", "two-step")
    with serving(_longer_wins) as server:
        server.raw = _cut()
        with pytest.raises(ToolchainError, match="10 comparisons in a row: m was cut off"):
            judge(asked, Endpoint(server.url, "m"), tmp_path, silent)
    assert len(server.asked) == 10


def test_a_row_counts_ties_half() -> None:
    row = judged_row("lc++", "two-step", "summarize+es", [], [1.0, 0.5, 0.5, 0.0], 0, "m")
    assert (row["value"], row["ties"], row["n"]) == (0.5, 2, 4)
    assert row["interval"][0] <= 0.5 <= row["interval"][1]


def test_a_row_leaves_out_what_could_not_be_read() -> None:
    row = judged_row("lc++", "two-step", "summarize+es", [], [1.0, None, 0.5], 0, "m")
    assert (row["value"], row["ties"], row["n"], row["unreadable"]) == (0.75, 1, 3, 1)
    assert judged_row("lc++", "two-step", "summarize+es", [], [None], 0, "m")["value"] == "not run"


def test_a_conversation_that_speaks_to_the_judge_stays_data(tmp_path: Path) -> None:
    hostile = _sample("good", "bad {first} {request}")
    ((prompt, _),) = comparisons([hostile], "lc++", "two-step")
    assert "Ana: hola {input}" in prompt
    assert "bad {first} {request}" in prompt


def test_a_judge_is_told_who_replies() -> None:
    ((told, _),) = comparisons([_sample("x", "y", "reply+es")], "lc++", "two-step")
    ((other, _),) = comparisons([replace(_sample("x", "y", "reply+es"), reply_speaker="Ben")], "lc++", "two-step")
    assert told != other == told.replace("a reply by Ana", "a reply by Ben")


def test_a_judge_is_told_who_replies_where_nobody_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    composition, methods = Composition.parse("reply+es"), ("lc++", "two-step")
    alone = Pair("alone", (Message("Ana", "Anybody?"),), None, "x")
    pair = Pair("1", (Message("Ana", "Hi."), Message("Ben", "Hello.")), None, "x")
    monkeypatch.setattr("toolchain.evaluation.reporting.samples.composition_pairs", lambda *_: [alone, pair])
    answers = {("python", composition.name, method, pair.id): method for method in methods}
    taken = samples_of(Results({"x": {"split": "test"}}, {}, answers), "python", composition.name, None, methods)
    ((asked, _),) = comparisons(taken, *methods)
    assert render_prompt(composition.prompt, pair.source) in asked, "what was answered"


def _put_results(path: Path, answers: dict[str, str], names: tuple[str, ...] = ("summarize+es",)) -> Results:
    """A result file of the first two test conversations, answered by each method with one text."""
    meta = {"format": RESULT_FORMAT, "split": "test", "engine": "python", "base": "tiny", "seed": 0}
    shared = {"split": "test", "engine": "python", "metric": "rouge_l", "value": 0.1, "interval": [0, 1], "n": 2}
    rows = [shared | {"composition": name, "method": method} for name in names for method in answers]
    given = [
        {"composition": name, "method": method, "id": pair.id, "answer": text}
        for name in names
        for method, text in answers.items()
        for pair in composition_pairs(Composition.parse(name), Split.TEST)[:2]
    ]
    write_result(path, Result(meta | {"limit": 2, "git_commit": "0" * 40}, rows, given))
    return read_results([path])


def _shown(*files: Path) -> list[list[str]]:
    return judged_table(read_results(files), "python").rows


def test_verdicts_name_all_files_that_were_judged_and_no_seed_of_theirs(tmp_path: Path) -> None:
    verdicts, names = judged_path(tmp_path, Split.TEST, "python"), ["a.test.python.jsonl", "b.test.python.jsonl"]
    for name in names:
        results = _put_results(tmp_path / name, {"lc++": "x", "two-step": "y"})
        add_judged(verdicts, results, "python", [not_run_row("lc++", "two-step", "summarize+es", "no --endpoint")])
    meta = read_result(verdicts).meta
    assert meta["judged"] == names
    assert "seed" not in meta


def test_verdicts_against_two_methods_stand_beside_each_other(tmp_path: Path) -> None:
    results = _put_results(tmp_path / "x.test.python.jsonl", {"lc++": "x", "two-step": "y", "merge": "z"})
    verdicts = judged_path(tmp_path, Split.TEST, "python")
    for against in ("two-step", "merge"):
        add_judged(verdicts, results, "python", [not_run_row("lc++", against, "summarize+es", "no --endpoint")])
    assert [row["against"] for row in read_result(verdicts).rows] == ["two-step", "merge"]
    assert [row[2] for row in _shown(tmp_path / "x.test.python.jsonl", verdicts)] == ["two-step", "merge"]


def test_verdicts_that_several_add_at_once_are_all_kept(tmp_path: Path) -> None:
    others = ["two-step", "merge", "lc", "dam"]
    results = _put_results(tmp_path / "x.test.python.jsonl", dict.fromkeys(["lc++", *others], "x"))
    verdicts = judged_path(tmp_path, Split.TEST, "python")

    def add(against: str) -> None:
        add_judged(verdicts, results, "python", [not_run_row("lc++", against, "summarize+es", "no --endpoint")])

    with ThreadPoolExecutor(len(others)) as several:
        list(several.map(add, others))
    assert {row["against"] for row in read_result(verdicts).rows} == set(others)


def test_the_answers_of_a_training_seed_are_judged_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "x.test.python.jsonl"
    results = _put_results(path, {"lc++": "x", "lc++@1": "a longer answer", "two-step": "short"})
    told: list[str] = []
    with serving(_longer_wins) as server:
        judging = Judging(["lc++@1", "lc++"], "two-step", limit=1, seed=0, send=True)
        rows = [*judge_answers(results, judging, Endpoint(server.url, "m"), tmp_path, tmp_path, told.append)]
    assert [(row["method"], row["value"], row["n"]) for row in rows] == [("lc++@1", 1, 1), ("lc++", 0, 1)]
    assert "2 calls" in told[0]
    shown = {row[1]: row[3] for row in _shown(path, judged_path(tmp_path, Split.TEST, "python"))}
    assert shown == {"lc++@1": "100.0 [100.0, 100.0]", "lc++": "0.0 [0.0, 0.0]"}


def test_a_verdict_gives_way_to_none_of_another_judge_or_on_fewer_answers(tmp_path: Path) -> None:
    results = _put_results(tmp_path / "x.test.python.jsonl", {"lc++": "a longer answer", "two-step": "short"})
    verdicts = judged_path(tmp_path, Split.TEST, "python")

    def ask(model: str, limit: int | None) -> None:
        judging = Judging(["lc++"], "two-step", limit, seed=0, send=True)
        list(judge_answers(results, judging, Endpoint(server.url, model), tmp_path, tmp_path / "cells", silent))

    with serving(_longer_wins) as server:
        ask("one", 1)
        ask("one", 2)
        first, asked = verdicts.read_bytes(), len(server.asked)
        for model, limit in (("another", 2), ("another", None), ("one", 1)):
            with pytest.raises(ToolchainError, match=r"has the verdict of one on 2 answers of lc\+\+ to summarize\+es"):
                ask(model, limit)
        assert (verdicts.read_bytes(), len(server.asked)) == (first, asked), "nothing is sent"
        ask("one", None)
        assert read_result(verdicts).rows[0]["n"] == 2
        head, _ = verdicts.read_text().splitlines(keepends=True)
        verdicts.write_text(head)
        ask("another", 1)
        _put_results(tmp_path / "x.test.python.jsonl", {"lc++": "short", "two-step": "a longer answer"})
        results = read_results([tmp_path / "x.test.python.jsonl"])
        ask("one", 1)
    assert [(row["judge"], row["value"]) for row in read_result(verdicts).rows] == [("one", 0)], (
        "other answers were judged"
    )


def test_of_two_runs_on_one_file_of_verdicts_the_second_is_refused(tmp_path: Path) -> None:
    methods = {"lc++": "a longer answer", "merge": "long answer", "two-step": "short"}
    results = _put_results(tmp_path / "x.test.python.jsonl", methods)
    judging = Judging(["lc++", "merge"], "two-step", limit=1, seed=0, send=True)
    with serving(_longer_wins) as server, serving(lambda _: "tie") as another:
        one, other = (
            judge_answers(results, judging, Endpoint(it.url, "m"), tmp_path, tmp_path / "cells", silent)
            for it in (server, another)
        )
        first = next(one)
        with pytest.raises(ToolchainError, match=r"judge\.test\.python\.jsonl is being written by another process"):
            next(other)
        rows = [first, *one]
    assert not another.asked
    assert [row["value"] for row in read_result(judged_path(tmp_path, Split.TEST, "python")).rows] == [1, 1]
    assert [row["value"] for row in rows] == [1, 1]


def test_tasks_alone_are_not_judged(tmp_path: Path) -> None:
    results = _put_results(tmp_path / "x.test.python.jsonl", {"main": "x", "zero-shot": "y"}, ("summarize",))
    judging = Judging(["main"], "zero-shot", limit=None, seed=0, send=False)
    with pytest.raises(ToolchainError, match="answers to tasks alone"):
        next(judge_answers(results, judging, None, tmp_path, tmp_path, silent))


def test_a_report_says_what_was_judged_and_what_was_not(tmp_path: Path) -> None:
    answers = {"lc++": "a longer answer", "two-step": "short", "merge": "x"}
    path = tmp_path / "x.test.python.jsonl"
    results, verdicts = _put_results(path, answers), judged_path(tmp_path, Split.TEST, "python")
    assert [row[:4] for row in _shown(path)] == [["summarize+es", "lc++", "two-step", "not run (`toolchain judge`)"]]

    add_judged(verdicts, results, "python", [not_run_row("merge", "two-step", "summarize+es", "no --endpoint")])
    assert _shown(path, verdicts)[0][3] == "not run (no --endpoint)"

    asked = comparisons(samples(results, "python", 2), "lc++", "two-step")
    with serving(_longer_wins) as server:
        scores = judge(asked, Endpoint(server.url, "m"), tmp_path, silent)
    add_judged(verdicts, results, "python", [judged_row("lc++", "two-step", "summarize+es", asked, scores, 0, "m")])
    add_judged(verdicts, results, "python", [not_run_row("lc++", "two-step", "summarize+es", "no --yes")])
    shown = {row[1]: row[3:] for row in _shown(path, verdicts)}
    assert shown["lc++"] == ["100.0 [100.0, 100.0]", "0", "2", "m"], "what was not run again takes no verdict away"
    assert shown["merge"][0] == "not run (no --endpoint)"
    results = read_results([path, verdicts])
    report = markdown_report(results, tables(results))
    assert "Judge (python)" in report
    assert "base tiny, seed 0, commit" in report
    assert "seed None" not in report, "a judge's file has no seed"

    _put_results(path, {"merge": "x"})
    assert read_results([path, verdicts]).methods("python") == ["merge"], "a verdict alone makes no method of a table"
    _put_results(path, answers | {"lc++": "another answer"})
    assert {row[1]: row[3] for row in _shown(path, verdicts)}["lc++"] == "not run (other answers were judged)"


def test_verdicts_on_a_group_of_compositions_are_put_together_by_whole_conversations(tmp_path: Path) -> None:
    names = ("summarize+es", "summarize+fr", "summarize+witty")
    path, verdicts = tmp_path / "x.test.python.jsonl", judged_path(tmp_path, Split.TEST, "python")
    results = _put_results(path, {"lc++": "x", "two-step": "y"}, names)

    def shown(*scores: list[Score], judge: str = "m") -> list[list[str]]:
        for name, of_it in zip(names, scores, strict=False):
            taken = [item for item in samples(results, "python", None) if item.composition == name]
            asked = comparisons(taken, "lc++", "two-step")
            row = judged_row("lc++", "two-step", name, asked, of_it, 0, judge if name == names[0] else "m")
            add_judged(verdicts, results, "python", [row])
        return judged_groups(read_results([path, verdicts]), "python").rows

    # One conversation is lost in both languages, one won in one; a tone alone makes no group.
    (row,) = shown([0.0, 1.0], [0.0, 0.5], [1.0, 1.0])
    assert row == ["S+Tr", "lc++", "two-step", "37.5 [0.0, 75.0]", "1", "2 x 2", "m"]
    (row,) = shown([0.0, 1.0], [None, 0.5])
    assert row[3:6] == ["75.0 [75.0, 75.0]", "1", "1 x 2"]
    assert not shown([0.0, 1.0], judge="another")
