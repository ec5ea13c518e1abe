"""Gradient checkpointing changes what is kept, never what is computed."""

from pathlib import Path

import pytest
import torch

from toolchain.adapters.examples import Example
from toolchain.adapters.training import Precision, Schedule, TrainingLog, train
from toolchain.base_model.gradient_checkpointing import checkpoint_layers
from toolchain.tests.adapters.attached import attached
from toolchain.tests.tiny import tiny_model
from toolchain.tests.tiny_bases import SHAPES, tiny

EXAMPLES = [Example([2, 10 + index, 11, 12], [20 + index, 30 + index, 1]) for index in range(6)]


def _train(
    kind: str, trained: str, precision: Precision, checkpoints: bool, folder: Path
) -> tuple[TrainingLog, list[torch.Tensor]]:
    model = tiny_model() if kind == "gemma3" else tiny(kind)
    if checkpoints:
        checkpoint_layers(model)
    parameters, set_training = attached(model, trained, dropout=0.3)
    schedule = Schedule(
        steps=4, batch_size=3, learning_rate=0.03, warmup_steps=1, evaluate_every=2, precision=precision
    )
    log = train(model, parameters, EXAMPLES, EXAMPLES[:2], schedule, folder / f"{checkpoints}.pt", set_training)
    return log, list(parameters.values())


@pytest.mark.parametrize("precision", Precision)
@pytest.mark.parametrize("trained", ["lora", "lc++"])
@pytest.mark.parametrize("kind", ["gemma3", *SHAPES])
def test_training_is_the_same_to_the_bit(kind: str, trained: str, precision: Precision, tmp_path: Path) -> None:
    plain, parameters = _train(kind, trained, precision, False, tmp_path)
    checkpointed, others = _train(kind, trained, precision, True, tmp_path)
    assert checkpointed.losses == plain.losses
    assert checkpointed.validation_losses == plain.validation_losses
    assert all(torch.equal(one, other) for one, other in zip(parameters, others, strict=True))
