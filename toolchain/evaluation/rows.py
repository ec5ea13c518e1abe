"""Result rows: one number each, with its interval and what it is of."""

import hashlib
from collections.abc import Callable, Sequence
from itertools import chain, compress
from typing import Any

import numpy as np

from toolchain.evaluation.bootstrap import Interval, bootstrap, bootstrap_mean, bootstrap_ratio
from toolchain.evaluation.engines.engine import Answer
from toolchain.evaluation.engines.timing import Times
from toolchain.evaluation.result_file import ResultRow

BASELINES = ("merge", "two-step")
"""What the other methods are compared with on a composition."""
COMPARED = ("rouge_l", "weighted_rouge", "chrf")
TIMED_AGAINST = "two-step"
"""The shipped calibration and this are timed in pairs where both are evaluated on the device."""
PAIRED = "prefill_ms + decode_ms, paired (median)"
FASTER = f"faster than {TIMED_AGAINST}"
PAIRED_RATIO = f"prefill_ms + decode_ms / {TIMED_AGAINST} (median)"
_MEDIANS = ("prefill_ms", "decode_ms", "prompt_tokens", "generated_tokens")


def baselines_of(composition: str) -> tuple[str, ...]:
    """What the other methods are compared with: `BASELINES` on a composition, the base without adapters on a task alone."""
    return BASELINES if "+" in composition else ("zero-shot",)


class Rows:
    """Makes the rows of one composition; `shared` is what all of them carry (composition, split, engine, seed).

    `conversations` names that of each example, in the order of what was measured: those of one are drawn together. Without it each is drawn alone.
    """

    def __init__(self, shared: dict[str, Any], seed: int, conversations: Sequence[str] | None = None) -> None:
        self._shared, self._seed, self._conversations = shared, seed, conversations

    def qualities(self, method: str, measured: Sequence[dict[str, float]]) -> list[ResultRow]:
        """The mean of every metric, in its own unit (0..1), over the examples that have a value of it."""
        rows = []
        for metric in dict.fromkeys(chain.from_iterable(measured)):
            having = [metric in item for item in measured]
            values = [item[metric] for item in compress(measured, having)]
            conversations = list(compress(self._conversations, having)) if self._conversations else None
            interval = bootstrap_mean(values, self._seed, conversations=conversations)
            rows.append(self._row(method, metric, interval, len(values)))
        return rows

    def prompt(self, method: str, name: str, key: str) -> ResultRow:
        """Which prompt variant a method used, and the hash of all that its answers depend on but the conversations (`Engine.key`)."""
        digest = hashlib.sha256(key.encode()).hexdigest()
        return {"method": method, **self._shared, "metric": "prompt", "value": name, "key_sha256": digest}

    def comparisons(self, measured: dict[str, list[dict[str, float]]]) -> list[ResultRow]:
        """Paired ratios of every other method to each of `baselines_of` the composition, in the metrics `COMPARED`.

        A baseline whose mean may be 0 (`bootstrap_ratio`) gives no row.
        """
        rows = []
        for baseline in baselines_of(self._shared["composition"]):
            for method in measured:
                if baseline not in measured or method == baseline:
                    continue
                for metric in COMPARED:
                    top, bottom = ([item[metric] for item in measured[name]] for name in (method, baseline))
                    if ratio := bootstrap_ratio(top, bottom, self._seed, conversations=self._conversations):
                        rows.append(self._row(method, f"{metric} / {baseline}", ratio, len(top)))
        return rows

    def costs(self, method: str, answers: Sequence[Answer]) -> list[ResultRow]:
        """Medians of the milliseconds and tokens that the device measured of itself, and its peak memory in bytes; nothing for PyTorch."""
        if not answers[0].statistics:
            return []
        rows = []
        for metric in _MEDIANS:
            values = [answer.statistics[metric] for answer in answers]
            rows.append(self._row(method, f"{metric} (median)", bootstrap(values, np.median, self._seed), len(values)))
        peak = max(answer.statistics["peak_rss_bytes"] for answer in answers)
        return [*rows, self._row(method, "peak_rss_bytes", Interval(peak, peak, peak), len(answers))]

    def times(self, one: str, times: Sequence[Times]) -> list[ResultRow]:
        """Both medians of prefill + decode in milliseconds, that of their paired ratios, and the share of conversations on which `one` is faster."""
        spent = {method: [_spent(item[method]) for item in times] for method in (one, TIMED_AGAINST)}
        ratios = [a / b for a, b in zip(spent[one], spent[TIMED_AGAINST], strict=True)]
        faster = [float(ratio < 1) for ratio in ratios]

        def row(method: str, metric: str, values: Sequence[float], statistic: Callable[..., Any]) -> ResultRow:
            return self._row(method, metric, bootstrap(values, statistic, self._seed), len(values))

        return [
            *(row(method, PAIRED, spent[method], np.median) for method in spent),
            row(one, PAIRED_RATIO, ratios, np.median),
            row(one, FASTER, faster, np.mean),
        ]

    def _row(self, method: str, metric: str, interval: Interval, n: int) -> ResultRow:
        value, low, high = (round(number, 5) for number in (interval.value, interval.low, interval.high))
        return {"method": method, **self._shared, "metric": metric, "value": value, "interval": [low, high], "n": n}


def _spent(statistics: dict[str, float]) -> float:
    return statistics["prefill_ms"] + statistics["decode_ms"]
