"""Golden vectors of the answer's end (text/1): what was generated, and the answer that it makes."""

from collections.abc import Iterator

from toolchain.text import cut_answer

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
