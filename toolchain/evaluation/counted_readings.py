"""What blind readings come to, as numbers: tones named rightly, and how often an answer was preferred."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from toolchain.adapters.methods.registry import METHODS, SEED_MARK
from toolchain.evaluation.bootstrap import bootstrap_mean
from toolchain.evaluation.drawn_together import conversations_of
from toolchain.evaluation.paper import GROUPS, group_of
from toolchain.evaluation.readings import Preference, Reading, ToneVerdict
from toolchain.tasks import TASKS, TONES, every_composition

ALL = "all"
"""In place of a tone: all tones together."""
CountedRow = dict[str, Any]
_Item = TypeVar("_Item")
_COMPOSITIONS = [*TASKS, *(composition.name for composition in every_composition())]


def counted(reading: Reading) -> list[CountedRow]:
    """Rows of {value, interval, n, …}; `value` is a share, 0..1, with its 95 % bootstrap interval over whole conversations.

    Of tones {method, tone, right}: for each method each tone that was asked for, then `ALL`. Of preferences {method, against, composition,
    ties}: each composition, then in place of one the groups of sub-tasks of which several were read; a tie counts half.
    """
    return [*(_preferences(reading.preferences) if reading.preferences else _tones(reading.tones))]


def _tones(verdicts: Sequence[ToneVerdict]) -> Iterator[CountedRow]:
    for method, of_it in _by(verdicts, lambda verdict: verdict.method, list(METHODS)):
        for tone in (*TONES, ALL):
            if asked := [verdict for verdict in of_it if tone in (verdict.tone, ALL)]:
                right = [float(verdict.verdict == verdict.tone) for verdict in asked]
                yield {"method": method, "tone": tone, "right": int(sum(right)), **_share(right, asked)}


def _preferences(preferences: Sequence[Preference]) -> Iterator[CountedRow]:
    for method, of_it in _by(preferences, lambda item: item.method, list(METHODS)):
        for against, compared in _by(of_it, lambda item: item.against, list(METHODS)):
            named = _by(compared, lambda item: item.composition.name, _COMPOSITIONS)
            for group in GROUPS:
                members = [item for item in compared if group_of(item.composition) == group]
                if len({item.composition.name for item in members}) > 1:
                    named.append((group, members))
            for name, items in named:
                wins = [item.win for item in items]
                of_these = {"method": method, "against": against, "composition": name, "ties": wins.count(0.5)}
                yield of_these | _share(wins, items)


def _share(values: Sequence[float], items: Sequence[ToneVerdict] | Sequence[Preference]) -> CountedRow:
    conversations = [conversations_of(item.composition, [item.id])[0] for item in items]
    found = bootstrap_mean(values, seed=0, conversations=conversations)
    return {"value": found.value, "interval": [found.low, found.high], "n": len(values)}


def _by(items: Iterable[_Item], name: Callable[[_Item], str], order: Sequence[str]) -> list[tuple[str, list[_Item]]]:
    """The items of each name, in the order of these names, a training seed's beside its method; other names come last, as they were met."""
    found: dict[str, list[_Item]] = {}
    for item in items:
        found.setdefault(name(item), []).append(item)
    places = {known: place for place, known in enumerate(order)}
    return sorted(found.items(), key=lambda entry: places.get(entry[0].partition(SEED_MARK)[0], len(places)))
