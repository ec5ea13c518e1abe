"""The loss of an adapter on examples: what is looked at by whoever chooses weights or settings of a merge without gradients."""

from collections.abc import Callable, Sequence
from itertools import count
from random import Random

from toolchain.adapters.examples import Example
from toolchain.adapters.files import Adapter
from toolchain.adapters.merging.budget import FEW, Budget, fitting_examples
from toolchain.adapters.training import Precision, validation_loss
from toolchain.base_model.load import LoadedBase
from toolchain.console import progress
from toolchain.evaluation.generate import adapter_applied
from toolchain.tasks import Composition


def adapter_loss(base: LoadedBase, examples: Sequence[Example], precision: Precision) -> Callable[[Adapter], float]:
    """A function that gives the mean cross-entropy over the target tokens of the examples, its products in `precision`, and tells it."""
    numbers = count(1)

    def loss(adapter: Adapter) -> float:
        with adapter_applied(base.model, adapter), precision.products(base.model.device.type):
            found = validation_loss(base.model, examples, FEW)
        progress(f"merge {next(numbers)}  loss {found:.3f}")
        return found

    return loss


def few_examples_loss(base: LoadedBase, composition: Composition, budget: Budget) -> Callable[[Adapter], float]:
    """`adapter_loss` on `FEW` examples drawn by the budget's seed."""
    examples = fitting_examples(base, composition, budget)
    return adapter_loss(base, Random(budget.seed).sample(examples, min(FEW, len(examples))), budget.precision)
