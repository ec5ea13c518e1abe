"""`evaluate`: every method on every composition under the same conditions; each cell is kept, so that a killed run goes on where it was."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain import paths
from toolchain.adapters.files import adapter_hash
from toolchain.adapters.methods.method import Method
from toolchain.adapters.methods.registry import method_named
from toolchain.adapters.processes import launched
from toolchain.data.benchmark import Split
from toolchain.data.pairs import Pair, composition_pairs, target_files, validation_pairs
from toolchain.errors import ToolchainError
from toolchain.evaluation.drawn_together import conversations_of
from toolchain.evaluation.engines.cells import Cells
from toolchain.evaluation.engines.device_engine import DeviceEngine
from toolchain.evaluation.engines.engine import Answer, Engine, Question
from toolchain.evaluation.engines.timing import paired_times
from toolchain.evaluation.metrics import answer_metrics, detector_for, names_in
from toolchain.evaluation.paper import main_metric
from toolchain.evaluation.result_file import RESULT_FORMAT, Result
from toolchain.evaluation.rows import TIMED_AGAINST, Rows
from toolchain.evaluation.tones import tone_right
from toolchain.overlap import overlap_metrics
from toolchain.provenance import made_with
from toolchain.tasks import Composition, TaskKind
from toolchain.text import render

PROMPT_CONVERSATIONS = 10
"""Of validation, with which a method chooses among its prompts: five prompts on all of them would cost more than the test split."""


@dataclass(frozen=True)
class Evaluation:
    """What to evaluate; `limit` takes the first conversations of a split only; `seed` is the bootstrap's."""

    methods: Sequence[str]
    compositions: Sequence[str]
    split: Split
    limit: int | None
    seed: int


def evaluate(engine: Engine, evaluation: Evaluation, cells: Path, progress: Callable[[str], None]) -> Result:
    """Answer, measure and compare. What `cells` holds already is not computed again; several processes share the rest, and the first measures.

    Raises:
        ToolchainError: a composition has no references or no conversation, or a language that is not known, a method has nothing to
            answer with, several processes were started for the device core, whose times they would spoil, or an adapter or the data
            changed meanwhile.
    """
    kept = Cells(cells, progress)
    asked = {name: composition_pairs(Composition.of(name), evaluation.split) for name in evaluation.compositions}
    if empty := [name for name, pairs in asked.items() if not pairs]:
        raise ToolchainError(
            f"the {evaluation.split} split of {paths.BENCHMARK} has nothing to ask {empty[0]}: give another split"
        )
    asked = {name: pairs[: evaluation.limit] for name, pairs in asked.items()}
    result = Result(_meta(engine, evaluation), [], [])
    if launched().first:
        _refuse_what_is_missing(engine, evaluation)
    _answer_together(engine, evaluation, asked, kept, result.meta)
    if not launched().first:
        return result
    for name, pairs in asked.items():
        composition = Composition.of(name)
        shared = {"composition": name, "split": evaluation.split, "engine": engine.id, "seed": evaluation.seed}
        rows = Rows(shared, evaluation.seed, conversations_of(composition, [pair.id for pair in pairs]))
        measured: dict[str, list[dict[str, float]]] = {}
        questions: dict[str, Question] = {}
        for method in map(method_named, evaluation.methods):
            variant, question, answers = _answered(engine, evaluation, method, composition, pairs, kept)
            texts = [answer.text for answer in answers]
            questions[method.id], measured[method.id] = question, measure(texts, pairs, composition)
            result.rows.extend(rows.qualities(method.id, measured[method.id]))
            result.rows.extend(rows.costs(method.id, answers))
            result.rows.append(rows.prompt(method.id, variant, engine.key(question)))
            result.answers.extend(
                {"method": method.id, "composition": name, "id": pair.id, "answer": text}
                for text, pair in zip(texts, pairs, strict=True)
            )
        result.rows.extend(rows.comparisons(measured))
        if isinstance(engine, DeviceEngine):
            shipped = engine.shipped(composition)
            if questions.keys() >= {shipped, TIMED_AGAINST}:
                times = paired_times(engine, [questions[shipped], questions[TIMED_AGAINST]], pairs, cells, progress)
                result.rows.extend(rows.times(shipped, times))
    _refuse_replaced(result.meta, _meta(engine, evaluation))
    return result


def _refuse_what_is_missing(engine: Engine, evaluation: Evaluation) -> None:
    """See that every method has for every composition what it answers with, and that its language can be told, before the first takes its hours."""
    for name in evaluation.compositions:
        composition = Composition.of(name)
        detector_for(_language(composition))
        for method in map(method_named, evaluation.methods):
            prompts = list(engine.prompts(method, composition).values())
            with _named(method, composition):
                engine.key(Question(method, composition, prompts[0]))
            if len(prompts) > 1:
                _pairs_to_choose_by(method, composition)


