"""Answers of all methods to the same conversations, side by side with the reference."""

from dataclasses import dataclass

from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs
from toolchain.evaluation.results import Results
from toolchain.tasks import Composition
from toolchain.text import render


@dataclass(frozen=True)
class Sample:
    """A conversation as text, its reference and the answer of each method."""

    composition: str
    source: str
    reference: str
    answers: dict[str, str]
    reply_speaker: str | None


def samples(results: Results, engine: str, each: int | None) -> list[Sample]:
    """The first `each` conversations, or texts, of every composition and task (None: all); they were not chosen by anybody."""
    split, found = Split(results.split), []
    for name in [*results.compositions(engine), *results.single_tasks(engine)]:
        for pair in composition_pairs(Composition.of(name), split)[:each]:
            answers = {
                method: results.answers[engine, name, method, pair.id]
                for method in results.methods(engine, name)
                if (engine, name, method, pair.id) in results.answers
            }
            source = pair.source if isinstance(pair.source, str) else render(pair.source)
            found.append(Sample(name, source, pair.target, answers, pair.reply_speaker))
    return found
