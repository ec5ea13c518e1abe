"""text/1: rendering and prompts as text."""

import re

import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from toolchain.tasks import TASKS, Composition
from toolchain.tests.strategies import LINE_BREAKS, conversations, nonempty_conversations, texts
from toolchain.text import (
    Message,
    TextError,
    fill,
    normalise,
    normalise_conversation,
    render,
    render_prompt,
    resolve_reply_speaker,
    trim,
)

ANY_BREAK = re.compile("|".join(LINE_BREAKS))
SUMMARY = Composition.parse("summarize+es").prompt
REPLY = TASKS["reply"].prompt


def test_trim_strips_exactly_the_unicode_property_white_space() -> None:
    white_space = regex.compile(r"\p{White_Space}")
    for code in range(0x110000):
        character = chr(code)
        assert (trim(f"{character}x{character}") == "x") == bool(white_space.fullmatch(character)), hex(code)


@given(texts)
def test_normalise_makes_one_trimmed_line(text: str) -> None:
    line = normalise(text)
    assert not ANY_BREAK.search(line)
    assert line == trim(line)
    assert normalise(line) == line


@given(st.lists(st.sampled_from(LINE_BREAKS), max_size=3), st.lists(st.sampled_from(LINE_BREAKS), max_size=3))
def test_each_line_break_becomes_one_space(before: list[str], after: list[str]) -> None:
    # A letter keeps "\r" and "\n" of different breaks apart: together they are one break.
    text = "a" + "b".join(before) + "c" + "d".join(after) + "e"
    assert normalise(text) == "a" + "b".join(" " for _ in before) + "c" + "d".join(" " for _ in after) + "e"


@given(conversations)
def test_rendering_gives_one_line_to_each_message_with_a_text(messages: list[Message]) -> None:
    kept = [message for message in messages if normalise(message.text)]
    assert [(item.speaker, item.text) for item in normalise_conversation(messages)] == [
        (normalise(item.speaker), normalise(item.text)) for item in kept
    ]
    lines = ANY_BREAK.split(render(normalise_conversation(messages)))
    expected = [
        f"{normalise(item.speaker)}: {normalise(item.text)}" if normalise(item.speaker) else normalise(item.text)
        for item in kept
    ]
    assert lines == (expected or [""])


@given(texts, texts)
def test_fill_puts_users_text_in_unchanged(text: str, speaker: str) -> None:
    template = "a {reply_speaker} b {input} c {other} {{"
    assert fill(template, text, speaker) == f"a {speaker} b {text} c {{other}} {{{{"


@given(texts)
def test_a_plain_text_stands_in_the_prompt_as_it_is(text: str) -> None:
    if trim(text):
        assert render_prompt(SUMMARY, text) == SUMMARY.replace("{input}", text, 1)
    else:
        with pytest.raises(TextError) as refused:
            render_prompt(SUMMARY, text)
        assert refused.value.kind == "input-empty"


@given(conversations)
def test_a_conversation_is_empty_when_no_message_has_a_text(messages: list[Message]) -> None:
    if normalise_conversation(messages):
        assert render(normalise_conversation(messages)) in render_prompt(SUMMARY, messages)
    else:
        with pytest.raises(TextError) as refused:
            render_prompt(SUMMARY, messages)
        assert refused.value.kind == "input-empty"


@given(nonempty_conversations, st.one_of(st.none(), texts))
def test_who_replies(messages: list[Message], requested: str | None) -> None:
    normalised = normalise_conversation(messages)
    others = [item.speaker for item in normalised if item.speaker and item.speaker != normalised[-1].speaker]
    if requested and normalise(requested):
        assert resolve_reply_speaker(REPLY, normalised, requested) == normalise(requested)
    elif others:
        assert resolve_reply_speaker(REPLY, normalised, requested) == others[-1]
    else:
        with pytest.raises(TextError) as refused:
            resolve_reply_speaker(REPLY, normalised, requested)
        assert refused.value.kind == "reply-speaker-missing"


@given(nonempty_conversations, st.one_of(st.none(), texts))
def test_nobody_is_asked_for_where_the_template_names_nobody(messages: list[Message], requested: str | None) -> None:
    assert resolve_reply_speaker(SUMMARY, messages, requested) is None


@given(texts)
def test_an_error_never_repeats_the_users_text(text: str) -> None:
    secret = f"secret{text}"
    with pytest.raises(TextError) as refused:
        render_prompt(REPLY, [Message(secret, secret)])
    assert "secret" not in str(refused.value)
