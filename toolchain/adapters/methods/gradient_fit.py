"""Fitting by gradient, the same for every trained baseline: each rate of the budget in turn, the one that validation likes best is kept."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import torch

from toolchain.adapters.examples import Example
from toolchain.adapters.files import adapter_hashes
from toolchain.adapters.methods.budget import Budget, choosing_examples, fitting_examples
from toolchain.adapters.methods.method import Learned
from toolchain.adapters.methods.scope import EVERYTHING
from toolchain.adapters.training import checkpoint_path, train
from toolchain.base_model.load import LoadedBase
from toolchain.console import progress
from toolchain.errors import NotFinite
from toolchain.tasks import Composition


@dataclass(frozen=True)
class Trainable:
    """A model with what is to be trained in it; `set_training` switches dropout on and off.

    `save(folder)` writes the trained tensors, or raises NotFinite where no device could compose them.
    """

    model: Any
    parameters: Mapping[str, torch.nn.Parameter]
    save: Callable[[Path], None]
    set_training: Callable[[bool], object] = lambda _training: None


Prepare = Callable[[LoadedBase, Mapping[Composition, Sequence[Example]]], Trainable]
"""prepare(base, examples): attaches fresh parameters to a fresh base, which will read these examples of each composition."""


def gradient_fit(
    method: str,
    prepare: Prepare,
    load: Callable[[], LoadedBase],
    compositions: Sequence[Composition],
    budget: Budget,
    folder: Path,
) -> Learned:
    """Train on the data of `compositions` once for each rate; writes the best into `folder`. A rate that diverges loses to every other.

    Raises:
        NotFinite: all of them do.
    """
    scope = compositions[0] if len(compositions) == 1 else EVERYTHING
    hashes = adapter_hashes(scope.ids)
    base = load()
    fitting = {item: fitting_examples(base, item, budget) for item in compositions}
    choosing = {item: choosing_examples(base, item) for item in compositions}
    best, chosen = float("inf"), None
    rates: dict[str, Any] = {}
    seconds = 0.0
    parameters, checkpoints = 0, []
    for index, rate in enumerate(budget.rates):
        if index:
            base = load()  # Training has changed the one before.
        torch.manual_seed(budget.schedule.seed)
        trainable = prepare(base, {item: [*fitting[item], *choosing[item]] for item in compositions})
        parameters = sum(parameter.numel() for parameter in trainable.parameters.values())
        depends_on = (*base.specification.identity.values(), rate, budget.schedule.seed, hashes)
        checkpoints.append(checkpoint_path(f"{method}-{scope.name}", *depends_on))
        rates[str(rate)] = None
        started, log = time.monotonic(), None
        try:
            log = train(
                trainable.model,
                dict(trainable.parameters),
                list(chain(*fitting.values())),
                list(chain(*choosing.values())),
                budget.at(rate),
                checkpoints[-1],
                trainable.set_training,
            )
            if (loss := log.validation_losses[log.best_step]) < best:
                trainable.save(folder)
                best, chosen = loss, rate
            rates[str(rate)] = asdict(log)
        except NotFinite as error:
            progress(f"the rate {rate} is left out: {error}")
        # A rate that diverged leaves no log: the seconds of its earlier runs are lost.
        seconds += log.seconds if log else time.monotonic() - started
    if chosen is None:
        raise NotFinite(
            f"{method} of {scope.name} diverged at every rate of {', '.join(rates)}: give --rates lower ones"
        )
    # They go with the log, not before: a run that was killed at a later rate finds the earlier ones done.
    return Learned({"parameters": parameters, "rate": chosen, "rates": rates}, round(seconds, 1), checkpoints)
