"""Metrics of one answer against its reference, and paired bootstrap over many. Rule-based checks; none of them is a judge."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
from rouge_score import rouge_scorer
from rouge_score.tokenizers import Tokenizer as RougeTokenizer
from sacrebleu.metrics import CHRF

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_ROUGE_TYPES = ("rouge1", "rouge2", "rougeL")


class _UnicodeTokenizer(RougeTokenizer):  # type: ignore[misc]
    """Words as \\w+: the library's own tokenizer keeps only [a-z0-9] and splits accented words."""

    def tokenize(self, text: str) -> list[str]:
        return _WORD.findall(text.lower())


@cache
def _scorers() -> dict[str, Any]:
    return {
        "unicode": rouge_scorer.RougeScorer(_ROUGE_TYPES, tokenizer=_UnicodeTokenizer()),
        "paper": rouge_scorer.RougeScorer(_ROUGE_TYPES, use_stemmer=True),
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
    """lingua (offline, Apache-2.0) among the languages that the benchmark can confuse."""

    tags: tuple[str, ...] = ("en", "es", "fr", "de", "it", "pt", "nl")

    def detect(self, text: str) -> str | None:
        """The most likely language of `tags`."""
        found = _lingua(self.tags).detect_language_of(text)
        return found.iso_code_639_1.name.lower() if found else None


@cache
def _lingua(tags: tuple[str, ...]) -> Any:
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    codes = [getattr(IsoCode639_1, tag.upper()) for tag in tags]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).build()


def answer_metrics(
    answer: str, reference: str, source: str, expected_language: str, detector: LanguageDetector
) -> dict[str, float]:
    """All metrics of one answer, in 0..1 (chrF too).

    weighted ROUGE = R1/6 + R2/3 + R3/2 (F1) after K-Merge (arXiv 2510.13537); copy rate = share of the answer's words that stand in the source.
    """
    values: dict[str, float] = {}
    for name, scorer in _scorers().items():
        scores = scorer.score(reference, answer)
        suffix = "" if name == "unicode" else "_paper"
        values |= {f"rouge_{kind[-1].lower()}{suffix}": scores[kind].fmeasure for kind in _ROUGE_TYPES}
    rouge_3 = _ngram_f1(answer, reference, 3)
    values["weighted_rouge"] = values["rouge_1"] / 6 + values["rouge_2"] / 3 + rouge_3 / 2
    values["chrf"] = _chrf().sentence_score(answer, [reference]).score / 100
    values["language"] = float(detector.detect(answer) == expected_language) if answer else 0.0
    values["copy_rate"] = _share(_words(answer), set(_words(source)), of_nothing=0)
    values["numbers_kept"] = _share(_NUMBER.findall(reference), set(_NUMBER.findall(answer)), of_nothing=1)
    return values


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _share(items: Sequence[str], among: set[str], of_nothing: float) -> float:
    return sum(item in among for item in items) / len(items) if items else of_nothing


def _ngram_f1(answer: str, reference: str, n: int) -> float:
    counts = []
    for text in (answer, reference):
        words = _words(text)
        counts.append(Counter(tuple(words[start : start + n]) for start in range(len(words) - n + 1)))
    overlap, total = sum((counts[0] & counts[1]).values()), sum(counts[0].values()) + sum(counts[1].values())
    return 2 * overlap / total if total else 0.0


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


def bootstrap_mean(values: Sequence[float], seed: int, resamples: int = 5000) -> Interval:
    """Percentile bootstrap of a mean."""
    array = np.asarray(values, dtype=np.float64)
    means = array[_resamples(len(array), seed, resamples)].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(array.mean()), float(low), float(high))


def bootstrap_ratio(
    numerators: Sequence[float], denominators: Sequence[float], seed: int, resamples: int = 5000
) -> Interval:
    """Paired bootstrap of mean(numerators) / mean(denominators): the same items are drawn on both sides."""
    top, bottom = np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64)
    drawn = _resamples(len(top), seed, resamples)
    below = np.maximum(bottom[drawn].mean(axis=1), 1e-12)
    low, high = np.percentile(top[drawn].mean(axis=1) / below, [2.5, 97.5])
    return Interval(float(top.mean() / max(bottom.mean(), 1e-12)), float(low), float(high))


def _resamples(count: int, seed: int, resamples: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.random.default_rng(seed).integers(0, count, (resamples, count))
