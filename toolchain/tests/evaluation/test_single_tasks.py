"""Each adapter on its own task: the texts of a conversation are drawn together, and training seeds count as one."""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import ClassVar

import pytest

from toolchain.adapters.methods.method import Method
from toolchain.data.benchmark import Split, conversations
from toolchain.data.pairs import Pair, composition_pairs
from toolchain.evaluation.bootstrap import bootstrap_mean
from toolchain.evaluation.drawn_together import conversations_of
from toolchain.evaluation.engines.engine import Answer, Question
from toolchain.evaluation.evaluate import Evaluation, evaluate
from toolchain.evaluation.reporting.paper_tables import table_1
from toolchain.evaluation.reporting.report import html_report, tables
from toolchain.evaluation.reporting.single_tasks import single_tasks
from toolchain.evaluation.reporting.table import percent
from toolchain.evaluation.result_file import write_result
from toolchain.evaluation.results import Results, read_results
from toolchain.overlap import overlap_metrics
from toolchain.tasks import AUXILIARY_TASKS, MAIN_TASKS, Composition
from toolchain.tests.evaluation.made_results import made_results
from toolchain.tests.tiny import silent


def test_tasks_alone_have_a_table_and_samples_of_their_own() -> None:
    measured = {("es", "zero-shot"): 0.2, ("es", "main"): 0.5, ("summarize", "main"): 0.3}
    results = made_results(measured, "Hasta luego")
    pairs = composition_pairs(Composition.of("es"), Split.TEST)[:2]
    for pair in pairs:
        results.answers["python", "es", "main", pair.id] = pair.target
    shown = {(row[0], row[1]): row[2:5] for row in single_tasks(results, "python").rows}
    assert shown.keys() == measured.keys()
    assert shown["es", "main"][:2] == ["chrf", "100.0 [100.0, 100.0]"]
    assert shown["es", "zero-shot"][2] == shown["summarize", "main"][2] == "", "compared with nothing"
    said = sum(overlap_metrics("Hasta luego", pair.target)["chrf"] for pair in pairs)
    assert shown["es", "main"][2].startswith(f"{2 / said:.2f} [")
    html = html_report(results, tables(results))
    assert escape(str(pairs[0].source)) in html
    assert "Hasta luego" in html
    both = made_results(measured | {("summarize+es", "merge"): 0.1}, "Hasta luego")
    assert table_1(both, "python").rows == table_1(made_results({("summarize+es", "merge"): 0.1}), "python").rows
    assert single_tasks(both, "python").rows == single_tasks(made_results(measured, "Hasta luego"), "python").rows


def test_the_seeds_of_a_task_alone_are_one_method_with_the_mean_of_them() -> None:
    results = made_results({("es", name): 0.5 for name in ("zero-shot", "main@1", "main@2")}, "")
    for pair in composition_pairs(Composition.of("es"), Split.TEST)[:2]:
        results.answers["python", "es", "main@1", pair.id] = pair.target
    results.rows["python", "es", "main@1", "language"] = {"value": 1.0}
    assert [row[1:4] for row in single_tasks(results, "python").rows] == [
        ["zero-shot", "chrf", "0.0 [0.0, 0.0]"],
        ["main", "chrf", "50.0 [50.0, 50.0]"],
    ]
    assert [row[6] for row in single_tasks(results, "python").rows] == ["50.0", "75.0"]


def _answered(right: list[str]) -> tuple[Results, list[str]]:
    """Of `es` alone, answers that are as the reference to those of `right`, and empty to the others; and all ids."""
    pairs = composition_pairs(Composition.of("es"), Split.TEST)
    results = made_results({("es", "main"): 0.5})
    for pair in pairs:
        results.answers["python", "es", "main", pair.id] = pair.target if pair.id in right else ""
    return results, [pair.id for pair in pairs]


def test_both_texts_of_a_conversation_count_once_in_an_interval_and_twice_in_a_mean() -> None:
    _, ids = _answered([])
    half = ids[: len(ids) // 4 * 2]  # Both texts of every one of these conversations.
    results, _ = _answered(half)
    ((_, _, _, shown, *_, count),) = single_tasks(results, "python").rows
    values = [1.0 if name in half else 0.0 for name in ids[::2]]
    once = bootstrap_mean(values, seed=0)
    assert shown == f"{100 * once.value:.1f} [{100 * once.low:.1f}, {100 * once.high:.1f}]"
    assert count == str(len(ids)) == str(2 * len(values))


class _SomeConversations:
    """The reference of both texts of a few conversations, and nothing of the others."""

    id = "python"
    base: ClassVar[dict[str, str]] = {"base": "tiny"}

    def prompts(self, _method: Method, _composition: Composition) -> dict[str, str]:
        return {"contract": ""}

    def key(self, question: Question) -> str:
        return question.method.id

    def answers(self, _question: Question, pairs: Sequence[Pair]) -> Iterator[dict[str, Answer]]:
        yield {pair.id: Answer(pair.target if place < 12 else "") for place, pair in enumerate(pairs)}


def test_the_interval_of_a_result_file_is_that_of_the_table(assets: Path) -> None:
    evaluated = evaluate(_SomeConversations(), Evaluation(["main"], ["es"], Split.TEST, None, 0), assets, silent)
    write_result(assets / "x.jsonl", evaluated)
    ((_, _, metric, shown, *_),) = single_tasks(read_results([assets / "x.jsonl"]), "python").rows
    assert shown == percent(next(row for row in evaluated.rows if row["metric"] == metric))


@pytest.mark.parametrize("task", AUXILIARY_TASKS)
def test_the_examples_of_an_auxiliary_task_are_the_references_of_the_splits_conversations(task: str) -> None:
    composition = Composition.of(task)
    ids = [pair.id for pair in composition_pairs(composition, Split.TEST)]
    assert conversations_of(composition, ids) == [item.id for item in conversations(Split.TEST) for _ in MAIN_TASKS]
