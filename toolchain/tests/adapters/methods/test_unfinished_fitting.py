"""A fitting that is killed goes on where it was, one that fails leaves what was there, and a rate that diverges loses to the others."""

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from toolchain.adapters.files import Adapter, adapters_digest
from toolchain.adapters.methods import adapter_loss, fitted, gradient_fit, lorahub
from toolchain.adapters.methods.adapter_loss import AdapterLoss
from toolchain.adapters.methods.budget import choosing_examples
from toolchain.adapters.methods.fitted import fit_method, fitted_folder
from toolchain.adapters.methods.method import single_adapters
from toolchain.adapters.methods.registry import METHODS
from toolchain.adapters.training import Precision, TrainingLog, validation_loss
from toolchain.base_model.load import LoadedBase
from toolchain.errors import NotFinite, ToolchainError
from toolchain.tests.fitting import BUDGET, COMPOSITION, put_all_adapters, scheduled, scope_of
from toolchain.tests.tiny import tiny_base


@pytest.fixture
def folder(assets: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    put_all_adapters(monkeypatch)
    return assets


def _kill(*_given: object) -> None:
    raise KeyboardInterrupt


def _killed_at_the_second_rate() -> Callable[[], LoadedBase]:
    bases = [tiny_base()]

    def load() -> LoadedBase:
        if not bases:
            raise KeyboardInterrupt
        return bases.pop()

    return load


@pytest.mark.parametrize("killed", ["at a later rate", "before the log is written"])
def test_a_fitting_that_was_killed_has_not_lost_the_rates_that_were_done(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], killed: str
) -> None:
    load = _killed_at_the_second_rate() if killed == "at a later rate" else tiny_base
    with monkeypatch.context() as patch:
        patch.setattr(fitted, "finish", _kill)
        with pytest.raises(KeyboardInterrupt):
            fit_method(METHODS["dam"], load, COMPOSITION, BUDGET)
    capsys.readouterr()
    resumed = fit_method(METHODS["dam"], tiny_base, COMPOSITION, BUDGET)
    assert f"resuming at step {BUDGET.schedule.steps} of {BUDGET.schedule.steps}" in capsys.readouterr().err
    assert not list((folder / "cache").rglob("*.pt"))
    assert fit_method(METHODS["dam"], tiny_base, COMPOSITION, BUDGET)["files"] == resumed["files"]


def test_a_fitting_that_does_not_end_leaves_the_earlier_one(folder: Path) -> None:
    def kept() -> str:
        return adapters_digest(METHODS["dam"].adapters(COMPOSITION))

    fit_method(METHODS["dam"], tiny_base, COMPOSITION, replace(BUDGET, rates=(1e-2,)))
    before = kept()
    with pytest.raises(KeyboardInterrupt):
        fit_method(METHODS["dam"], _killed_at_the_second_rate(), COMPOSITION, replace(BUDGET, rates=(2e-2, 1e-2)))
    assert kept() == before
    with pytest.raises(ToolchainError, match=r"dam of summarize\+es diverged at every rate of 1e\+38, 1e\+37: "):
        fit_method(METHODS["dam"], tiny_base, COMPOSITION, replace(BUDGET, rates=(1e38, 1e37)))
    assert kept() == before
    place = fitted_folder("dam", COMPOSITION)
    assert list(place.parent.iterdir()) == [place]


@pytest.mark.parametrize(
    ("name", "diverges", "said"),
    [
        ("dam", 1e38, "the loss is nan"),
        ("dam", 1e9, "not finite in fp16"),
        ("lc-output-bias", 1e7, "not finite in fp16"),
        ("joint-expert", 1e7, "not finite in fp16"),
        ("lc++-shared", 1e7, "not finite in float16"),
    ],
)
def test_a_rate_that_diverges_loses_to_the_others(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, diverges: float, said: str
) -> None:
    # One step: its loss is seen, and what it leaves is to be kept.
    briefly = scheduled(steps=2 if said == "the loss is nan" else 1)
    log = fit_method(METHODS[name], tiny_base, scope_of(name), replace(briefly, rates=(diverges, 1e-9)))
    assert log["rate"] == 1e-9
    assert log["rates"][str(diverges)] is None
    (left_out,) = [line for line in capsys.readouterr().err.splitlines() if f"the rate {diverges} is left out" in line]
    assert said in left_out
    alone = fit_method(METHODS[name], tiny_base, scope_of(name), replace(briefly, rates=(1e-9,)))
    assert alone["files"] == log["files"]


