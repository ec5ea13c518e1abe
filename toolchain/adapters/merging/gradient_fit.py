"""Fitting by gradient, the same for every trained baseline: each rate of the budget in turn, the one that validation likes best is kept."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from toolchain import paths
from toolchain.adapters.merging.budget import Budget, choosing_examples, fitting_examples
from toolchain.adapters.merging.fitted import adapter_hashes
from toolchain.adapters.training import train
from toolchain.base_model.load import LoadedBase
from toolchain.tasks import Composition


@dataclass(frozen=True)
class Trainable:
    """A model with what is to be trained in it; `save(folder)` writes the trained tensors; `set_training` switches dropout on and off."""

    model: Any
    parameters: Mapping[str, torch.nn.Parameter]
    save: Callable[[Path], None]
    set_training: Callable[[bool], object] = lambda _training: None


Prepare = Callable[[LoadedBase, Composition], Trainable]
"""prepare(base, composition): attaches fresh parameters to a fresh base."""


def gradient_fit(
    method: str,
    prepare: Prepare,
    load: Callable[[], LoadedBase],
    composition: Composition,
    budget: Budget,
    folder: Path,
) -> dict[str, Any]:
    """Train once for each rate; writes the best into `folder` and returns the log."""
    trained_on = hashlib.sha256("".join(adapter_hashes(composition).values()).encode()).hexdigest()[:12]
    best = float("inf")
    rates: dict[str, Any] = {}
    parameters = 0
    for rate in budget.rates:
        base = load()
        torch.manual_seed(budget.seed)
        trainable = prepare(base, composition)
        parameters = sum(parameter.numel() for parameter in trainable.parameters.values())
        examples, chosen_on = fitting_examples(base, composition, budget), choosing_examples(base, composition)
        checkpoint = paths.cache() / "checkpoints" / f"{method}-{composition.name}-{rate}-{budget.seed}-{trained_on}.pt"
        log = train(
            trainable.model,
            dict(trainable.parameters),
            examples,
            chosen_on,
            budget.schedule(rate),
            checkpoint,
            trainable.set_training,
        )
        checkpoint.unlink(missing_ok=True)
        rates[str(rate)] = asdict(log)
        if (loss := log.validation_losses[log.best_step]) < best:
            best = loss
            trainable.save(folder)
    chosen = min(rates, key=lambda rate: rates[rate]["validation_losses"][rates[rate]["best_step"]])
    return {"parameters": parameters, "rate": float(chosen), "rates": rates}
