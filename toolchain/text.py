"""text/1: how a conversation becomes token ids (docs/text-format.md). Rust does the same; golden vectors hold both to it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from tokenizers import Tokenizer

TEXT_VERSION: Literal["text/1"] = "text/1"
_LINE_BREAK = re.compile("\r\n|[\n\r\v\f\u0085\u2028\u2029]")
# The Unicode property White_Space. `str.strip` without an argument also strips U+001C..U+001F.
_WHITE_SPACE = "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
_WORD = re.compile(f"[^{_WHITE_SPACE}]+")
UNREPEATED_TOKENS = 6
"""So many tokens in a row stand in an answer once."""
_LOOP_WORDS, _LOOP_TIMES = 8, 4
_LOOP_CHARACTERS, _CHARACTER_LOOP_TIMES = 4, 16
_PLACEHOLDER = re.compile(r"\{(input|reply_speaker)\}")


class TextError(ValueError):
    """An input that cannot become a prompt; `kind` is the id that the device core uses too."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Message:
    """One message of a conversation, as its speaker wrote it."""

    speaker: str
    text: str


Input = Sequence[Message] | str
"""A conversation, or a plain text."""


@dataclass(frozen=True)
class Prompt:
    """The ids to prefill (BOS included) and what had to be left out to fit."""

    ids: list[int]
    left_out_messages: int
    input_truncated: bool


def trim(text: str) -> str:
    """Strip the Unicode property White_Space at both ends."""
    return text.strip(_WHITE_SPACE)


def normalise(field: str) -> str:
    """One line: every line break becomes a space, the ends are trimmed."""
    return trim(_LINE_BREAK.sub(" ", field))


def normalise_conversation(messages: Sequence[Message]) -> list[Message]:
    """Normalised messages, those without a text dropped."""
    normalised = (Message(normalise(message.speaker), normalise(message.text)) for message in messages)
    return [message for message in normalised if message.text]


def render_message(message: Message) -> str:
    """`speaker: text`, or the text alone."""
    return f"{message.speaker}: {message.text}" if message.speaker else message.text


def render(messages: Sequence[Message]) -> str:
    """Normalised messages, one a line."""
    return "\n".join(render_message(message) for message in messages)


def fill(template: str, text: str, reply_speaker: str | None) -> str:
    """Replace `{input}` and `{reply_speaker}` in one pass, so that braces inside a user's text stay text."""
    values = {"input": text, "reply_speaker": reply_speaker or ""}
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def resolve_reply_speaker(template: str, messages: Sequence[Message], requested: str | None) -> str | None:
    """Who replies: the one asked for, else the most recent speaker who did not write the last message.

    Raises:
        TextError: `reply-speaker-missing`.
    """
    if "{reply_speaker}" not in template:
        return None
    if requested and (speaker := normalise(requested)):
        return speaker
    last = messages[-1].speaker if messages else ""
    for message in reversed(messages):
        if message.speaker and message.speaker != last:
            return message.speaker
    raise TextError(
        "reply-speaker-missing", "nobody but the writer of the last message is there to reply: name a reply_speaker"
    )


def render_prompt(template: str, source: Input, reply_speaker: str | None = None) -> str:
    """The whole prompt as text, without a limit.

    Raises:
        TextError: `input-empty`, `reply-speaker-missing`.
    """
    messages, text = _parts(source)
    speaker = resolve_reply_speaker(template, messages, reply_speaker)
    return fill(template, text if text is not None else render(messages), speaker)


