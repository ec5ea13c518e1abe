"""LoRAs + calibration -> one plain LoRA, exactly (docs/bundle-format.md). Rust does the same on the device, bit for bit."""

import re
from collections.abc import Sequence

import numpy as np

from toolchain.adapters.calibration_file import Calibration
from toolchain.adapters.files import Adapter
from toolchain.adapters.safetensors_file import Array
from toolchain.errors import ToolchainError

_LAYER = re.compile(r"\.layers\.(\d{1,5})\.")


def compose(adapters: Sequence[Adapter], weights: Sequence[float], calibration: Calibration | None = None) -> Adapter:
    """The weighted sum of the adapters' deltas plus the calibration, as one LoRA of scale 1.

    lora_A = [A_1; …; A_n; P1], lora_B = [w_1 s_1 B_1, …, w_n s_n B_n, P2] (Learnable Calibration, arXiv 2507.16083, section 4; the
    concatenation is PEFT's "cat" with all scales folded into B). w_i s_i is one float32 product, times B in float32, rounded to
    nearest even fp16. Factors: lora_A [rank, d_in], lora_B [d_out, rank], fp16.

    Raises:
        ToolchainError: numbers of weights and adapters differ, shapes do, learned weights are for another rank, or two
            linears end up with different ranks.
    """
    if len(adapters) != len(weights):
        raise ToolchainError(f"{len(adapters)} adapters need as many weights, got {len(weights)}")
    linears = sorted({linear for adapter in adapters for linear in adapter.linears})
    tensors: dict[str, Array] = {}
    ranks = set()
    for linear in linears:
        a, b = _compose_linear(linear, adapters, weights, calibration)
        tensors[f"{linear}.lora_A"], tensors[f"{linear}.lora_B"] = a, b
        ranks.add(a.shape[0])
    if len(ranks) != 1:
        raise ToolchainError(
            f"the composition's linears have ranks {sorted(ranks)}: one plain LoRA needs a single rank"
        )
    rank = ranks.pop()
    return Adapter(rank, rank, tensors)


def mean_weights(count: int) -> list[float]:
    """1/n for each of n adapters."""
    return [1 / count] * count


# What float32 or fp16 does not hold becomes infinite: whoever uses the composition refuses it (`refuse_beyond_fp16`).
@np.errstate(over="ignore", invalid="ignore")
def _compose_linear(
    linear: str, adapters: Sequence[Adapter], weights: Sequence[float], calibration: Calibration | None
) -> tuple[Array, Array]:
    layer, module = layer_of(linear), linear.rsplit(".", 1)[1]
    entries = calibration.find(layer, module) if calibration else []
    merge_weights: Array = np.asarray(weights, dtype=np.float32)
    for entry in entries:
        if entry.weights is not None:
            merge_weights = entry.weights
    rows, columns = [], []
    for index, adapter in enumerate(adapters):
        if f"{linear}.lora_A" not in adapter.tensors:
            continue
        if merge_weights.ndim == 2 and merge_weights.shape[1] != adapter.rank:
            raise ToolchainError(
                f"{linear}: the calibration's merge weights are for adapters of rank {merge_weights.shape[1]}, and one has rank "
                f"{adapter.rank}: train it again"
            )
        rows.append(adapter.tensors[f"{linear}.lora_A"])
        factor = np.asarray(merge_weights[index], dtype=np.float32) * np.float32(adapter.scale)
        columns.append((adapter.tensors[f"{linear}.lora_B"].astype(np.float32) * factor).astype(np.float16))
    d_in = rows[0].shape[1]
    for entry in entries:
        if entry.p1 is not None and entry.p2 is not None:
            rows.append(entry.p1)
            columns.append(entry.p2)
    for entry in entries:
        if entry.p is not None:
            rows.append(np.ones((1, d_in), dtype=np.float16))
            columns.append(entry.p[:, np.newaxis])
    widths, heights = {row.shape[1] for row in rows}, {column.shape[0] for column in columns}
    if len(widths) > 1 or len(heights) > 1:
        raise ToolchainError(
            f"{linear}: adapters and calibration are for linears of different shapes ({sorted(heights)} x {sorted(widths)}): "
            "take those of one base"
        )
    return np.concatenate(rows, axis=0), np.concatenate(columns, axis=1)


def layer_of(linear: str) -> int:
    """The number of the layer that a linear is in.

    Raises:
        ToolchainError: it is in none.
    """
    layer = _LAYER.search(linear)
    if layer is None:
        raise ToolchainError(f"{linear} is not in a numbered layer: it cannot be composed")
    return int(layer[1])


def delta(adapter: Adapter, linear: str) -> Array:
    """s·B·A of one linear, float32 [d_out, d_in]; zero-rank linears are absent (KeyError)."""
    a = adapter.tensors[f"{linear}.lora_A"].astype(np.float32)
    b = adapter.tensors[f"{linear}.lora_B"].astype(np.float32)
    return np.float32(adapter.scale) * (b @ a)
