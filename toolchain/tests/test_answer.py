"""text/1: where an answer ends, told from the text so far."""

import re

from hypothesis import given
from hypothesis import strategies as st

from toolchain.tests.strategies import LINE_BREAKS, texts
from toolchain.text import answer_has_ended, cut_answer, trim

ANY_BREAK = re.compile("|".join(LINE_BREAKS))


@given(texts, texts)
def test_an_answer_that_has_ended_stays_ended_and_unchanged(so_far: str, rest: str) -> None:
    if answer_has_ended(so_far):
        assert answer_has_ended(so_far + rest)
        assert cut_answer(so_far + rest) == cut_answer(so_far)


@given(texts)
def test_an_answer_is_one_trimmed_line(text: str) -> None:
    answer = cut_answer(text)
    assert not ANY_BREAK.search(answer)
    assert answer == trim(answer)
    assert cut_answer(answer) == answer
    assert not answer_has_ended(answer)


@given(texts)
def test_an_answer_that_has_not_ended_is_all_of_the_text(text: str) -> None:
    if not answer_has_ended(text):
        assert cut_answer(text) == trim(text)


@given(st.text("ab", min_size=1), st.sampled_from(LINE_BREAKS), texts)
def test_a_line_break_ends_an_answer_only_after_some_text(text: str, line_break: str, rest: str) -> None:
    assert not answer_has_ended(line_break)
    assert answer_has_ended(line_break + text + line_break)
    assert cut_answer(line_break + text + line_break + rest) == text
