"""LM-Cocktail (Xiao et al. 2023, arXiv 2311.13534): the better an adapter is alone on a few examples, the more of it goes in."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from toolchain.adapters.compose import compose
from toolchain.adapters.files import Adapter
from toolchain.adapters.methods.adapter_loss import few_examples_loss, finite_or_none
from toolchain.adapters.methods.budget import FEW, Budget
from toolchain.adapters.methods.found_weights import read_weights, write_weights
from toolchain.adapters.methods.method import Learned, Method, single_adapters
from toolchain.base_model.load import LoadedBase
from toolchain.tasks import Composition

ID = "lm-cocktail"


def weights_of(losses: Sequence[float]) -> list[float]:
    """softmax(-loss) (equation 3, temperature 1); 0 where a loss is infinite, and another is not."""
    values = np.exp(min(losses) - np.asarray(losses, dtype=np.float64))
    return [float(value) for value in values / values.sum()]


def fit(load: Callable[[], LoadedBase], composition: Composition, budget: Budget, folder: Path) -> Learned:
    """Measure each adapter alone on a few examples of the calibration split.

    Raises:
        NotFinite: no loss is finite.
    """
    base, adapters = load(), single_adapters(composition)
    with few_examples_loss(base, ID, composition, budget) as loss:
        losses = [loss(adapter) for adapter in adapters]
        loss.refuse_all_infinite(f"{ID} of {composition.name}")
    weights = weights_of(losses)
    write_weights(folder, weights)
    return Learned(
        {
            "weights": weights,
            "losses": list(map(finite_or_none, losses)),
            "examples": FEW,
            "evaluations": len(adapters),
        },
        loss.seconds,
    )


def _adapters(composition: Composition) -> list[Adapter]:
    return [compose(single_adapters(composition), read_weights(ID, composition))]


METHOD = Method(ID, _adapters, tunes_prompt=True, paper="LM-Cocktail merge", fit=fit)
