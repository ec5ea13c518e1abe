"""The rule that tells tones apart: what it learned, it names; what it was not taught, it does not judge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs
from toolchain.evaluation.evaluate import measure
from toolchain.evaluation.tones import TONES, ToneDetector, tone_right
from toolchain.tasks import Composition
from toolchain.tests.strategies import texts

MAIN = "summarize"


@pytest.mark.parametrize("main", ["summarize", "reply"])
def test_most_references_that_it_has_not_seen_have_their_tone(main: str) -> None:
    for split in (Split.VALIDATION, Split.TEST):
        pairs = [
            (tone, pair) for tone in TONES for pair in composition_pairs(Composition.parse(f"{main}+{tone}"), split)
        ]
        assert sum(tone_right(pair.target, main, tone)["tone"] for tone, pair in pairs) / len(pairs) > 0.8


@given(st.dictionaries(st.sampled_from(TONES), st.lists(texts, min_size=1, max_size=4), min_size=2), texts)
def test_one_of_the_tones_that_were_taught_is_named(taught: dict[str, list[str]], text: str) -> None:
    assert ToneDetector(taught).detect(text) in taught


def test_words_that_one_tone_alone_has_decide() -> None:
    detector = ToneDetector(
        {"casual": ["yeah, see ya at 5", "yeah, at 6"], "professional": ["kindly note 5", "kindly note 6"]}
    )
    assert detector.detect("Yeah at 7") == "casual"
    assert detector.detect("KINDLY at 7") == "professional"


def test_an_empty_answer_has_no_tone() -> None:
    assert tone_right("", MAIN, TONES[0]) == {"tone": 0.0}


@pytest.mark.parametrize("name", ["summarize+es", "summarize+witty+fr", "summarize", "es"])
def test_where_no_tone_is_asked_for_last_there_is_none_to_measure(name: str) -> None:
    pairs = composition_pairs(Composition.of(name), Split.VALIDATION)[:1]
    assert "tone" not in measure(["hola"], pairs, Composition.of(name))[0]


def test_a_tone_is_measured_beside_the_rest() -> None:
    composition = Composition.parse("summarize+casual")
    (pair, *_) = composition_pairs(composition, Split.CALIBRATION)
    assert measure([pair.target], [pair], composition)[0]["tone"] == 1