@contextmanager
def _named(method: Method, composition: Composition) -> Iterator[None]:
    """Say in an error which method does not answer which composition."""
    try:
        yield
    except ToolchainError as error:
        raise ToolchainError(f"{method.id} cannot answer {composition.name}: {error}") from None


def _answer_together(
    engine: Engine, evaluation: Evaluation, asked: dict[str, list[Pair]], kept: Cells, meta: dict[str, Any]
) -> None:
    """Where several processes were started, let each answer its share of the cells, and wait until all are kept."""
    processes = launched()
    if processes.count == 1:
        return
    if isinstance(engine, DeviceEngine):
        raise ToolchainError("the device core measures times, which several processes would spoil: start one")
    said = repr((evaluation, meta))
    processes.refuse_different(int.from_bytes(hashlib.sha256(said.encode()).digest()[:6]), "what they evaluate")
    cells = [(name, method) for name in asked for method in evaluation.methods]
    for name, id in processes.share(cells):
        _answered(engine, evaluation, method_named(id), Composition.of(name), asked[name], kept)
    processes.wait()


def _answered(
    engine: Engine,
    evaluation: Evaluation,
    method: Method,
    composition: Composition,
    pairs: Sequence[Pair],
    kept: Cells,
) -> tuple[str, Question, list[Answer]]:
    """The name of the method's prompt, what it is asked with it, and its answers to `pairs`, in their order."""
    with _named(method, composition):
        variant, question = _choose_prompt(engine, method, composition, evaluation.limit, kept)
        return variant, question, kept.answers(engine, question, evaluation.split, pairs)


def _choose_prompt(
    engine: Engine, method: Method, composition: Composition, limit: int | None, kept: Cells
) -> tuple[str, Question]:
    """The method's only prompt, or the variant that is best on validation in what is reported of the composition."""
    prompts = engine.prompts(method, composition)
    questions = {variant: Question(method, composition, template) for variant, template in prompts.items()}
    if len(questions) == 1:
        return next(iter(questions.items()))
    pairs = _pairs_to_choose_by(method, composition)[:limit][:PROMPT_CONVERSATIONS]
    metric, scores = main_metric(composition), {}
    for variant, question in questions.items():
        answers = kept.answers(engine, question, Split.VALIDATION, pairs)
        found = zip(answers, pairs, strict=True)
        scores[variant] = sum(overlap_metrics(answer.text, pair.target)[metric] for answer, pair in found)
    best = max(scores, key=lambda variant: scores[variant])
    return best, questions[best]


def _pairs_to_choose_by(method: Method, composition: Composition) -> list[Pair]:
    return validation_pairs(composition, f"the prompt of {method.id}", f", or leave {method.id} out")


def measure(answers: Sequence[str], pairs: Sequence[Pair], composition: Composition) -> list[dict[str, float]]:
    """All metrics, in 0..1, of each answer against the reference of its pair.

    Raises:
        ToolchainError: the language of the answers is not known.
    """
    language = _language(composition)
    detector = detector_for(language)
    main = composition.ids[0] if composition.tasks[0].kind is TaskKind.MAIN else None
    measured = []
    for answer, pair in zip(answers, pairs, strict=True):
        source = pair.source if isinstance(pair.source, str) else render(pair.source)
        names = names_in(pair.source)
        metrics = answer_metrics(answer, pair.target, source, names, language, detector)
        # The rule knows English words.
        measured.append(metrics | tone_right(answer, main, composition.ids[-1]) if language == "en" else metrics)
    return measured


def _language(composition: Composition) -> str:
    """In which an answer is to be: that of the last translation, else the conversations' English."""
    return next((task.language_tag for task in reversed(composition.tasks) if task.language_tag), "en")


def _refuse_replaced(before: dict[str, Any], after: dict[str, Any]) -> None:
    """Adapters are read when their turn comes: one that was replaced in between has answered as two, under the hash of the first."""
    for field, folder in (("adapter_sha256", paths.ADAPTERS), ("data", paths.BENCHMARK)):
        found = before[field].items() ^ after[field].items()
        if replaced := sorted({name for name, _ in found}):
            raise ToolchainError(
                f"{folder}: {', '.join(replaced)} changed while it was evaluated: run the same command again, which keeps what still holds"
            )


def _meta(engine: Engine, evaluation: Evaluation) -> dict[str, Any]:
    compositions = [Composition.of(name) for name in evaluation.compositions]
    tasks = {task for composition in compositions for task in composition.ids}
    folders = {task: paths.ADAPTERS / task for task in sorted(tasks)}
    return {
        "format": RESULT_FORMAT,
        "split": evaluation.split,
        "engine": engine.id,
        "limit": evaluation.limit,
        "seed": evaluation.seed,
        **engine.base,
        "adapter_sha256": {task: adapter_hash(folder) for task, folder in folders.items() if folder.is_dir()},
        **made_with(target_files(compositions)),
    }
