"""TIES merge (Yadav et al. 2023, arXiv 2306.01708) of the factors, by PEFT: trim, elect a sign, average what agrees with it."""

from collections.abc import Sequence

from toolchain.adapters.files import Adapter
from toolchain.adapters.merging.method import Method, single_adapters
from toolchain.adapters.merging.peft_merge import peft_merge

DENSITY = 0.5
"""Share of each factor's values that is kept."""


def merge(adapters: Sequence[Adapter]) -> Adapter:
    """The agreeing values are averaged by the method itself: each weight is 1."""
    return peft_merge(adapters, [1.0] * len(adapters), "ties", DENSITY)


METHOD = Method(
    "ties", lambda composition: [merge(single_adapters(composition))], tunes_prompt=True, paper="TIES merge"
)
