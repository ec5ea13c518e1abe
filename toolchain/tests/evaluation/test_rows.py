"""What is measured of an answer, and the rows that a result file gets of it."""

import pytest

from toolchain.data.pairs import Pair
from toolchain.evaluation.engines.device_core import STATISTICS
from toolchain.evaluation.engines.engine import Answer
from toolchain.evaluation.evaluate import measure
from toolchain.evaluation.rows import FASTER, PAIRED, PAIRED_RATIO, Rows
from toolchain.tasks import Composition
from toolchain.text import Message

COMPOSITION = Composition.parse("summarize+es")


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("summarize", "Ana comes at three and brings the keys to the office."),
        ("summarize+es+witty", "Ana llega a las tres y trae las llaves de la oficina."),
        ("summarize+es+fr", "Ana arrive à trois heures et apporte les clés du bureau."),
    ],
)
def test_an_answer_is_to_be_in_the_language_of_the_last_translation(name: str, answer: str) -> None:
    pair = Pair("1", "12:30", None, "12:30")
    assert measure([answer], [pair], Composition.of(name))[0]["language"] == 1


def test_what_is_copied_and_who_is_named_is_of_the_conversation() -> None:
    pair = Pair("1", (Message("Ana", "Then Ben has the red keys"),), None, "Ben tiene las llaves")
    (found,) = measure(["Ben red"], [pair], COMPOSITION)
    assert (found["copy_rate"], found["names_kept"]) == (1, 1)


def test_what_no_reference_asks_for_does_not_count_as_kept() -> None:
    measured = [{"rouge_l": 0.5, "numbers_kept": 0.25}, {"rouge_l": 0.7}]
    rows = {row["metric"]: row for row in Rows({"composition": "summarize+es"}, 0).qualities("merge", measured)}
    assert (rows["numbers_kept"]["value"], rows["numbers_kept"]["n"]) == (0.25, 1)
    assert (rows["rouge_l"]["value"], rows["rouge_l"]["n"]) == (pytest.approx(0.6), 2)


def test_what_a_device_measured_is_told_by_its_median_and_memory_by_its_peak() -> None:
    answers = [Answer("x", dict.fromkeys(STATISTICS, float(number))) for number in (9, 1, 2)]
    rows = {row["metric"]: row["value"] for row in Rows({}, 0).costs("lc++", answers)}
    assert rows.pop("peak_rss_bytes") == 9
    assert {*rows.values()} == {2}


def test_times_are_of_prefill_and_decode_together_and_their_ratios_of_single_conversations() -> None:
    spent = [((1.0, 9.0), (10.0, 10.0)), ((8.0, 2.0), (1.0, 4.0)), ((50.0, 50.0), (100.0, 0.0))]
    times = [
        {
            method: {"prefill_ms": prefill, "decode_ms": decode}
            for method, (prefill, decode) in zip(("lc++", "two-step"), both, strict=True)
        }
        for both in spent
    ]
    rows = {(row["method"], row["metric"]): row["value"] for row in Rows({}, 0).times("lc++", times)}
    assert (rows["lc++", PAIRED], rows["two-step", PAIRED]) == (10, 20)
    assert rows["lc++", PAIRED_RATIO] == 1, "the median of a half, two and one"
    assert rows["lc++", FASTER] == pytest.approx(1 / 3, abs=1e-5), "as fast is not faster"


def test_nothing_is_compared_with_what_has_no_overlap_at_all() -> None:
    measured = {
        method: [{"rouge_l": value, "weighted_rouge": 0.0, "chrf": 0.5}]
        for method, value in (("merge", 0.0), ("two-step", 0.5), ("lc++", 0.5))
    }
    metrics = {row["metric"] for row in Rows({"composition": "summarize+es"}, 0).comparisons(measured)}
    assert metrics == {"chrf / merge", "rouge_l / two-step", "chrf / two-step"}


def test_examples_of_one_conversation_are_drawn_together_and_counted_each() -> None:
    values = [0.1, 0.9, 0.4, 0.2, 0.7, 0.3]
    measured = [{"chrf": value, "rouge_l": value, "weighted_rouge": value} for value in values for _ in range(2)]
    measured[0]["numbers_kept"] = 0.5
    base = [{"chrf": 0.5, "rouge_l": 0.5, "weighted_rouge": 0.5}] * len(measured)
    ids = [str(place) for place in range(len(values)) for _ in range(2)]
    together, once = Rows({"composition": "es"}, 0, ids), Rows({"composition": "es"}, 0)
    for rows, others in (
        (together.qualities("main", measured), once.qualities("main", measured[::2])),
        (
            together.comparisons({"zero-shot": base, "main": measured}),
            once.comparisons({"zero-shot": base[::2], "main": measured[::2]}),
        ),
    ):
        counts = [row.pop("n") for row in [*rows, *others] if row["metric"] != "numbers_kept"]
        assert set(counts) == {len(values), len(measured)}
        assert rows == others
