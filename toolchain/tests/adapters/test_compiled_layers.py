"""Compiled layers take other kernels and compute the same."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch._dynamo.utils import counters

from toolchain.adapters.examples import Example
from toolchain.adapters.quantised_activations import quantise_activations
from toolchain.adapters.training import Schedule, TrainingLog, train
from toolchain.adapters.training_options import overridden
from toolchain.errors import ToolchainError
from toolchain.recipe import Training
from toolchain.tests.adapters.attached import attached
from toolchain.tests.tiny import tiny_model

EXAMPLES = [Example([2, 10 + index, *range(11, 14 + index)], [20 + index, 30 + index, 1]) for index in range(6)]
SCHEDULE = Schedule(steps=4, batch_size=3, learning_rate=0.03, warmup_steps=1, evaluate_every=2)


def _train(trained: str, compiled: bool, folder: Path) -> TrainingLog:
    model = tiny_model()
    if trained == "lc++, rounded":
        quantise_activations(model)
    parameters, set_training = attached(model, trained, dropout=0)
    schedule = replace(SCHEDULE, compiled=compiled)
    return train(model, parameters, EXAMPLES, EXAMPLES[:2], schedule, folder / f"{compiled}.pt", set_training)


@pytest.mark.parametrize("trained", ["lora", "lc++, rounded"])
def test_training_is_the_same_but_for_rounding(trained: str, tmp_path: Path) -> None:
    plain = _train(trained, False, tmp_path)
    torch.compiler.reset()
    counters.clear()
    compiled = _train(trained, True, tmp_path)
    assert counters["frames"]["ok"] > 0
    assert counters["frames"]["ok"] == counters["frames"]["total"]
    assert compiled.losses == pytest.approx(plain.losses, rel=1e-3)
    assert compiled.validation_losses == pytest.approx(plain.validation_losses, rel=1e-3)


def test_a_missing_compiler_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(ToolchainError, match="no-such-compiler"):
        _train("lora", True, tmp_path)


def test_a_missing_compiler_is_named_before_a_command_loads_the_base(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Training(steps=1, batch_size=1, learning_rate=1)
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(ToolchainError, match="no-such-compiler"):
        overridden(own, None, None, None, None, None, True)
    assert not overridden(own, None, None, None, None, None, False).compiled
