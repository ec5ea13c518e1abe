"""Linear merge (PEFT "linear"): factors are averaged, not deltas, so that cross terms B_i A_j appear."""

from collections.abc import Sequence

from toolchain.adapters.compose import mean_weights
from toolchain.adapters.files import Adapter
from toolchain.adapters.methods.method import Method, single_adapters
from toolchain.adapters.methods.peft_merge import peft_merge


def merge(adapters: Sequence[Adapter]) -> Adapter:
    """(Σ √(s_i/n) B_i) (Σ √(s_i/n) A_i)."""
    return peft_merge(adapters, mean_weights(len(adapters)), "linear")


METHOD = Method(
    "linear", lambda composition: [merge(single_adapters(composition))], tunes_prompt=True, paper="Linear merge"
)
