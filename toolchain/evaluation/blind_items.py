"""Items of a blind reading, drawn from committed answers: what the reader is shown, and apart from it the key, which says whose answers they are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from toolchain.errors import ToolchainError
from toolchain.evaluation.drawn_together import conversations_of
from toolchain.evaluation.readings import TIE
from toolchain.evaluation.reporting.samples import Sample, samples_of
from toolchain.evaluation.result_file import ANSWERS_HASH
from toolchain.evaluation.results import Results
from toolchain.provenance import git_commit
from toolchain.tasks import TONES, Composition, TaskKind
from toolchain.text import fill

FIRST, SECOND = "first", "second"
PREFERENCES = (FIRST, SECOND, TIE)


@dataclass(frozen=True)
class Drawing:
    """What is read: answers by `methods`, each beside `against`'s (None: alone, to name its tone), on `conversations` of each composition."""

    methods: Sequence[str]
    against: str | None
    compositions: Sequence[str]
    conversations: int
    seed: int


@dataclass(frozen=True)
class Items:
    """`shown` is all that a reader sees, `key` the lines of a reading without their verdicts, in the same order; `about` its first line."""

    about: dict[str, Any]
    shown: list[dict[str, str]]
    key: list[dict[str, str]]

    @property
    def choices(self) -> tuple[str, ...]:
        """What a reader can say."""
        return PREFERENCES if "against" in self.key[0] else TONES


def draw(results: Results, drawing: Drawing) -> Items:
    """Items in random order, of conversations that were drawn at random, the same for all methods and compositions; by the seed alone.

    Raises:
        ToolchainError: the files are of several engines, hold no such answers, or too few conversations that all the methods answered.
    """
    if len(engines := results.engines()) > 1:
        raise ToolchainError(f"the result files are of the engines {' and '.join(engines)}: give those of one")
    order = Random(drawing.seed)
    samples = _samples(results, engines[0], drawing)
    shared = sorted(set.intersection(*({*_conversations(name, of_it)} for name, of_it in samples.items())))
    if len(shared) < drawing.conversations:
        raise ToolchainError(
            f"{len(shared)} conversations have an answer of each method to each composition, fewer than {drawing.conversations}: "
            "give fewer --conversations, or methods that were measured together"
        )
    taken = {*order.sample(shared, drawing.conversations)}
    found = [
        item
        for name, of_it in samples.items()
        for sample, conversation in zip(of_it, _conversations(name, of_it), strict=True)
        if conversation in taken
        for item in _items(name, sample, drawing, order)
    ]
    order.shuffle(found)
    what = (
        "A reader who saw a request and two answers, and not whose they are, said which is better"
        if drawing.against
        else "A reader who saw an answer, and the text that it rewrites where it does, said which of four tones it has"
    )
    about = {
        "what": what,
        "items": f"{drawing.conversations} conversations, drawn at random, of {', '.join(results.metas)}; order shuffled",
        "seed": drawing.seed,
        ANSWERS_HASH: {name: meta[ANSWERS_HASH] for name, meta in results.metas.items() if ANSWERS_HASH in meta},
        "git_commit": git_commit(),
    }
    return Items(about, [shown for shown, _ in found], [key for _, key in found])


def _samples(results: Results, engine: str, drawing: Drawing) -> dict[str, list[Sample]]:
    """The answered samples of each composition that is asked for, by default of all that can be read so."""
    wanted = (*drawing.methods, *([drawing.against] if drawing.against else []))
    measured = [*results.compositions(engine), *results.single_tasks(engine)]
    names = list(drawing.compositions) or [name for name in measured if drawing.against or name.split("+")[-1] in TONES]
    samples = {}
    for name in names:
        if not drawing.against and Composition.of(name).ids[-1] not in TONES:
            raise ToolchainError(f"{name} ends with no tone that could be named: leave it out, or give --against")
        of_it = [item for item in samples_of(results, engine, name, None, wanted) if len(item.answers) == len(wanted)]
        if not of_it and drawing.compositions:
            raise ToolchainError(
                f"the result files have no answers to {name} by {' and '.join(wanted)}: give files that have"
            )
        if of_it:
            samples[name] = of_it
    if not samples:
        kind = "" if drawing.against else " in a tone to be named"
        raise ToolchainError(
            f"the result files have no answers{kind} by {' and '.join(wanted)}: give files, or --methods, that have"
        )
    return samples


def _conversations(name: str, samples: Sequence[Sample]) -> list[str]:
    return conversations_of(Composition.of(name), [sample.id for sample in samples])


def _items(
    name: str, sample: Sample, drawing: Drawing, order: Random
) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    composition = Composition.of(name)
    for method in drawing.methods:
        of_it = {"id": sample.id, "composition": name, "method": method}
        answer = sample.answers[method]
        if not drawing.against:
            # A rewrite is read beside its text: what it had before is no tone of the answer.
            text = {} if composition.tasks[0].kind is TaskKind.MAIN else {"text": sample.source}
            yield text | {"answer": answer}, of_it | text | {"answer": answer}
            continue
        other = sample.answers[drawing.against]
        pair = [(method, answer), (drawing.against, other)]
        order.shuffle(pair)
        request = fill(composition.prompt, sample.source, sample.reply_speaker)
        shown = {"request": request, FIRST: pair[0][1], SECOND: pair[1][1]}
        yield shown, of_it | {"against": drawing.against, "answer": answer, "other": other, "shown_first": pair[0][0]}
