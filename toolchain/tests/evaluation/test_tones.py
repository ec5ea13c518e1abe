"""The rule that tells tones apart: what it learned, it names; what it was not taught, it does not judge."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.data.benchmark import Conversation, ParallelText, Split
from toolchain.data.held_out import HELD_OUT
from toolchain.data.pairs import Pair, composition_pairs
from toolchain.evaluation import tones
from toolchain.evaluation.evaluate import measure
from toolchain.evaluation.tones import FEWEST_TEXTS, ToneDetector, tone_detector, tone_right
from toolchain.tasks import TONES, Composition
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


@pytest.fixture
def texts_of_the_benchmark(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[list[ParallelText]], None]]:
    """Puts other texts, and no conversations, where the benchmark is read."""

    def put(texts: list[ParallelText]) -> None:
        monkeypatch.setattr(tones, "single_texts", lambda: texts)
        monkeypatch.setattr(tones, "conversations", lambda _split: [])
        tone_detector.cache_clear()

    yield put
    tone_detector.cache_clear()


def test_a_text_that_lacks_a_tone_teaches_none(texts_of_the_benchmark: Callable[[list[ParallelText]], None]) -> None:
    both = [ParallelText(str(i), {"casual": f"yeah {i}", "witty": f"ha {i}"}) for i in range(FEWEST_TEXTS)]
    texts_of_the_benchmark([*both, *(ParallelText(f"c{i}", {"casual": "ha ha"}) for i in range(5 * FEWEST_TEXTS))])
    assert tone_right("ha 5", None, "witty") == {"tone": 1.0}
    assert tone_right("yeah 5", None, "casual") == {"tone": 1.0}
    assert tone_right("yeah 5", None, "professional") == {}


def test_a_few_texts_teach_nothing(texts_of_the_benchmark: Callable[[list[ParallelText]], None]) -> None:
    few = [ParallelText(str(i), {"casual": f"yeah {i}", "witty": f"ha {i}"}) for i in range(FEWEST_TEXTS - 1)]
    texts_of_the_benchmark(few)
    assert tone_detector(None) is None
    assert tone_right("ha 5", None, "witty") == {}


def test_nothing_that_is_held_out_teaches(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Split] = []

    def noted(split: Split) -> list[Conversation]:
        read.append(split)
        return []

    monkeypatch.setattr(tones, "conversations", noted)
    tone_detector.__wrapped__(MAIN)
    assert read
    assert not {*read} & {*HELD_OUT}


def test_an_empty_answer_has_no_tone() -> None:
    assert tone_right("", MAIN, TONES[0]) == {"tone": 0.0}


@pytest.mark.parametrize("name", ["summarize+es", "summarize+witty+fr", "summarize+es+witty", "summarize", "es"])
def test_where_no_english_tone_is_asked_for_there_is_none_to_measure(name: str) -> None:
    pair = Pair("1", "hello", None, "hola")
    assert "tone" not in measure(["hola"], [pair], Composition.of(name))[0]


@pytest.mark.parametrize("name", ["summarize+casual", "summarize+witty+casual"])
def test_the_tone_of_the_last_task_is_measured_beside_the_rest(name: str) -> None:
    (pair, *_) = composition_pairs(Composition.parse("summarize+casual"), Split.CALIBRATION)
    assert measure([pair.target], [pair], Composition.parse(name))[0]["tone"] == 1