@pytest.mark.parametrize("name", ["ties", "lm-cocktail", "lorahub"])
def test_a_search_that_was_killed_looks_at_no_merge_twice(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    asked: list[float] = []

    def counted(*given: Any) -> float:
        if len(asked) == 1:
            raise KeyboardInterrupt
        asked.append(validation_loss(*given))
        return asked[-1]

    whole = fit_method(METHODS[name], tiny_base, COMPOSITION, BUDGET)
    monkeypatch.setattr(adapter_loss, "validation_loss", counted)
    with pytest.raises(KeyboardInterrupt):
        fit_method(METHODS[name], tiny_base, COMPOSITION, BUDGET)
    asked.append(0.0)
    resumed = fit_method(METHODS[name], tiny_base, COMPOSITION, BUDGET)
    assert len(asked) == 1 + whole["evaluations"]
    same = ("files", "losses", "weights", "settings")
    assert {key: resumed.get(key) for key in same} == {key: whole.get(key) for key in same}
    assert not list((folder / "cache" / "checkpoints").glob("*"))


@pytest.mark.parametrize("name", ["ties", "lm-cocktail", "lorahub"])
def test_a_merge_without_a_finite_loss_is_not_chosen(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    losses = [math.nan, math.inf]

    def given(*given: Any) -> float:
        return losses.pop(0) if losses else validation_loss(*given)

    monkeypatch.setattr(adapter_loss, "validation_loss", given)
    if name == "lm-cocktail":
        losses.pop()
    asked: list[list[float]] = []
    lorahubs = lorahub.merge

    def noted(adapters: Sequence[Adapter], weights: Sequence[float]) -> Adapter:
        asked.append(list(weights))
        return lorahubs(adapters, weights)

    monkeypatch.setattr(lorahub, "merge", noted)
    log = fit_method(METHODS[name], tiny_base, COMPOSITION, BUDGET)
    if name == "ties":
        first, second, *others = (setting["loss"] for setting in log["settings"])
        assert (first, second) == (None, None)
        assert None not in others
        assert log["density"] in {setting["density"] for setting in log["settings"][2:]}
    if name == "lm-cocktail":
        assert log["weights"] == [0, 1]
    if name == "lorahub":
        assert log["weights"] in asked[2:]
        assert log["weights"] not in asked[:2]
    monkeypatch.setattr(adapter_loss, "validation_loss", lambda *_given: math.nan)
    with pytest.raises(NotFinite, match=rf"{name}.*: nothing that was tried has a finite loss"):
        fit_method(METHODS[name], tiny_base, COMPOSITION, BUDGET)


def test_the_seconds_of_a_fitting_are_those_of_all_its_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def later(*given: Any) -> float:
        nonlocal now
        now += 1000
        if now == 2000:
            raise KeyboardInterrupt
        return validation_loss(*given)

    monkeypatch.setattr(adapter_loss, "validation_loss", later)
    monkeypatch.setattr("toolchain.adapters.methods.adapter_loss.time.monotonic", lambda: now)
    with pytest.raises(KeyboardInterrupt):
        fit_method(METHODS["lm-cocktail"], tiny_base, COMPOSITION, BUDGET)
    assert fit_method(METHODS["lm-cocktail"], tiny_base, COMPOSITION, BUDGET)["seconds"] == 2000

    trained = TrainingLog(validation_losses={1: 0.5}, best_step=1, seconds=1000)
    monkeypatch.setattr(gradient_fit, "train", lambda *_given: trained)
    assert fit_method(METHODS["dam"], tiny_base, COMPOSITION, BUDGET)["seconds"] == 1000 * len(BUDGET.rates)


def test_losses_of_something_else_are_not_taken(
    folder: Path, base: LoadedBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter, (one, other) = single_adapters(COMPOSITION)[0], choosing_examples(base, COMPOSITION)[:2]
    another = replace(base, specification=replace(base.specification, sha256="8" * 64))
    searches = [
        (base, "search", [one], Precision.FP32),
        (another, "search", [one], Precision.FP32),
        (base, "another", [one], Precision.FP32),
        (base, "search", [other], Precision.FP32),
        (base, "search", [one], Precision.BF16),
    ]

    def killed(*search: Any) -> None:
        with adapter_loss.adapter_loss(*search) as loss:
            loss(adapter)
            _kill()

    for search in searches:
        with pytest.raises(KeyboardInterrupt):
            killed(*search)
    monkeypatch.setattr(adapter_loss, "_CODE", "edited")
    with pytest.raises(KeyboardInterrupt):
        killed(*searches[0])
    assert len(list((folder / "cache" / "checkpoints").iterdir())) == len(searches) + 1


@pytest.mark.parametrize("content", [b"", b'{"a": 1', b"[]", b'{"a": 1}', b"\xff"])
def test_losses_that_are_damaged_are_computed_anew(
    folder: Path, base: LoadedBase, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    adapter, examples = single_adapters(COMPOSITION)[0], choosing_examples(base, COMPOSITION)[:1]

    def search() -> AbstractContextManager[AdapterLoss]:
        return adapter_loss.adapter_loss(base, "search", examples, Precision.FP32)

    with search() as loss:
        first = loss(adapter)
        (kept,) = (folder / "cache" / "checkpoints").iterdir()
    kept.write_bytes(content)
    with search() as loss:
        assert loss(adapter) == first
    assert f"{kept} is damaged: starting anew" in capsys.readouterr().err
