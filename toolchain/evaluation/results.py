"""Many result files as one: what a report is made of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import mean
from typing import Any

from toolchain import paths
from toolchain.adapters.methods.registry import id_and_seed
from toolchain.data.benchmark import FILES, Split
from toolchain.data.pairs import composition_pairs, target_files
from toolchain.errors import ToolchainError
from toolchain.evaluation.agreement import refuse_disagreement
from toolchain.evaluation.result_file import (
    JUDGE_FILE,
    JUDGED,
    Result,
    ResultRow,
    answers_path,
    is_result_path,
    read_result,
)
from toolchain.hashing import sha256_file
from toolchain.tasks import Composition

PART = ".first-"
"""In the name of a result file of a split's first conversations, which a report reads only if it is told to."""


def committed_results() -> list[Path]:
    """The result files of the test split under docs/results; a judge's come last, for it was asked about the others."""
    found = [path for path in paths.RESULTS.glob("*.test*.jsonl") if PART not in path.name]
    results = [path for path in found if is_result_path(path)]
    return [*sorted(results), *sorted(path for path in found if path.name.startswith(JUDGE_FILE))]


@dataclass(frozen=True)
class Results:
    """Rows by (engine, composition, method, metric), answers by (engine, composition, method, id)."""

    metas: dict[str, dict[str, Any]]
    rows: dict[tuple[str, str, str, str], ResultRow]
    answers: dict[tuple[str, str, str, str], str]

    @property
    def split(self) -> str:
        """The split that all files are of."""
        return str(next(iter(self.metas.values()))["split"])

    def row(self, engine: str, composition: str, method: str, metric: str) -> ResultRow | None:
        """One row, or None where that was not measured."""
        return self.rows.get((engine, composition, method, metric))

    def engines(self) -> list[str]:
        """The engines that were measured, in order."""
        return list(dict.fromkeys(engine for engine, *_ in self.rows))

    def compositions(self, engine: str) -> list[str]:
        """The compositions of several tasks that were measured, in order."""
        return [name for name in self._measured(engine) if "+" in name]

    def single_tasks(self, engine: str) -> list[str]:
        """The tasks that were measured alone, in order."""
        return [name for name in self._measured(engine) if "+" not in name]

    def _measured(self, engine: str) -> list[str]:
        return list(dict.fromkeys(composition for of, composition, _ in self._cells if of == engine))

    @cached_property
    def _cells(self) -> list[tuple[str, str, str]]:
        """What was answered: (engine, composition, method), in order. A verdict may be of what no file that was given holds.

        Found once, for reports ask thousands of times: no row may be added after that.
        """
        return list(dict.fromkeys(key[:3] for key in self.rows if not key[-1].startswith(JUDGED)))

    def methods(self, engine: str, name: str | None = None) -> list[str]:
        """The methods that were measured on a composition or task, by default on any composition, in order; all seeds of one are one."""
        return list(dict.fromkeys(id_and_seed(method)[0] for method in self._named(engine, name)))

    def repeats(self, engine: str, name: str, method: str) -> list[str]:
        """A method and what other training seeds made of it (`lc++`, `lc++@1`), as far as they were measured on a composition, by seed."""
        found = [named for named in self._named(engine, name) if id_and_seed(named)[0] == method]
        return sorted(found, key=lambda named: id_and_seed(named)[1])

    def over_seeds(self, engine: str, name: str, method: str, metric: str) -> float | None:
        """The mean of a metric over the training seeds that were measured, or None."""
        found = [self.row(engine, name, repeat, metric) for repeat in self.repeats(engine, name, method)]
        values = [row["value"] for row in found if row]
        return mean(values) if values else None

    def _named(self, engine: str, name: str | None) -> list[str]:
        return list(
            dict.fromkeys(
                method
                for of, composition, method in self._cells
                if of == engine and (composition == name if name else "+" in composition)
            )
        )


def refuse_another_base(results: Results) -> None:
    """Raise ToolchainError if a file is of another base than the chosen one, whose costs and budgets would stand beside it."""
    for name, meta in results.metas.items():
        if (base := meta.get("base")) not in (None, paths.chosen_base()):
            raise ToolchainError(
                f"{name} is of the base {base}, and {paths.chosen_base()} is the one that is chosen: set TANDEM_BASE={base}"
            )


