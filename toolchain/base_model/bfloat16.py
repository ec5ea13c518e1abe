"""Where bfloat16 helps: on a processor without instructions for it, PyTorch computes it in loops of its own."""

import torch


def is_slow_on(device: str) -> bool:
    """Whether a device of this type (`cpu`, `cuda`, …) of this machine takes longer in bfloat16 than in float32.

    Forward products then take about four times as long, those of a backward pass up to a hundred times.
    """
    return device == "cpu" and not torch.ops.mkldnn._is_mkldnn_bf16_supported()
