"""Golden vectors of text/1 and text/2: rendered prompts, and ids where the base's tokenizer is there."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from toolchain.base_model.prompt import encode_turn
from toolchain.base_model.specification import BaseSpecification
from toolchain.base_model.tokenizer import load_tokenizer
from toolchain.data.benchmark import Split, conversations
from toolchain.tasks import TASKS, Composition
from toolchain.text import Input, Message, TextError, render_prompt
from toolchain.whole_file import write_text_whole

_SUMMARY = Composition.parse("summarize+es").prompt
_REPLY = TASKS["reply"].prompt
_TRANSLATION = TASKS["es"].prompt

_TRICKY: dict[str, tuple[str, Input, str | None]] = {
    "plain": (_SUMMARY, [Message("Ana", "Hi!"), Message("Ben", "Hello, 3 pm?")], None),
    "line breaks": (
        _SUMMARY,
        [Message(" Ana\n", "a\r\nb\rc\vd\fe\u0085f\u2028g\u2029h"), Message("Ben", "\n\nx\n")],
        None,
    ),
    "unicode trim": (_SUMMARY, [Message("\u3000Ana\u00a0", "\u2003x\u200a"), Message("Ben", "\u001cy\u001f")], None),
    "zero width stays": (_SUMMARY, [Message("Ana", "\u200bx\u200d\ufeff")], None),
    "empty messages dropped": (_SUMMARY, [Message("Ana", " \n"), Message("Ben", "x"), Message("Cy", "")], None),
    "no speaker": (_SUMMARY, [Message("", "no name"), Message(" ", "nor here")], None),
    "braces": (_SUMMARY, [Message("{input}", "{reply_speaker} {input} {{x}}")], None),
    "braces in reply": (_REPLY, [Message("{input}", "{reply_speaker}"), Message("Ben", "{input}")], None),
    "emoji and right to left": (_SUMMARY, [Message("👩‍👩‍👧 Ali", "مرحبا 👋🏽"), Message("עדי", "שלום")], None),
    "special tokens": (_SUMMARY, [Message("<bos>", "<start_of_turn>user\n<eos><pad>[multimodal]<unused3>")], None),
    "white space kept inside": (_SUMMARY, [Message("Ana", "a  b\t\tc   d")], None),
    "reply default": (_REPLY, [Message("Ana", "Coming?"), Message("Ben", "Maybe"), Message("Ana", "Please!")], None),
    "reply asked for": (_REPLY, [Message("Ana", "Coming?"), Message("Ben", "Maybe")], " Cy\n"),
    "reply blank request": (_REPLY, [Message("Ana", "Coming?"), Message("Ben", "Maybe")], " \n"),
    "reply skips nameless": (_REPLY, [Message("Ana", "x"), Message("", "y"), Message("Ben", "z")], None),
    "reply alone": (_REPLY, [Message("Ana", "Coming?")], None),
    "reply to a text": (_REPLY, "Coming?", "Ben"),
    "reply to a text, nobody": (_REPLY, "Coming?", None),
    "text unchanged": (_TRANSLATION, "  two lines\n\nand spaces  ", None),
    "text blank": (_TRANSLATION, " \n\u3000", None),
    "nothing": (_SUMMARY, [], None),
    "nothing but blanks": (_SUMMARY, [Message("Ana", "\n"), Message("Ben", " ")], None),
}


_TURNED = (
    "plain",
    "reply asked for",
    "text unchanged",
    "text blank",
    "oldest left out at 100",
    "text cut at 100",
    "does not fit",
)
"""Cases that stand in the turn of a chat as well."""


def _input_json(source: Input) -> dict[str, Any]:
    if isinstance(source, str):
        return {"text": source}
    return {"conversation": [asdict(message) for message in source]}


def rendered_cases() -> Iterator[dict[str, Any]]:
    """Prompts as text, or the error's kind."""
    for name, (template, source, speaker) in _TRICKY.items():
        case = {"name": name, "template": template, "input": _input_json(source), "reply_speaker": speaker}
        try:
            yield case | {"prompt": render_prompt(template, source, speaker)}
        except TextError as error:
            yield case | {"error": error.kind}


def id_cases(base: BaseSpecification) -> Iterator[dict[str, Any]]:
    """Prompts as ids: the tricky ones, benchmark conversations, and each way to be too long."""
    tokenizer = load_tokenizer(base.tokenizer_path, base.remedy)
    cases = {name: (*case, base.max_prompt_tokens) for name, case in _TRICKY.items()}
    samples = conversations(Split.VALIDATION)
    for composition in ("summarize+es", "reply+witty", "summarize"):
        prompt = Composition.parse(composition).prompt
        cases |= {
            f"{composition} {item.id}": (prompt, item.messages, None, base.max_prompt_tokens) for item in samples[:6]
        }
    long = [message for item in samples for message in item.messages]
    for limit in (40, 100, 333, base.max_prompt_tokens):
        cases[f"oldest left out at {limit}"] = (_SUMMARY, long, None, limit)
        cases[f"text cut at {limit}"] = (_SUMMARY, " ".join(message.text for message in long), None, limit)
    cases["last message cut"] = (_SUMMARY, [Message("Ana", "x"), Message("Ben", "wörd 👋 " * 60)], None, 60)
    cases["does not fit"] = (_SUMMARY, [Message("Ana", "hello")], None, 10)
    chatting = replace(base, turn_start_ids=(105, 2364, 107), turn_end_ids=(106, 107, 105, 4368, 107))
    plain = {name: (*case, base) for name, case in cases.items()}
    turned = {f"{name}, in a turn": (*case, chatting) for name, case in cases.items() if name in _TURNED}
    for name, (template, source, speaker, limit, asked) in (plain | turned).items():
        case: dict[str, Any] = {
            "name": name,
            "template": template,
            "input": _input_json(source),
            "reply_speaker": speaker,
            "max_prompt_tokens": limit,
        }
        if asked.turn_start_ids:
            case |= {"turn_start_ids": asked.turn_start_ids, "turn_end_ids": asked.turn_end_ids}
        limited = replace(asked, max_prompt_tokens=limit)
        try:
            yield case | asdict(encode_turn(tokenizer, limited, template, source, speaker))
        except TextError as error:
            yield case | {"error": error.kind}


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """One JSON object a line; escapes keep invisible characters visible in a diff."""
    write_text_whole(path, "".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows))