def read_results(files: Sequence[Path]) -> Results:
    """Read result files.

    Raises:
        ToolchainError: there is none, one is no result file, two have one name, a judge's has verdicts on what no other answers, or they are
            of different splits, limits, conversations, data, bases or adapters, or of another benchmark than the one at hand, or one answers
            what is no conversation of it, or two have different answers of one method (`refuse_disagreement`).
    """
    if not files:
        raise ToolchainError(
            f"{paths.RESULTS} holds no result file of the whole test split: make one with `toolchain evaluate` (without --limit)"
        )
    results = Results({}, {}, {})
    read: dict[Path, Result] = {}
    for path in files:
        result = read_result(path)
        if path.name in results.metas:
            raise ToolchainError(
                f"{path} has the name of another file that was given: give each file once, by its own name"
            )
        read[path] = result
        results.metas[path.name] = result.meta
        for row in result.rows:
            results.rows[row["engine"], row["composition"], row["method"], row["metric"]] = row
        engine = result.meta["engine"]
        for item in result.answers:
            results.answers[engine, item["composition"], item["method"], item["id"]] = item["answer"]
    judged = {path: result.rows for path, result in read.items() if "judged" in result.meta}
    _refuse_verdicts_alone(judged, results)
    if len(splits := sorted({meta["split"] for meta in results.metas.values()})) > 1:
        raise ToolchainError(
            f"{', '.join(results.metas)} are of the splits {', '.join(splits)}: give files of one split"
        )
    limits = {name: meta.get("limit") for name, meta in results.metas.items() if "judged" not in meta}
    if len(set(limits.values())) > 1:
        said = ", ".join(f"{name} ({limit or 'all'})" for name, limit in limits.items())
        raise ToolchainError(f"the result files are of different --limit: {said}: give files of as many conversations")
    _refuse_others(results.metas, {composition for _, composition, *_ in results.answers})
    _refuse_answers_to_nothing(read)
    refuse_disagreement(read)
    _refuse_uneven(results)
    return results


def _refuse_answers_to_nothing(read: Mapping[Path, Result]) -> None:
    """What a table is drawn of is looked up by its conversation. A file that does not tell its data may be of any."""
    for path, result in read.items():
        answered: dict[str, set[str]] = {}
        of_the_benchmark = not result.meta.get("data", {}).keys().isdisjoint(FILES)
        for item in result.answers if of_the_benchmark else []:
            answered.setdefault(item["composition"], set()).add(item["id"])
        for composition, ids in answered.items():
            known = {pair.id for pair in composition_pairs(Composition.of(composition), Split(result.meta["split"]))}
            if unknown := sorted(ids - known):
                raise ToolchainError(
                    f"{answers_path(path)} has an answer of {composition} to {unknown[0]!r}, which is no conversation of the "
                    f"{result.meta['split']} split of {paths.BENCHMARK}: measure it anew"
                )


def _refuse_verdicts_alone(judged: Mapping[Path, Sequence[ResultRow]], results: Results) -> None:
    """A judge's file has no answers: they are in other files, which tell what they are of."""
    answered = {(engine, composition) for engine, composition, *_ in results.answers}
    for path, verdicts in judged.items():
        if alone := {row["composition"] for row in verdicts if (row["engine"], row["composition"]) not in answered}:
            raise ToolchainError(
                f"{path}: verdicts alone on {', '.join(sorted(alone))}: give the files of the answers too"
            )


def _refuse_uneven(results: Results) -> None:
    """What is compared in pairs has answers to the same conversations."""
    asked: dict[tuple[str, str], dict[str, set[str]]] = {}
    for engine, composition, method, id in results.answers:
        asked.setdefault((engine, composition), {}).setdefault(method, set()).add(id)
    for (engine, composition), by_method in asked.items():
        (first, ids), *others = by_method.items()
        if uneven := next((method for method, its in others if its != ids), None):
            raise ToolchainError(
                f"{first} and {uneven} have answers to different conversations of {composition} ({engine}): measure one anew"
            )


def _refuse_others(metas: Mapping[str, Mapping[str, Any]], compositions: Iterable[str]) -> None:
    """A table of two bases, or of an adapter as it was and as it is, would compare what cannot be compared.

    So it is with the data; and answers are scored against the references that are here.
    """
    here = str(paths.BENCHMARK)
    seen = {name: (here, sha256_file(paths.BENCHMARK / name)) for name in FILES}
    made = target_files(map(Composition.of, compositions))
    seen |= {path.name: (str(path.parent), sha256_file(path)) for path in made if path.is_file()}
    for name, meta in metas.items():
        asked = {"the base's template and limits": meta.get("base_text_sha256")}
        hashes = {"the base": meta.get("base_sha256")} | asked | meta.get("data", {})
        hashes |= {f"the {task} adapter": digest for task, digest in meta.get("adapter_sha256", {}).items()}
        for what, digest in hashes.items():
            if digest is None:
                continue
            first, known = seen.setdefault(what, (name, digest))
            if digest != known:
                remedy = f", or set TANDEM_BENCHMARK to the benchmark that {name} is of" if first == here else ""
                raise ToolchainError(f"{first} and {name} are of different files of {what}: measure one anew{remedy}")
