"""What fittings are tested with: an adapter of the tiny base for every task, a handful of conversations, two rates."""

from dataclasses import replace
from typing import Any

import pytest

from toolchain import paths
from toolchain.adapters.files import write_adapter
from toolchain.adapters.methods import budget
from toolchain.adapters.methods.budget import Budget
from toolchain.adapters.methods.registry import METHODS
from toolchain.adapters.methods.scope import EVERYTHING, Scope
from toolchain.adapters.training import Schedule
from toolchain.data import pairs as data_pairs
from toolchain.data.pairs import composition_pairs
from toolchain.tasks import TASKS, Composition
from toolchain.tests.tiny import random_adapter

COMPOSITION = Composition.parse("summarize+es")
BUDGET = Budget(Schedule(steps=2, batch_size=2, learning_rate=0), rates=(1e-2, 1e-9), evaluations=4)


def scheduled(**changes: Any) -> Budget:
    """The budget, its schedule changed."""
    return replace(BUDGET, schedule=replace(BUDGET.schedule, **changes))


def scope_of(name: str) -> Scope:
    """What a method is fitted to here."""
    return EVERYTHING if METHODS[name].shared else COMPOSITION


def put_all_adapters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside what the fixture `assets` holds."""
    for seed, task in enumerate(TASKS):
        if task not in COMPOSITION.ids:
            write_adapter(paths.ADAPTERS / task, random_adapter(10 + seed), "tiny")
    # A handful of conversations is enough to see that something is learned.
    for module in (budget, data_pairs):
        monkeypatch.setattr(module, "composition_pairs", lambda *given: composition_pairs(*given)[: budget.FEW])
