"""What training really takes on this machine: a calibration and a joint-expert on the same batches, one after another."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from toolchain.adapters.corrections import CalibrationMethod, attach, merge_into
from toolchain.adapters.examples import encode_pairs
from toolchain.adapters.methods import joint_expert
from toolchain.adapters.methods.gradient_fit import Trainable
from toolchain.adapters.methods.method import single_adapters
from toolchain.adapters.training import Schedule, train
from toolchain.base_model.load import LoadedBase, load_base
from toolchain.base_model.specification import base_model
from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs
from toolchain.errors import ToolchainError
from toolchain.markdown import markdown_table
from toolchain.provenance import peak_memory
from toolchain.tasks import Composition

KINDS = (CalibrationMethod.LC, CalibrationMethod.LC_PLUS_PLUS, joint_expert.ID)


def measure(composition: Composition, schedule: Schedule) -> list[dict[str, Any]]:
    """A row for each of `KINDS`: parameters, seconds a step, peak memory. Each has a process of its own, for memory's sake.

    Raises:
        ToolchainError: such a process was killed.
    """
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as alone:
        return [_measured(alone, kind, composition, schedule) for kind in KINDS]


def _measured(alone: ProcessPoolExecutor, kind: str, composition: Composition, schedule: Schedule) -> dict[str, Any]:
    try:
        return alone.submit(_measure_here, kind, composition, schedule).result()
    except BrokenProcessPool:
        raise ToolchainError(
            f"the process that measured the training of {kind} was killed, as the system does where memory runs out: give a smaller "
            f"--batch-size than {schedule.batch_size}, or free memory"
        ) from None


def _measure_here(kind: str, composition: Composition, schedule: Schedule) -> dict[str, Any]:
    return measure_one(load_base(base_model()), kind, composition, schedule)


def measure_one(base: LoadedBase, kind: str, composition: Composition, schedule: Schedule) -> dict[str, Any]:
    """The row of one kind, of the training that the toolchain does otherwise, without validation and without keeping what it trained."""
    examples = encode_pairs(base, composition.prompt, composition_pairs(composition, Split.CALIBRATION))
    trainable = _prepare(kind, base, composition)
    parameters = dict(trainable.parameters)
    with TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "checkpoint.pt"
        log = train(trainable.model, parameters, examples, [], schedule, checkpoint, trainable.set_training)
    return {
        "trains": kind,
        "parameters": sum(parameter.numel() for parameter in parameters.values()),
        "steps": schedule.steps,
        "seconds_a_step": round(log.seconds / schedule.steps, 2),
        "peak_rss_bytes": peak_memory(),
    }


def _prepare(kind: str, base: LoadedBase, composition: Composition) -> Trainable:
    if kind == joint_expert.ID:
        return joint_expert.prepare(base, {composition: ()})
    merge_into(base.model, single_adapters(composition))
    corrections = attach(base.model, CalibrationMethod(kind))
    return Trainable(base.model, dict(corrections.named_parameters()), lambda _folder: None)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as Markdown, each beside the last one's, which is the joint-expert."""
    last = rows[-1]
    cells = []
    for row in rows:
        seconds, peak = row["seconds_a_step"], row["peak_rss_bytes"]
        shares = f"{seconds / last['seconds_a_step']:.2f}", f"{peak / last['peak_rss_bytes']:.2f}"
        cells.append(
            [
                row["trains"],
                f"{row['parameters']:,}",
                f"{seconds:.2f} ({shares[0]})",
                f"{peak / 2**30:.2f} ({shares[1]})",
            ]
        )
    return markdown_table(["trains", "parameters", "seconds a step", "peak memory, GiB"], cells)
