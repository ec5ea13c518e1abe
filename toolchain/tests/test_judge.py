"""The judge: swapped orders, ties, an estimate first; on a real local server."""

import re
from pathlib import Path

import pytest

from toolchain.data.endpoint import Endpoint
from toolchain.evaluation.judge import comparisons, estimate, judge, judge_row
from toolchain.evaluation.samples import Sample
from toolchain.tests.chat_server import Rule, serving

_ANSWERS = re.compile(r"<answer 1>\n(.*?)\n</answer 1>\n<answer 2>\n(.*?)\n</answer 2>", re.DOTALL)


def _longer_wins(prompt: str) -> str:
    match = _ANSWERS.search(prompt)
    assert match
    first, second = match.groups()
    return "tie" if len(first) == len(second) else "Answer 1." if len(first) > len(second) else "2"


def _sample(ours: str, theirs: str, name: str = "summarize+es") -> Sample:
    return Sample(name, "Ana: hola {input}", "reference", {"lc++": ours, "two-step": theirs}, "Ana")


def _silent(_line: str) -> None:
    pass


SAMPLES = [_sample("long one", "short"), _sample("a", "long one"), _sample("same", "four"), _sample("", "something")]


@pytest.mark.parametrize(
    ("rule", "scores"),
    [
        (_longer_wins, [1.0, 0.0, 0.5, 0.0]),
        # A judge that always prefers the same place, or says nothing that can be read, decides nothing.
        (lambda _: "1", [0.5] * 4),
        (lambda _: "2", [0.5] * 4),
        (lambda _: "I would rather not", [0.5] * 4),
    ],
)
def test_only_a_verdict_that_survives_the_swap_counts(rule: Rule, scores: list[float], tmp_path: Path) -> None:
    asked = comparisons(SAMPLES, "lc++", "two-step")
    with serving(rule) as server:
        assert judge(asked, Endpoint(server.url, "m"), tmp_path, _silent) == scores
    assert len(server.asked) == estimate(asked).calls == 8


def test_swapped_methods_give_the_opposite(tmp_path: Path) -> None:
    with serving(_longer_wins) as server:
        one, other = (
            judge(comparisons(SAMPLES, *methods), Endpoint(server.url, "m"), tmp_path, _silent)
            for methods in (("lc++", "two-step"), ("two-step", "lc++"))
        )
    assert [1 - score for score in one] == other


def test_a_killed_judgement_asks_only_what_is_missing(tmp_path: Path) -> None:
    asked = comparisons(SAMPLES, "lc++", "two-step")
    with serving(_longer_wins) as server:
        endpoint = Endpoint(server.url, "m")
        judge(asked[:2], endpoint, tmp_path, _silent)
        whole = judge(asked, endpoint, tmp_path, _silent)
        assert judge(asked, endpoint, tmp_path, _silent) == whole
    assert len(server.asked) == 8


def test_a_row_counts_ties_half() -> None:
    row = judge_row("lc++", "two-step", "summarize+es", [1.0, 0.5, 0.5, 0.0], 0, "m")
    assert (row["value"], row["ties"], row["n"]) == (0.5, 2, 4)
    assert row["interval"][0] <= 0.5 <= row["interval"][1]


def test_a_conversation_that_speaks_to_the_judge_stays_data(tmp_path: Path) -> None:
    hostile = _sample("good", "bad {first} {request}")
    ((prompt, _),) = comparisons([hostile], "lc++", "two-step")
    assert "Ana: hola {input}" in prompt
    assert "bad {first} {request}" in prompt
