"""The loss of an adapter on examples: what is looked at by whoever chooses weights or settings of a merge without gradients."""

import json
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from random import Random
from typing import TypeGuard

from toolchain.adapters.examples import Example
from toolchain.adapters.files import Adapter, adapters_digest
from toolchain.adapters.methods.budget import FEW, Budget, fitting_examples
from toolchain.adapters.training import Precision, checkpoint_path, examples_digest, tell_damaged, validation_loss
from toolchain.base_model.load import LoadedBase
from toolchain.console import progress
from toolchain.errors import NotFinite
from toolchain.generation.generate import adapter_applied
from toolchain.json_object import kept_json
from toolchain.tasks import Composition
from toolchain.whole_file import write_text_whole


class AdapterLoss:
    """The loss on examples, its products in `precision`; what it gave is kept in a file."""

    def __init__(self, base: LoadedBase, examples: Sequence[Example], precision: Precision, kept: Path) -> None:
        self._base, self._examples, self._precision, self._file = base, examples, precision, kept
        self._told = 0
        read = kept_json(kept)
        self._kept = read if _are_losses(read) else {}
        if kept.is_file() and not _are_losses(read):
            tell_damaged(kept)

    @property
    def seconds(self) -> float:
        """What all losses have taken, also those of a run that was killed."""
        return round(math.fsum(seconds for _, seconds in self._kept.values()), 1)

    def __call__(self, adapter: Adapter) -> float:
        """An adapter's mean cross-entropy over the target tokens, which is told; infinite where that is no finite number."""
        key = adapters_digest([adapter])
        if key not in self._kept:
            started = time.monotonic()
            with adapter_applied(self._base.model, adapter), self._precision.products(self._base.model.device.type):
                found = validation_loss(self._base.model, self._examples, FEW)
            loss = found if math.isfinite(found) else math.inf
            self._kept[key] = [loss, time.monotonic() - started]
            write_text_whole(self._file, json.dumps(self._kept))
        loss = self._kept[key][0]
        self._told += 1
        progress(f"merge {self._told}  loss {loss:.3f}")
        return loss


def finite_or_none(loss: float) -> float | None:
    """As a log holds it: JSON has no infinite number."""
    return loss if math.isfinite(loss) else None


def refuse_all_infinite(what: str, losses: Iterable[float]) -> None:
    """See that something that was looked at can be chosen.

    Raises:
        NotFinite: no loss is finite.
    """
    if not any(map(math.isfinite, losses)):
        raise NotFinite(
            f"{what}: no merge that was tried has a finite loss, so there is none to choose: train the adapters again"
        )


@contextmanager
def adapter_loss(
    base: LoadedBase, name: str, examples: Sequence[Example], precision: Precision
) -> Iterator[AdapterLoss]:
    """The loss on these examples.

    What it gave is kept until the block ends without an error: a search that was killed, and is run again, looks at the same adapters in
    the same order, and finds the losses of the first ones. `name` is the search's, for the file.
    """
    path = checkpoint_path(name, base.specification.sha256, examples_digest(examples), precision.value).with_suffix(
        ".json"
    )
    yield AdapterLoss(base, examples, precision, path)
    path.unlink(missing_ok=True)


def few_examples_loss(
    base: LoadedBase, method: str, composition: Composition, budget: Budget
) -> AbstractContextManager[AdapterLoss]:
    """`adapter_loss` of a method's search on `FEW` examples drawn by the budget's seed."""
    examples = fitting_examples(base, composition, budget)
    drawn = Random(budget.schedule.seed).sample(examples, min(FEW, len(examples)))
    return adapter_loss(base, f"{method}-{composition.name}", drawn, budget.schedule.precision)


def _are_losses(read: object) -> TypeGuard[dict[str, list[float]]]:
    """{digest of an adapter: [loss, seconds]}"""
    return isinstance(read, dict) and all(isinstance(item, list) and len(item) == 2 for item in read.values())
