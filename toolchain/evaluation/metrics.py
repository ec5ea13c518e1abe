"""Metrics of one answer against its reference. Rule-based checks; none of them is a judge."""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from toolchain.errors import ToolchainError
from toolchain.overlap import composed, overlap_metrics, words
from toolchain.text import Input

_WORD_AND_BEFORE = re.compile(r"(?<=([^\W\d_]|[,;]) )[^\W\d_]\w+")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")


class LanguageDetector(Protocol):
    """Tells the language of a text as an ISO 639-1 code."""

    def detect(self, text: str) -> str | None:
        """The most likely language, or None where nothing can be said."""
        ...


@dataclass(frozen=True)
class LinguaDetector:
    """lingua (offline, Apache-2.0) among the languages that the benchmark can confuse; those that lingua lacks do not count."""

    tags: tuple[str, ...] = ("en", "es", "fr", "de", "it", "pt", "nl")

    def detect(self, text: str) -> str | None:
        """The most likely language of `tags`."""
        found = _lingua(self.tags).detect_language_of(text)
        return found.iso_code_639_1.name.lower() if found else None


@cache
def _lingua(tags: tuple[str, ...]) -> Any:
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    codes = [getattr(IsoCode639_1, tag.upper()) for tag in tags if _lingua_knows(tag)]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).build()


def _lingua_knows(tag: str) -> bool:
    from lingua import IsoCode639_1

    return hasattr(IsoCode639_1, tag.upper())


def detector_for(language: str) -> LanguageDetector:
    """What tells whether an answer is in `language`, an ISO 639-1 code.

    Raises:
        ToolchainError: it does not know that language.
    """
    detector = LinguaDetector()
    if not _lingua_knows(language):
        raise ToolchainError(
            f"lingua does not know the language {language!r}, so no answer in it can be measured: let detector_for in "
            "toolchain/evaluation/metrics.py give another detector for it, or leave its compositions out"
        )
    if language not in detector.tags:
        raise ToolchainError(
            f"the language check does not tell {language!r} from others: add it to the tags of LinguaDetector in "
            "toolchain/evaluation/metrics.py"
        )
    return detector


def answer_metrics(
    answer: str, reference: str, source: str, names: Set[str], expected_language: str, detector: LanguageDetector
) -> dict[str, float]:
    """All metrics of one answer, in 0..1 (chrF too): those of `overlap_metrics`, of the paper's words too, and rules.

    Copy rate = share of the answer's words that stand in the source; numbers (names) kept = share of the reference's numbers (of its words
    that are `names`) that stand in the answer: no value where the reference has none.
    """
    answer, reference, source = composed(answer), composed(reference), composed(source)
    values = overlap_metrics(answer, reference, paper_words=True)
    values["language"] = float(detector.detect(answer) == expected_language) if answer else 0.0
    said = words(answer.lower())
    values["copy_rate"] = _share(said, set(words(source.lower()))) if said else 0.0
    if numbers := _NUMBER.findall(reference):
        values["numbers_kept"] = _share(numbers, set(_NUMBER.findall(answer)))
    if wanted := [word for word in dict.fromkeys(words(reference)) if word in names]:
        values["names_kept"] = _share(wanted, set(words(answer)))
    return values


def names_in(source: Input) -> set[str]:
    """What an English conversation seems to name: speakers, and capitalised words that begin no sentence.

    A translation keeps names and does not keep other capitalised words, so that only names are among a reference's words too.
    """
    if isinstance(source, str):
        return set(_inside_sentences(composed(source)))
    speakers = {word for message in source for word in _names_of(composed(message.speaker))}
    return speakers.union(*(_inside_sentences(composed(message.text)) for message in source))


def _names_of(speaker: str) -> list[str]:
    """The words of a speaker that are names: of "the manager" none, of "ana" all."""
    parts = words(speaker)
    return parts if len(parts) == 1 else [part for part in parts if not part.islower()]


def _inside_sentences(text: str) -> Iterator[str]:
    """The capitalised words that follow a word in small letters, a comma or a semicolon."""
    for match in _WORD_AND_BEFORE.finditer(text):
        word, before = match[0], match[1]
        if word[0].isupper() and not before.isupper():
            yield word


def _share(items: Sequence[str], among: set[str]) -> float:
    return sum(item in among for item in items) / len(items)
