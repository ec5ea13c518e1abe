"""The loss of an adapter on examples: what is looked at by whoever chooses weights or settings of a merge without gradients."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from random import Random

from toolchain.adapters.examples import Example
from toolchain.adapters.files import Adapter, adapters_digest
from toolchain.adapters.methods.budget import FEW, Budget, fitting_examples
from toolchain.adapters.training import Precision, checkpoint_path, examples_digest, tell_damaged, validation_loss
from toolchain.base_model.load import LoadedBase
from toolchain.console import progress
from toolchain.generation.generate import adapter_applied
from toolchain.json_object import kept_json
from toolchain.tasks import Composition
from toolchain.whole_file import write_text_whole


@contextmanager
def adapter_loss(
    base: LoadedBase, name: str, examples: Sequence[Example], precision: Precision
) -> Iterator[Callable[[Adapter], float]]:
    """A function that gives the mean cross-entropy over the target tokens of the examples, its products in `precision`, and tells it.

    What it gave is kept until the block ends without an error: a search that was killed, and is run again, looks at the same adapters in
    the same order, and finds the losses of the first ones. `name` is the search's, for the file.
    """
    path = checkpoint_path(name, base.specification.sha256, examples_digest(examples), precision.value).with_suffix(
        ".json"
    )
    kept = kept_json(path)
    if path.is_file() and not isinstance(kept, dict):
        tell_damaged(path)
    losses: dict[str, float] = kept if isinstance(kept, dict) else {}
    numbers = count(1)

    def loss(adapter: Adapter) -> float:
        key = adapters_digest([adapter])
        if key not in losses:
            with adapter_applied(base.model, adapter), precision.products(base.model.device.type):
                losses[key] = validation_loss(base.model, examples, FEW)
            write_text_whole(path, json.dumps(losses))
        progress(f"merge {next(numbers)}  loss {losses[key]:.3f}")
        return losses[key]

    yield loss
    path.unlink(missing_ok=True)


def few_examples_loss(
    base: LoadedBase, method: str, composition: Composition, budget: Budget
) -> AbstractContextManager[Callable[[Adapter], float]]:
    """`adapter_loss` of a method's search on `FEW` examples drawn by the budget's seed."""
    examples = fitting_examples(base, composition, budget)
    drawn = Random(budget.schedule.seed).sample(examples, min(FEW, len(examples)))
    return adapter_loss(base, f"{method}-{composition.name}", drawn, budget.schedule.precision)
