"""What an answer has in common with its reference: ROUGE and chrF. Shared words and letters; what is true they do not say."""

import unicodedata
from functools import cache, lru_cache
from typing import Any

import regex  # type: ignore[import-untyped]
from rouge_score import rouge_scorer
from rouge_score.tokenizers import Tokenizer as RougeTokenizer
from sacrebleu.metrics import CHRF

# Of scripts that are written without spaces each letter is a word, as sacrebleu has it for Chinese.
_UNSPACED = "".join(rf"\p{{scx={script}}}" for script in ("Han", "Hira", "Kana", "Thai", "Laoo", "Khmr", "Mymr"))
_MARKS = r"[\p{M}\p{Join_Control}]*"
_WORD = regex.compile(
    rf"[\p{{L}}&&[{_UNSPACED}]]{_MARKS}|(?:[\p{{L}}--[{_UNSPACED}]]{_MARKS}|[\p{{N}}_])+", regex.VERSION1
)
KEPT = 2**17
"""Pairs of texts whose overlap is kept: a report asks for the same in several tables."""
_ROUGE_TYPES = ("rouge1", "rouge2", "rougeL")
_WEIGHTED = {"rouge1": 1 / 6, "rouge2": 1 / 3, "rouge3": 1 / 2}


class _UnicodeTokenizer(RougeTokenizer):  # type: ignore[misc]
    """Words as `words` has them: the library's own tokenizer keeps only [a-z0-9] and splits accented words."""

    def tokenize(self, text: str) -> list[str]:
        return words(text.lower())


@cache
def _scorer(paper_words: bool) -> Any:
    types = sorted({*_ROUGE_TYPES, *_WEIGHTED})
    if paper_words:
        return rouge_scorer.RougeScorer(types, use_stemmer=True)
    return rouge_scorer.RougeScorer(types, tokenizer=_UnicodeTokenizer())


@cache
def _chrf_scorer() -> CHRF:
    return CHRF()


def words(text: str) -> list[str]:
    """Runs of letters (each with its marks), digits and underscores; of Han, kana, Thai, Lao, Khmer and Myanmar each letter alone."""
    found: list[str] = _WORD.findall(text)
    return found


def overlap_metrics(answer: str, reference: str, paper_words: bool = False) -> dict[str, float]:
    """What an answer has in common with its reference, in 0..1. Accents are composed first.

    `paper_words`: ROUGE once more as `<metric>_paper`, of the words of rouge_score's own tokenizer, stemmed, which takes longest.

    ROUGE-1, -2 and -L are F1 of shared words, pairs of words and the longest common subsequence (Lin 2004, "ROUGE: A Package for Automatic
    Evaluation of Summaries"). Weighted ROUGE = R1/6 + R2/3 + R3/2 (F1) after K-Merge (arXiv 2510.13537). chrF, the F2 of shared character
    n-grams up to 6 (Popović 2015, "chrF: character n-gram F-score for automatic MT evaluation"), is sacrebleu's of the sentence.
    """
    texts = composed(answer), composed(reference)
    values = dict(_rouge(*texts, paper_words=False))
    if paper_words:
        values |= {f"{metric}_paper": value for metric, value in _rouge(*texts, paper_words=True).items()}
    return values | {"chrf": _chrf(*texts)}


@lru_cache(KEPT)
def _rouge(answer: str, reference: str, paper_words: bool) -> dict[str, float]:
    f1 = {kind: score.fmeasure for kind, score in _scorer(paper_words).score(reference, answer).items()}
    weighted = sum(weight * f1[kind] for kind, weight in _WEIGHTED.items())
    return {f"rouge_{kind[-1].lower()}": f1[kind] for kind in _ROUGE_TYPES} | {"weighted_rouge": weighted}


@lru_cache(KEPT)
def _chrf(answer: str, reference: str) -> float:
    return float(_chrf_scorer().sentence_score(answer, [reference]).score) / 100


def composed(text: str) -> str:
    """With each accented letter as one character: the same word is written in two ways."""
    return unicodedata.normalize("NFC", text)
