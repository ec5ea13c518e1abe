"""`judge`: the answers of result files, compared method by method and composition by composition."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from toolchain.data.benchmark import Split
from toolchain.data.endpoint import Endpoint
from toolchain.errors import ToolchainError
from toolchain.evaluation.judge import BothOrders, comparisons, estimate, judge
from toolchain.evaluation.judged import (
    Verdict,
    add_judged,
    judged_path,
    judged_row,
    not_run_row,
    refuse_to_lose_a_verdict,
)
from toolchain.evaluation.reporting.samples import samples_of
from toolchain.evaluation.result_file import ResultRow, read_result
from toolchain.evaluation.results import Results
from toolchain.folders import refuse_unwritable, written_beside


@dataclass(frozen=True)
class Judging:
    """What to judge: `methods`, each compared with `against`, on the first `limit` conversations of each composition (None: on all).

    `seed` is the bootstrap's. Nothing is sent unless `send` says so.
    """

    methods: Sequence[str]
    against: str
    limit: int | None
    seed: int
    send: bool


def judge_answers(
    results: Results,
    judging: Judging,
    server: Endpoint | None,
    folder: Path,
    cells: Path,
    progress: Callable[[str], None],
) -> Iterator[ResultRow]:
    """Tell the estimate of each comparison, ask `server`, and put what came of it into the judge's files in `folder`; gives the rows.

    Raises:
        ToolchainError: a method answered nothing, nothing that `against` answered, or is compared with itself, a file of `folder` is damaged,
            cannot be written, is another run's, or has another judge's verdict on these answers, or one on more of them; or the judge fails
            (`judge`).
    """
    _refuse_what_cannot_be_compared(results, judging)
    paths = {engine: judged_path(folder, Split(results.split), engine) for engine in results.engines()}
    with ExitStack() as held:
        for engine, path in paths.items():
            refuse_unwritable(path)
            # Until the last verdict is in it, for another run may be another judge's.
            held.enter_context(written_beside(path))
            there = read_result(path).rows if path.exists() else []
            if server and judging.send:
                for method, composition, asked in _comparisons(results, judging, engine):
                    wanted = Verdict(method, judging.against, composition, len(asked), server.model)
                    refuse_to_lose_a_verdict(path, there, results, engine, wanted)
        yield from _rows(results, judging, server, paths, cells, progress)


def _rows(
    results: Results,
    judging: Judging,
    server: Endpoint | None,
    paths: Mapping[str, Path],
    cells: Path,
    progress: Callable[[str], None],
) -> Iterator[ResultRow]:
    """One after another, as it is put into its engine's file."""
    compared: set[str] = set()
    for engine, path in paths.items():
        for method, composition, asked in _comparisons(results, judging, engine):
            compared.add(method)
            expected = estimate(asked, server, cells)
            progress(f"{composition}  {method} against {judging.against} ({engine}): {expected}")
            if server and judging.send:
                scores = judge(asked, server, cells, progress)
                row = judged_row(method, judging.against, composition, asked, scores, judging.seed, server.model)
            else:
                why = "no --yes" if server else "no --endpoint"
                row = not_run_row(method, judging.against, composition, why)
            add_judged(path, results, engine, [row])
            yield row | {"engine": engine}
    if apart := [method for method in judging.methods if method not in compared]:
        raise ToolchainError(
            f"the result files have no composition that both {judging.against} and {' or '.join(apart)} answered: give files that have"
        )


def refuse_itself(methods: Sequence[str], against: str | None) -> None:
    """Raise ToolchainError if one of `methods` is what they are to be compared with."""
    if against in methods:
        raise ToolchainError(
            f"{against} cannot be compared with itself: leave it out of --methods, or give another --against"
        )


def _refuse_what_cannot_be_compared(results: Results, judging: Judging) -> None:
    refuse_itself(judging.methods, judging.against)
    answered = {method for _, composition, method, _ in results.answers if "+" in composition}
    if not answered:
        raise ToolchainError("the result files have answers to tasks alone: give files of compositions to be judged")
    if unknown := [name for name in (*judging.methods, judging.against) if name not in answered]:
        raise ToolchainError(
            f"the result files have no answers by {', '.join(unknown)}: choose from {', '.join(sorted(answered))}"
        )


def _comparisons(results: Results, judging: Judging, engine: str) -> Iterator[tuple[str, str, list[BothOrders]]]:
    """(method, composition, what is asked), where both methods answered something."""
    for method in judging.methods:
        for composition in results.compositions(engine):
            taken = samples_of(results, engine, composition, judging.limit, (method, judging.against))
            if asked := comparisons(taken, method, judging.against):
                yield method, composition, asked
