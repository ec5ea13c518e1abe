"""text/1: where an answer ends, told from the text so far."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from toolchain import paths
from toolchain.golden.answer import answer_cases, repeating_cases
from toolchain.tests.strategies import LINE_BREAKS, texts
from toolchain.text import UNREPEATED_TOKENS, answer_has_ended, cut_answer, repeating_tokens, trim

ANY_BREAK = re.compile("|".join(LINE_BREAKS))
ROUNDS, LONGEST_BLOCK = 4, 8

words = st.sampled_from(("a", "b", "ab", "a,", "né"))
spaces = st.sampled_from((" ", "  ", "\u00a0"))
blocks = st.builds(lambda block, times: block * times, st.lists(words, min_size=1, max_size=9), st.integers(1, 6))
looping = st.lists(st.one_of(st.lists(words, max_size=3), blocks), max_size=3).map(
    lambda parts: " ".join(word for part in parts for word in part)
)
"""Words of which a block may come several times in a row."""


def _without_loop(line: list[str]) -> list[str]:
    """text/1 in words: the first word with which some block, the shortest, has come four times ends the answer."""
    for end in range(len(line) + 1):
        for size in range(1, LONGEST_BLOCK + 1):
            start = end - ROUNDS * size
            if start >= 0 and all(line[start + index] == line[start + index % size] for index in range(ROUNDS * size)):
                return line[: start + size]
    return line


@given(st.one_of(texts, looping), st.one_of(texts, looping))
def test_an_answer_that_has_ended_stays_ended_and_unchanged(so_far: str, rest: str) -> None:
    if answer_has_ended(so_far):
        assert answer_has_ended(so_far + rest)
        assert cut_answer(so_far + rest) == cut_answer(so_far)


@given(st.one_of(texts, looping))
def test_an_answer_is_one_trimmed_line(text: str) -> None:
    answer = cut_answer(text)
    assert not ANY_BREAK.search(answer)
    assert answer == trim(answer)
    assert cut_answer(answer) == answer
    assert not answer_has_ended(answer)


@given(st.one_of(texts, looping))
def test_an_answer_that_has_not_ended_is_all_of_the_text(text: str) -> None:
    # The last word is complete once the answer ends, as it is before white space.
    if not answer_has_ended(text + " "):
        assert cut_answer(text) == trim(text)


@given(st.text("ab", min_size=1), st.sampled_from(LINE_BREAKS), texts)
def test_a_line_break_ends_an_answer_only_after_some_text(text: str, line_break: str, rest: str) -> None:
    assert not answer_has_ended(line_break)
    assert answer_has_ended(line_break + text + line_break)
    assert cut_answer(line_break + text + line_break + rest) == text


@given(looping)
def test_of_a_loop_one_round_is_kept(text: str) -> None:
    assert cut_answer(text).split() == _without_loop(text.split())


@given(st.lists(words, max_size=5, unique=True), st.integers(1, LONGEST_BLOCK + 2), spaces)
def test_a_loop_is_four_rounds_of_at_most_eight_words(before: list[str], size: int, space: str) -> None:
    block = [f"w{index}" for index in range(size)]
    thrice, four_times = ([*before, *block * times] for times in (ROUNDS - 1, ROUNDS))
    assert cut_answer(space.join(thrice)).split() == thrice
    assert cut_answer(space.join(four_times)).split() == ([*before, *block] if size <= LONGEST_BLOCK else four_times)


@given(looping)
def test_a_loop_ends_the_answer_with_its_last_complete_word(text: str) -> None:
    line = text.split()
    ended = len(_without_loop(line)) < len(line)
    assert answer_has_ended(text + " ") == ended
    if ended:
        # The streamed text ends at the same place: from there on the answer is the same whatever comes.
        first = next(count for count in range(len(text) + 2) if answer_has_ended(f"{text} "[:count]))
        assert cut_answer(f"{text} "[:first]) == cut_answer(text)
        assert f"{text} "[first - 1].isspace() or f"{text} "[first - 2].isspace()


def test_an_incomplete_word_does_not_make_a_loop() -> None:
    assert not answer_has_ended("no no no no")
    assert answer_has_ended("no no no no ")
    assert cut_answer("no no no nobody") == "no no no nobody"


def test_the_golden_answers_are_current() -> None:
    lines = (paths.GOLDEN / "answer.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == list(answer_cases())


def _repeats(answer: list[int]) -> bool:
    pieces = [tuple(answer[start : start + UNREPEATED_TOKENS]) for start in range(len(answer) - UNREPEATED_TOKENS + 1)]
    return len(set(pieces)) < len(pieces)


@given(st.lists(st.integers(0, 2), max_size=30), st.integers(0, 2))
def test_exactly_the_tokens_that_repeat_are_refused(wished: list[int], token: int) -> None:
    answer: list[int] = []
    for wish in wished:
        if wish not in repeating_tokens(answer):
            answer.append(wish)
    assert not _repeats(answer)
    assert (token in repeating_tokens(answer)) == _repeats([*answer, token])


def test_the_golden_ids_are_current() -> None:
    lines = (paths.GOLDEN / "repeating.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == list(repeating_cases())
