"""Answers of all methods to the same conversations, side by side with the reference."""

from collections.abc import Sequence
from dataclasses import dataclass

from toolchain.data.benchmark import Split
from toolchain.data.pairs import Pair, composition_pairs
from toolchain.evaluation.reporting.table import Table
from toolchain.evaluation.results import Results
from toolchain.tasks import Composition, TaskKind
from toolchain.text import normalise_conversation, render, resolve_reply_speaker


@dataclass(frozen=True)
class Sample:
    """A conversation as text, its reference and the answer of each method; `reply_speaker` is who replies, where that is asked for."""

    id: str
    composition: str
    source: str
    reference: str
    answers: dict[str, str]
    reply_speaker: str | None


def samples(results: Results, engine: str, each: int | None) -> list[Sample]:
    """The first `each` conversations, or texts, of every composition and task (None: all); they were not chosen by anybody.

    Of a method's training seeds it is the first that answers.
    """
    names = [*results.compositions(engine), *results.single_tasks(engine)]
    return [sample for name in names for sample in samples_of(results, engine, name, each)]


def samples_of(
    results: Results, engine: str, name: str, each: int | None, methods: Sequence[str] | None = None
) -> list[Sample]:
    """The samples of one composition or task; with `methods` the answers of these, each a training seed by its own name."""
    shown = methods or [results.repeats(engine, name, method)[0] for method in results.methods(engine, name)]
    found = []
    for pair in composition_pairs(Composition.of(name), Split(results.split))[:each]:
        answers = {
            method: results.answers[engine, name, method, pair.id]
            for method in shown
            if (engine, name, method, pair.id) in results.answers
        }
        source = pair.source if isinstance(pair.source, str) else render(pair.source)
        found.append(
            Sample(pair.id, name, source, pair.target, answers, _reply_speaker(name, pair) if answers else None)
        )
    return found


def _reply_speaker(name: str, pair: Pair) -> str | None:
    messages = [] if isinstance(pair.source, str) else normalise_conversation(pair.source)
    return resolve_reply_speaker(Composition.of(name).prompt, messages, pair.reply_speaker)


def task_samples(results: Results, engine: str) -> Table:
    """The first answer of every method to each task alone, beside its reference; the text that an auxiliary task was given, too."""
    rows = []
    for sample in samples(results, engine, 1):
        if "+" not in sample.composition:
            auxiliary = Composition.of(sample.composition).tasks[0].kind is not TaskKind.MAIN
            texts = ({"given": sample.source} if auxiliary else {}) | sample.answers | {"reference": sample.reference}
            rows += [[sample.composition, what, text] for what, text in texts.items()]
    note = "The first of the split, chosen by nobody; main tasks are given a conversation."
    return Table(f"An answer to each task alone ({engine})", note, ["task", "", "text"], rows)
