"""DARE merge (Yu et al. 2023, arXiv 2311.03099) of the factors, by PEFT: values are dropped at random, the rest rescaled and averaged."""

from collections.abc import Sequence

from toolchain.adapters.files import Adapter
from toolchain.adapters.methods.peft_merge import peft_merge
from toolchain.adapters.methods.tuned_setting import Setting, tuned_method


def usual(count: int) -> Setting:
    """Half of the values, and the mean of the adapters."""
    return Setting(density=0.5, weight=1 / count)


def merge(adapters: Sequence[Adapter], setting: Setting | None = None) -> Adapter:
    """PEFT's "dare_linear" with a fixed seed."""
    chosen = setting or usual(len(adapters))
    return peft_merge(adapters, [chosen.weight] * len(adapters), "dare_linear", chosen.density)


METHOD = tuned_method("dare", merge, usual, paper="DARE merge")
