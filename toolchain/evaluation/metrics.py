"""Metrics of one answer against its reference. Rule-based checks; none of them is a judge."""

import re
import unicodedata
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import regex  # type: ignore[import-untyped]
from rouge_score import rouge_scorer
from rouge_score.tokenizers import Tokenizer as RougeTokenizer
from sacrebleu.metrics import CHRF

from toolchain.errors import ToolchainError
from toolchain.text import Input

# Of scripts that are written without spaces each letter is a word, as sacrebleu has it for Chinese.
_UNSPACED = "".join(rf"\p{{scx={script}}}" for script in ("Han", "Hira", "Kana", "Thai", "Laoo", "Khmr", "Mymr"))
_MARKS = r"[\p{M}\p{Join_Control}]*"
_WORD = regex.compile(
    rf"[\p{{L}}&&[{_UNSPACED}]]{_MARKS}|(?:[\p{{L}}--[{_UNSPACED}]]{_MARKS}|[\p{{N}}_])+", regex.VERSION1
)
_WORD_AND_BEFORE = re.compile(r"(?<=([^\W\d_]|[,;]) )[^\W\d_]\w+")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_ROUGE_TYPES = ("rouge1", "rouge2", "rougeL")
_WEIGHTED = {"rouge1": 1 / 6, "rouge2": 1 / 3, "rouge3": 1 / 2}


class _UnicodeTokenizer(RougeTokenizer):  # type: ignore[misc]
    """Words as `words` has them: the library's own tokenizer keeps only [a-z0-9] and splits accented words."""

    def tokenize(self, text: str) -> list[str]:
        return words(text.lower())


@cache
def _scorers() -> dict[str, Any]:
    """By what is put behind the names of their metrics."""
    types = sorted({*_ROUGE_TYPES, *_WEIGHTED})
    return {
        "": rouge_scorer.RougeScorer(types, tokenizer=_UnicodeTokenizer()),
        "_paper": rouge_scorer.RougeScorer(types, use_stemmer=True),
    }


@cache
def _chrf() -> CHRF:
    return CHRF()


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


def words(text: str) -> list[str]:
    """Runs of letters (each with its marks), digits and underscores; of Han, kana, Thai, Lao, Khmer and Myanmar each letter alone."""
    found: list[str] = _WORD.findall(text)
    return found


def answer_metrics(
    answer: str, reference: str, source: str, names: Set[str], expected_language: str, detector: LanguageDetector
) -> dict[str, float]:
    """All metrics of one answer, in 0..1 (chrF too): those of `overlap_metrics`, and rules.

    Copy rate = share of the answer's words that stand in the source; numbers (names) kept = share of the reference's numbers (of its words
    that are `names`) that stand in the answer: no value where the reference has none.
    """
    answer, reference, source = _composed(answer), _composed(reference), _composed(source)
    values = overlap_metrics(answer, reference)
    values["language"] = float(detector.detect(answer) == expected_language) if answer else 0.0
    said = words(answer.lower())
    values["copy_rate"] = _share(said, set(words(source.lower()))) if said else 0.0
    if numbers := _NUMBER.findall(reference):
        values["numbers_kept"] = _share(numbers, set(_NUMBER.findall(answer)))
    if wanted := [word for word in dict.fromkeys(words(reference)) if word in names]:
        values["names_kept"] = _share(wanted, set(words(answer)))
    return values


def overlap_metrics(answer: str, reference: str) -> dict[str, float]:
    """What an answer has in common with its reference, in 0..1. Accents are composed first.

    ROUGE-1, -2 and -L are F1 of shared words, pairs of words and the longest common subsequence (Lin 2004, "ROUGE: A Package for Automatic
    Evaluation of Summaries"). Weighted ROUGE = R1/6 + R2/3 + R3/2 (F1) after K-Merge (arXiv 2510.13537). chrF, the F2 of shared character
    n-grams up to 6 (Popović 2015, "chrF: character n-gram F-score for automatic MT evaluation"), is sacrebleu's of the sentence.
    """
    return dict(_overlap(_composed(answer), _composed(reference)))


@cache
def _overlap(answer: str, reference: str) -> dict[str, float]:
    """Kept, for a report asks for the same in several tables."""
    values: dict[str, float] = {}
    for suffix, scorer in _scorers().items():
        f1 = {kind: score.fmeasure for kind, score in scorer.score(reference, answer).items()}
        values |= {f"rouge_{kind[-1].lower()}{suffix}": f1[kind] for kind in _ROUGE_TYPES}
        values[f"weighted_rouge{suffix}"] = sum(weight * f1[kind] for kind, weight in _WEIGHTED.items())
    values["chrf"] = _chrf().sentence_score(answer, [reference]).score / 100
    return values


def names_in(source: Input) -> set[str]:
    """What an English conversation seems to name: speakers, and capitalised words that begin no sentence.

    A translation keeps names and does not keep other capitalised words, so that only names are among a reference's words too.
    """
    if isinstance(source, str):
        return set(_inside_sentences(_composed(source)))
    speakers = {word for message in source for word in _names_of(_composed(message.speaker))}
    return speakers.union(*(_inside_sentences(_composed(message.text)) for message in source))


def _names_of(speaker: str) -> list[str]:
    """The words of a speaker that are names: of "the manager" none, of "ana" all."""
    parts = words(speaker)
    return parts if len(parts) == 1 else [part for part in parts if not part.islower()]


def _composed(text: str) -> str:
    """With each accented letter as one character: the same word is written in two ways."""
    return unicodedata.normalize("NFC", text)


def _inside_sentences(text: str) -> Iterator[str]:
    """The capitalised words that follow a word in small letters, a comma or a semicolon."""
    for match in _WORD_AND_BEFORE.finditer(text):
        word, before = match[0], match[1]
        if word[0].isupper() and not before.isupper():
            yield word


def _share(items: Sequence[str], among: set[str]) -> float:
    return sum(item in among for item in items) / len(items)
