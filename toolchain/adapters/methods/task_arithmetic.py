"""Task arithmetic (Ilharco et al. 2023, arXiv 2212.04089, section 4): the exact sum of the adapters' deltas, each of them whole (λ = 1)."""

from collections.abc import Sequence

from toolchain.adapters.compose import compose
from toolchain.adapters.files import Adapter
from toolchain.adapters.methods.method import Method, single_adapters


def merge(adapters: Sequence[Adapter]) -> Adapter:
    """Σ s_i B_i A_i."""
    return compose(adapters, [1.0] * len(adapters))


METHOD = Method("task-arithmetic", lambda composition: [merge(single_adapters(composition))], tunes_prompt=True)
