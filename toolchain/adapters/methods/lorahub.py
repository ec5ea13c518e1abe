"""LoraHub (Huang et al. 2023, arXiv 2307.13269): a gradient-free search of merge weights on a few examples."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from toolchain.adapters.files import Adapter, in_fp16
from toolchain.adapters.limits import LARGEST_SEED
from toolchain.adapters.methods.adapter_loss import few_examples_loss
from toolchain.adapters.methods.alike import refuse_unlike
from toolchain.adapters.methods.budget import FEW, Budget
from toolchain.adapters.methods.found_weights import read_weights, write_weights
from toolchain.adapters.methods.method import Learned, Method, single_adapters
from toolchain.adapters.safetensors_file import Array
from toolchain.base_model.load import LoadedBase
from toolchain.errors import ToolchainError
from toolchain.tasks import Composition

ID = "lorahub"
_BOUND = 1.5
_REGULARISATION = 0.05
_FIRST_STEP = 0.5
_LARGEST = 1e6
"""In place of an infinite loss, of which the search can make nothing."""


def merge(adapters: Sequence[Adapter], weights: Sequence[float]) -> Adapter:
    """(Σ w_i √s_i B_i) (Σ w_i √s_i A_i): both factors are weighted (section 3.2), so that cross terms appear.

    Raises:
        ToolchainError: the ranks or the adapted linears differ.
    """
    first = adapters[0]
    refuse_unlike("LoraHub", adapters)
    tensors: dict[str, Array] = {}
    for name in first.tensors:
        terms = [
            weight * np.sqrt(adapter.scale) * adapter.tensors[name].astype(np.float32)
            for weight, adapter in zip(weights, adapters, strict=True)
        ]
        tensors[name] = in_fp16(np.sum(terms, axis=0))
    return Adapter(first.rank, first.rank, tensors)


def search(loss: Callable[[Sequence[float]], float], count: int, budget: Budget) -> tuple[list[float], int]:
    """Weights in [-1.5, 1.5], from 0, that minimise loss + 0.05 mean |w| (section 3.3), by CMA-ES (docs/adr/0008); and how often it asked.

    A generation that the budget's evaluations end in is asked whole. An infinite loss loses to every other.
    """
    import cma

    def regularised(weights: Sequence[float]) -> float:
        return min(loss(weights), _LARGEST) + _REGULARISATION * float(np.abs(weights).mean())

    # Seeded here, and no seed told to cma, to which 0 is the time of day. One further, which is how committed weights were drawn.
    np.random.seed((budget.schedule.seed + 1) % (LARGEST_SEED + 1))
    options = {"bounds": [-_BOUND, _BOUND], "maxfevals": budget.evaluations, "seed": np.nan, "verbose": -9}
    strategy = cma.CMAEvolutionStrategy([0.0] * count, _FIRST_STEP, options)
    while not strategy.stop():
        candidates = strategy.ask()
        strategy.tell(candidates, [regularised(weights) for weights in candidates])
    return [float(weight) for weight in strategy.result.xbest], int(strategy.result.evaluations)


def fit(load: Callable[[], LoadedBase], composition: Composition, budget: Budget, folder: Path) -> Learned:
    """Search on a few examples of the calibration split.

    Raises:
        NotFinite: no loss is finite.
        ToolchainError: there is one adapter alone, and nothing to weigh.
    """
    if composition.is_single_task:
        raise ToolchainError(f"{composition.name} is a single task: {ID} weighs the adapters of several")
    base, adapters = load(), single_adapters(composition)
    with few_examples_loss(base, ID, composition, budget) as loss:
        weights, evaluations = search(lambda candidate: loss(merge(adapters, candidate)), len(adapters), budget)
        loss.refuse_all_infinite(f"{ID} of {composition.name}")
        write_weights(folder, weights)
    return Learned({"weights": weights, "examples": FEW, "evaluations": evaluations}, loss.seconds)


def _adapters(composition: Composition) -> list[Adapter]:
    return [merge(single_adapters(composition), read_weights(ID, composition))]


METHOD = Method(ID, _adapters, tunes_prompt=True, paper="LoraHub merge", fit=fit)
