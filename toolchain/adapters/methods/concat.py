"""Concat merge: the exact mean of the adapters' deltas, as one LoRA whose rank is the sum of theirs (PEFT's "cat")."""

from collections.abc import Sequence

from toolchain.adapters.compose import compose, mean_weights
from toolchain.adapters.files import Adapter
from toolchain.adapters.methods.method import Method, single_adapters
from toolchain.tasks import Composition


def merge(adapters: Sequence[Adapter]) -> Adapter:
    """Σ s_i B_i A_i / n."""
    return compose(adapters, mean_weights(len(adapters)))


def _adapters(composition: Composition) -> list[Adapter]:
    return [merge(single_adapters(composition))]


METHOD = Method("merge", _adapters, tunes_prompt=True, mode="merge", paper="Concat merge")
