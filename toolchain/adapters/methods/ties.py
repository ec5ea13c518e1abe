"""TIES merge (Yadav et al. 2023, arXiv 2306.01708) of the factors, by PEFT: trim, elect a sign, average what agrees with it."""

from collections.abc import Sequence

from toolchain.adapters.files import Adapter
from toolchain.adapters.methods.peft_merge import peft_merge
from toolchain.adapters.methods.tuned_setting import Setting, tuned_method


def usual(_count: int) -> Setting:
    """The agreeing values are averaged by the method itself: each weight is 1."""
    return Setting(density=0.5, weight=1.0)


def merge(adapters: Sequence[Adapter], setting: Setting | None = None) -> Adapter:
    """PEFT's "ties"."""
    chosen = setting or usual(len(adapters))
    return peft_merge(adapters, [chosen.weight] * len(adapters), "ties", chosen.density)


METHOD = tuned_method("ties", merge, usual, paper="TIES merge")
