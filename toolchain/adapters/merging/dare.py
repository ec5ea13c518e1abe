"""DARE merge (Yu et al. 2023, arXiv 2311.03099) of the factors, by PEFT: values are dropped at random, the rest rescaled and averaged."""

from collections.abc import Sequence

from toolchain.adapters.files import Adapter
from toolchain.adapters.merging.method import Method, mean_weights, single_adapters
from toolchain.adapters.merging.peft_merge import peft_merge

DENSITY = 0.5
"""Share of each factor's values that is kept."""


def merge(adapters: Sequence[Adapter]) -> Adapter:
    """PEFT's "dare_linear" with a fixed seed."""
    return peft_merge(adapters, mean_weights(len(adapters)), "dare_linear", DENSITY)


METHOD = Method(
    "dare", lambda composition: [merge(single_adapters(composition))], tunes_prompt=True, paper="DARE merge"
)