def encode_prompt(
    tokenizer: Tokenizer,
    bos: int,
    template: str,
    source: Input,
    max_prompt_tokens: int,
    reply_speaker: str | None = None,
) -> Prompt:
    """The prompt's ids within `max_prompt_tokens`, by the bisections of docs/text-format.md.

    Raises:
        TextError: `input-empty`, `reply-speaker-missing`, `prompt-too-long`.
    """
    messages, text = _parts(source)
    speaker = resolve_reply_speaker(template, messages, reply_speaker)

    def ids(rendered: str) -> list[int]:
        return [bos, *tokenizer.encode(fill(template, rendered, speaker), add_special_tokens=False).ids]

    def fits(rendered: str) -> bool:
        return len(ids(rendered)) <= max_prompt_tokens

    if text is not None:
        prefix, end, left_out = "", text, 0
    else:
        left_out = _smallest(0, len(messages) - 1, lambda dropped: fits(render(messages[dropped:])))
        kept = messages[left_out:]
        if len(kept) > 1 or fits(render(kept)):
            return Prompt(ids(render(kept)), left_out, input_truncated=False)
        prefix = f"{kept[0].speaker}: " if kept[0].speaker else ""
        end = kept[0].text
    if fits(prefix + end):
        return Prompt(ids(prefix + end), left_out, input_truncated=False)

    def suffix(length: int) -> str:
        return prefix + end[len(end) - length :].lstrip(_WHITE_SPACE)

    length = _largest(0, len(end), lambda count: fits(suffix(count)))
    if length == 0:
        raise TextError(
            "prompt-too-long", f"the prompt does not fit into {max_prompt_tokens} tokens even without the input"
        )
    return Prompt(ids(suffix(length)), left_out, input_truncated=True)


def encode_target(tokenizer: Tokenizer, eos: int, target: str) -> list[int]:
    """Training target: encode(" " + target) + EOS, encoded apart from the prompt."""
    return [*tokenizer.encode(" " + target, add_special_tokens=False).ids, eos]


def repeating_tokens(answer: Sequence[int]) -> set[int]:
    """The ids that would make `UNREPEATED_TOKENS` ids in a row of `answer`, which is ids too, stand in it a second time."""
    known = UNREPEATED_TOKENS - 1
    starts = range(len(answer) - known)
    return {answer[start + known] for start in starts if answer[start : start + known] == answer[-known:]}


def answer_has_ended(text: str) -> bool:
    """Whether a line break follows some text (a base model's run-on), or the text ends in a loop."""
    started = text.lstrip(_WHITE_SPACE)
    complete = started if started != started.rstrip(_WHITE_SPACE) else started[: _last_word_start(started)]
    return (
        _LINE_BREAK.search(started) is not None
        or _word_loop(complete) is not None
        or _character_loop(started) is not None
    )


def cut_answer(text: str) -> str:
    """The answer: up to the first line break that follows some text, of a loop its first round only, trimmed."""
    line = trim(_LINE_BREAK.split(text.lstrip(_WHITE_SPACE), maxsplit=1)[0])
    loops = [loop for loop in (_character_loop(line), _word_loop(line)) if loop]
    return line[: min(loops)[1]] if loops else line


def _last_word_start(text: str) -> int:
    words = list(_WORD.finditer(text))
    return words[-1].start() if words else 0


def _word_loop(text: str) -> tuple[int, int] | None:
    """Where a loop of words shows, and where its first round ends."""
    words = list(_WORD.finditer(text))
    found = _first_loop([word[0] for word in words], _LOOP_WORDS, _LOOP_TIMES)
    if found is None:
        return None
    end, block = found
    return words[end - 1].end(), words[end - (_LOOP_TIMES - 1) * block - 1].end()


def _character_loop(text: str) -> tuple[int, int] | None:
    """Where a loop of characters inside a word shows, and where its first round ends."""
    for word in _WORD.finditer(text):
        if found := _first_loop(word[0], _LOOP_CHARACTERS, _CHARACTER_LOOP_TIMES):
            end, block = found
            return word.start() + end, word.start() + end - (_CHARACTER_LOOP_TIMES - 1) * block
    return None


def _first_loop(items: Sequence[str], longest: int, times: int) -> tuple[int, int] | None:
    """The first end, and the shortest block, of `times` equal blocks of at most `longest` items."""
    for end in range(times, len(items) + 1):
        for block in range(1, min(longest, end // times) + 1):
            rounds = items[end - times * block : end]
            if all(rounds[start : start + block] == rounds[:block] for start in range(0, len(rounds), block)):
                return end, block
    return None


def _parts(source: Input) -> tuple[list[Message], str | None]:
    if isinstance(source, str):
        if not trim(source):
            raise TextError("input-empty", "the text is empty: give a text with something in it")
        return [], source
    messages = normalise_conversation(source)
    if not messages:
        raise TextError("input-empty", "the conversation has no message with a text: give at least one")
    return messages, None


def _smallest(low: int, high: int, fits: Callable[[int], bool]) -> int:
    while low < high:
        middle = (low + high) // 2
        if fits(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _largest(low: int, high: int, fits: Callable[[int], bool]) -> int:
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low
