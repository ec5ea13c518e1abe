"""The dry run: sizes and training memory of a recipe, for one process, before anything is downloaded."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from toolchain.adapters.corrections import CalibrationMethod, attach
from toolchain.adapters.lora import add_lora
from toolchain.adapters.training import Precision
from toolchain.markdown import markdown_table
from toolchain.recipe import Recipe
from toolchain.scale.activations import activations
from toolchain.scale.parameters import BYTES_PER_PARAMETER, Parameters, count_parameters

_FP32 = 4
_ADAMW = 2
"""First and second moment of every trained parameter, fp32."""


@dataclass(frozen=True)
class Memory:
    """Bytes of a training step in one process, on `rows` examples, its share of a batch: `total` is the sum of the rest."""

    trains: str
    rows: int
    precision: Precision
    gradient_checkpointing: bool
    weights: int
    trained: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """At the peak of a step; libraries, the allocator's gaps and the batch itself come on top."""
        return self.weights + self.trained + self.gradients + self.optimizer + self.activations


@dataclass(frozen=True)
class Plan:
    """What a base costs; every example has `prompt_tokens` + `target_tokens`, the longest there are."""

    base: str
    rank: int
    parameters: Parameters
    processes: int
    prompt_tokens: int
    target_tokens: int
    memory: tuple[Memory, ...]

    def described(self) -> dict[str, Any]:
        """As JSON; bytes are those of the exported fp16 files without their headers."""
        shipped = {
            name: count * BYTES_PER_PARAMETER for name, count in asdict(self.parameters).items() if name != "base"
        }
        memory = [asdict(item) | {"total": item.total} for item in self.memory]
        return asdict(self) | {"bytes": shipped, "memory": memory}


def plan(recipe: Recipe, *, rank: int | None = None, batch_size: int | None = None, processes: int = 1) -> Plan:
    """The plan of a recipe; what is given replaces the recipe's."""
    shape = recipe.lora.shape(rank=rank)
    batches = {"LoRA": recipe.lora.training.batch_size, "LC++": recipe.calibration.training.batch_size}
    rows = {trains: math.ceil((batch_size or batch) / processes) for trains, batch in batches.items()}
    configuration = recipe.shape.configuration()
    parameters = count_parameters(configuration, shape.rank)
    trained = {"LoRA": parameters.lora, "LC++": parameters.lc_plus_plus}
    attachments = {
        "LoRA": lambda model: add_lora(model, shape).train(),
        "LC++": lambda model: attach(model, CalibrationMethod.LC_PLUS_PLUS),
    }
    memory = []
    for trains, attachment in attachments.items():
        count = trained[trains] * _FP32
        for precision in Precision:
            share = rows[trains]
            held = activations(configuration, attachment, share, recipe.prompt_tokens, recipe.target_tokens, precision)
            states = (parameters.base * _FP32, count, count, _ADAMW * count)
            memory += [
                Memory(trains, share, precision, checkpoints, *states, size)
                for checkpoints, size in ((False, held.kept), (True, held.checkpointed))
            ]
    return Plan(
        recipe.name, shape.rank, parameters, processes, recipe.prompt_tokens, recipe.target_tokens, tuple(memory)
    )


def table(plans: Sequence[Plan]) -> str:
    """Plans side by side, as a Markdown table."""
    rows: dict[str, list[str]] = {}

    def row(name: str, cells: Sequence[str]) -> None:
        rows[name] = list(cells)

    row("base, parameters", [f"{item.parameters.base:,}" for item in plans])
    row("LoRA, rank", [str(item.rank) for item in plans])
    row("LoRA, parameters", [f"{item.parameters.lora:,}" for item in plans])
    row("LoRA, MiB in fp16", [_mebibytes(item.parameters.lora) for item in plans])
    row("LC, parameters", [f"{item.parameters.lc:,}" for item in plans])
    row("LC, MiB in fp16", [_mebibytes(item.parameters.lc) for item in plans])
    row("LC++, parameters", [f"{item.parameters.lc_plus_plus:,}" for item in plans])
    row("LC++, MiB in fp16", [_mebibytes(item.parameters.lc_plus_plus) for item in plans])
    row("LC++ of a LoRA", [f"{item.parameters.lc_plus_plus / item.parameters.lora:.2%}" for item in plans])
    row("tokens an example", [f"{item.prompt_tokens} + {item.target_tokens}" for item in plans])
    row("weights, GiB", [_gibibytes(item.memory[0].weights) for item in plans])
    for trains in dict.fromkeys(item.trains for item in plans[0].memory):
        states = [next(item for item in each.memory if item.trains == trains) for each in plans]
        row(f"{trains}: examples a process and step", [str(item.rows) for item in states])
        row(
            f"{trains}: trained, gradients, AdamW, GiB",
            [_gibibytes(item.trained + item.gradients + item.optimizer) for item in states],
        )
    for index, first in enumerate(plans[0].memory):
        how = f"{first.trains}, {first.precision}{', checkpointing' if first.gradient_checkpointing else ''}"
        memories = [item.memory[index] for item in plans]
        row(f"{how}: activations, GiB", [_gibibytes(item.activations) for item in memories])
        row(f"{how}: in all, GiB", [_gibibytes(item.total) for item in memories])
    return markdown_table(["", *(item.base for item in plans)], [[name, *cells] for name, cells in rows.items()])


def _mebibytes(parameters: int) -> str:
    return f"{parameters * BYTES_PER_PARAMETER / 2**20:.2f}"


def _gibibytes(size: int) -> str:
    return f"{size / 2**30:.2f}"
