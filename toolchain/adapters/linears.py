"""Which linears of a model carry adapters."""

from collections.abc import Iterator
from typing import Any

from torch import nn

from toolchain.adapters.files import MODULES


def adapted_linears(model: Any) -> Iterator[tuple[str, nn.Linear]]:
    """Every linear of the seven module types, by name (`model.layers.0.self_attn.q_proj`)."""
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear) and name.rsplit(".", 1)[-1] in MODULES:
            yield name, module
