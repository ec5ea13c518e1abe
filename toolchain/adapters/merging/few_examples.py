"""The loss of an adapter on a few examples: what a search over merge weights looks at."""

from collections.abc import Callable
from random import Random

from toolchain.adapters.files import Adapter
from toolchain.adapters.merging.budget import FEW, Budget, fitting_examples
from toolchain.adapters.training import validation_loss
from toolchain.base_model.load import LoadedBase
from toolchain.evaluation.generate import adapter_applied
from toolchain.tasks import Composition


def few_examples_loss(base: LoadedBase, composition: Composition, budget: Budget) -> Callable[[Adapter], float]:
    """A function that gives the mean cross-entropy over the target tokens of `FEW` examples drawn by the budget's seed."""
    examples = fitting_examples(base, composition, budget)
    few = Random(budget.seed).sample(examples, min(FEW, len(examples)))

    def loss(adapter: Adapter) -> float:
        with adapter_applied(base.model, adapter):
            return validation_loss(base.model, few, FEW)

    return loss
