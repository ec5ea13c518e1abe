"""Where bfloat16 helps: on a processor without instructions for it, PyTorch computes it in loops of its own. And a model in it."""

import torch


def is_slow_on(device: str) -> bool:
    """Whether a device of this type (`cpu`, `cuda`, …) of this machine takes longer in bfloat16 than in float32.

    Forward products then take about four times as long, those of a backward pass up to a hundred times.
    """
    return device == "cpu" and not torch.ops.mkldnn._is_mkldnn_bf16_supported()


def round_weights(model: torch.nn.Module) -> None:
    """Have a model's weights, and so its activations, in bfloat16, in place.

    Not by `.to`, which rounds buffers too: rotary frequencies that are off by 0.2 % turn a far position by half a radian.
    """
    for parameter in model.parameters():
        parameter.data = parameter.data.to(torch.bfloat16)
