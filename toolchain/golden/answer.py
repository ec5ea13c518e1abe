"""Golden vectors of the answer (text/1): what was generated, and the answer that it makes; ids, and those that would repeat them."""

from collections.abc import Iterator
from typing import Any

from toolchain.text import cut_answer, repeating_tokens

_GENERATED = {
    "plain": " Ana viene a las 3.",
    "line break": " Ana viene.\nBen: hola",
    "leading line breaks": "\n\n Ana viene.\u2028más",
    "nothing": " \n ",
    "loop of one word": " no no no no no sé",
    "three rounds stay": " no no no sé",
    "loop of a phrase": " Jonah va a la escuela de la escuela de la escuela de la escuela de la",
    "loop behind a line break": " Ana.\nno no no no no",
    "loop of digits": " el precio es de 2000000000000000000000",
    "fifteen digits stay": " el precio es de 2000000000000000.",
    "loop of syllables": " y dijo jajajajajajajajajajajajajajajajajajaja",
    "the loop that shows first": " aaaaaaaaaaaaaaaaaaaa no no no no",
    "loop of emoji": " hola 👋🏽👋🏽👋🏽👋🏽👋🏽👋🏽👋🏽👋🏽👋🏽👋🏽👋🏽👋🏽👋🏽👋🏽👋🏽👋🏽👋🏽",
}


def answer_cases() -> Iterator[dict[str, str]]:
    """Generated text and answer."""
    for name, generated in _GENERATED.items():
        yield {"name": name, "generated": generated, "answer": cut_answer(generated)}


_IDS = {
    "nothing": [],
    "one block": [1, 2, 3, 4, 5, 6],
    "five in a row again": [1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5],
    "four in a row again": [1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4],
    "two ways to repeat": [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 7, 1, 2, 3, 4, 5],
    "one id": [9, 9, 9, 9, 9, 9],
    "five of one id": [9, 9, 9, 9, 9],
    "pairs": [8, 9, 8, 9, 8, 9, 8],
}


def repeating_cases() -> Iterator[dict[str, Any]]:
    """An answer's ids, and the ids that it may not go on with."""
    for name, ids in _IDS.items():
        yield {"name": name, "answer": ids, "repeating": sorted(repeating_tokens(ids))}
