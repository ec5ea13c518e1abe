"""Compiled layers: their kernels are fused before a training's first step, which each step after it is faster for (torch.compile)."""

import os
import shutil
from typing import Any

import torch

from toolchain import paths
from toolchain.errors import ToolchainError

VARIANTS = 64
"""Of one layer's code: kinds of attention, training and validation, precisions. What goes beyond them would run uncompiled."""


def compile_layers(model: Any) -> None:
    """Compile every layer of a causal language model, with whatever is attached to its linears, when it first runs.

    Sums are taken in another order than without: losses differ by rounding. What was compiled is kept in the cache for the next training.

    Raises:
        ToolchainError: there is no C++ compiler.
    """
    refuse_no_compiler()
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(paths.cache() / "compiled"))
    torch._dynamo.config.recompile_limit = VARIANTS
    for layer in model.model.layers:
        layer.compile(dynamic=True)


def refuse_no_compiler() -> None:
    """Raise ToolchainError where there is no C++ compiler (`$CXX`, else g++): nothing could be compiled."""
    compiler = os.environ.get("CXX", "g++")
    if not shutil.which(compiler):
        raise ToolchainError(
            f"--compile needs a C++ compiler, and there is no {compiler}: install it, or train without --compile"
        )
