"""Whether an answer has the tone that was asked for, by its words: a rule, no judge.

Overlap with a reference does not see the tone. This does, as far as words show it: naive Bayes over which words and pairs of neighbours a
text holds (the Bernoulli model of Manning, Raghavan & Schütze 2008, "Introduction to Information Retrieval", section 13.3, without its
factors of absent words), learned from texts that the benchmark has in every tone. It misses what a reader notices in the sense of a text
(docs/findings.md, "A rule for tones").
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

from toolchain.data.benchmark import Split, conversations, single_texts
from toolchain.tasks import TONES

_TOKEN = re.compile(r"[\w']+|[^\w\s]")
_START = "^"
FEWEST_TEXTS = 200
"""In every tone; with these it names 8 of 10 references rightly, with a hundred three quarters, with all 600 nine."""


class ToneDetector:
    """Learns from example texts, by tone; `detect` names the likeliest tone, each of which is as likely before a word is read.

    A feature that n of a tone's N texts hold has the probability (n + 1) / (N + 2) there: Laplace's smoothing.
    """

    def __init__(self, texts: Mapping[str, Iterable[str]]) -> None:
        held = {tone: [_features(text) for text in of_it] for tone, of_it in texts.items()}
        counts = {tone: Counter(feature for text in of_it for feature in text) for tone, of_it in held.items()}
        everywhere = sum(counts.values(), Counter[str]())
        # What one text alone holds says what that text is about, and nothing of a tone.
        self._weights = {
            feature: {tone: math.log((counts[tone][feature] + 1) / (len(held[tone]) + 2)) for tone in held}
            for feature, times in everywhere.items()
            if times > 1
        }
        self.tones = tuple(held)

    def detect(self, text: str) -> str:
        """The likeliest tone; the first of equals."""
        known = [self._weights[feature] for feature in sorted(_features(text)) if feature in self._weights]
        return max(self.tones, key=lambda tone: sum(weights[tone] for weights in known))


@cache
def tone_detector(main: str | None) -> ToneDetector | None:
    """What the benchmark teaches, for answers to a main task or to none; nothing where it has one tone or too few texts in all its tones.

    It is taught by what trains adapters and calibrations; no validation or test conversation is read. A text counts where it is there in
    every tone: with unequal numbers of texts, the tone with the fewest would be named for any text.
    """
    written = [text.variants for text in single_texts()]
    written += [variants for item in conversations(Split.SINGLE) for variants in item.references.values()]
    if main:
        written += [item.references.get(main, {}) for item in conversations(Split.CALIBRATION)]
    tones = [tone for tone in TONES if any(tone in variants for variants in written)]
    parallel = [variants for variants in written if all(tone in variants for tone in tones)]
    if len(tones) < 2 or len(parallel) < FEWEST_TEXTS:
        return None
    return ToneDetector({tone: [variants[tone] for variants in parallel] for tone in tones})


def tone_right(answer: str, main: str | None, asked: str) -> dict[str, float]:
    """The metric `tone` of an answer, 1 or 0; none where `asked`, the last task, is no tone, or the benchmark does not teach it."""
    detector = tone_detector(main) if asked in TONES else None
    if not detector or asked not in detector.tones:
        return {}
    return {"tone": float(bool(answer) and detector.detect(answer) == asked)}


def _features(text: str) -> set[str]:
    words = [word.lower() for word in _TOKEN.findall(text)]
    return {*words, *(f"{before} {word}" for before, word in zip([_START, *words], words, strict=False))}
