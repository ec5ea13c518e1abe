"""The loss of an adapter on examples: what is looked at by whoever chooses weights or settings of a merge without gradients."""

import json
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from random import Random
from typing import Any, TypeGuard

from toolchain import generation
from toolchain.adapters.examples import Example
from toolchain.adapters.files import Adapter, adapters_digest
from toolchain.adapters.methods.budget import FEW, Budget, fitting_examples
from toolchain.adapters.training import CODE, Precision, checkpoint_path, examples_digest, tell_damaged, validation_loss
from toolchain.base_model.load import LoadedBase
from toolchain.console import progress
from toolchain.errors import NotFinite
from toolchain.generation.generate import adapter_applied
from toolchain.json_object import kept_json
from toolchain.provenance import code_sha256
from toolchain.tasks import Composition
from toolchain.whole_file import write_text_whole

_CODE = (CODE, code_sha256(Path(generation.__file__).parent))
"""Of the folders of `validation_loss` and of `adapter_applied`."""


class AdapterLoss:
    """The loss on examples, its products in `precision`; what it gave is kept in a file."""

    def __init__(self, base: LoadedBase, examples: Sequence[Example], precision: Precision, kept: Path) -> None:
        self._base, self._examples, self._precision, self._file = base, examples, precision, kept
        self._given: list[float] = []
        read = kept_json(kept)
        if kept.is_file() and not _is_kept(read):
            tell_damaged(kept)
        before: dict[str, Any] = read if _is_kept(read) else {"seconds": 0.0, "losses": {}}
        self._losses: dict[str, float] = before["losses"]
        self._started: float = time.monotonic() - before["seconds"]

    @property
    def seconds(self) -> float:
        """The time since the search began, with that of runs that were killed."""
        return round(time.monotonic() - self._started, 1)

    def __call__(self, adapter: Adapter) -> float:
        """An adapter's mean cross-entropy over the target tokens, which is told; infinite where that is no finite number."""
        key = adapters_digest([adapter])
        if key not in self._losses:
            with adapter_applied(self._base.model, adapter), self._precision.products(self._base.model.device.type):
                found = validation_loss(self._base.model, self._examples, FEW)
            self._losses[key] = found if math.isfinite(found) else math.inf
            write_text_whole(self._file, json.dumps({"seconds": self.seconds, "losses": self._losses}))
        self._given.append(self._losses[key])
        progress(f"merge {len(self._given)}  loss {self._given[-1]:.3f}")
        return self._given[-1]

    def refuse_all_infinite(self, search: str) -> None:
        """See that something can be chosen of what it was asked for; `search` is whose.

        Raises:
            NotFinite: no loss was finite.
        """
        if not any(map(math.isfinite, self._given)):
            raise NotFinite(
                f"{search}: nothing that was tried has a finite loss, so there is nothing to choose: train the adapters again"
            )


def finite_or_none(loss: float) -> float | None:
    """As a log holds it: JSON has no infinite number."""
    return loss if math.isfinite(loss) else None


@contextmanager
def adapter_loss(
    base: LoadedBase, name: str, examples: Sequence[Example], precision: Precision
) -> Iterator[AdapterLoss]:
    """The loss on these examples.

    What it gave is kept until the block ends without an error: a search that was killed, and is run again, looks at the same adapters in
    the same order, and finds the losses of the first ones. `name` is the search's, for the file.
    """
    depends_on = (*base.specification.identity.values(), examples_digest(examples), precision.value, _CODE)
    path = checkpoint_path(name, *depends_on).with_suffix(".json")
    yield AdapterLoss(base, examples, precision, path)
    path.unlink(missing_ok=True)


def few_examples_loss(
    base: LoadedBase, method: str, composition: Composition, budget: Budget
) -> AbstractContextManager[AdapterLoss]:
    """`adapter_loss` of a method's search on `FEW` examples drawn by the budget's seed."""
    examples = fitting_examples(base, composition, budget)
    drawn = Random(budget.schedule.seed).sample(examples, min(FEW, len(examples)))
    return adapter_loss(base, f"{method}-{composition.name}", drawn, budget.schedule.precision)


def _is_kept(read: object) -> TypeGuard[dict[str, Any]]:
    """{"seconds": of the search so far, "losses": {digest of an adapter: loss}}"""
    if not (isinstance(read, dict) and isinstance(read.get("losses"), dict)):
        return False
    return all(isinstance(number, float) for number in (read.get("seconds"), *read["losses"].values()))
