"""Methods that learn: on the tiny base, from the same examples, kept with their hashes."""

import gc
import math
import re
import weakref
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from toolchain import paths
from toolchain.adapters.compose import compose
from toolchain.adapters.corrections import CalibrationMethod, attach
from toolchain.adapters.examples import Example, encode_pairs
from toolchain.adapters.files import adapters_digest, write_adapter
from toolchain.adapters.methods import (
    adapter_loss,
    budget,
    dare,
    gradient_fit,
    lc_output_bias,
    lorahub,
    shared_calibration,
    ties,
)
from toolchain.adapters.methods.budget import FEW, choosing_examples, fitting_examples
from toolchain.adapters.methods.fitted import fit_log_path, fit_method, fitted_folder
from toolchain.adapters.methods.method import single_adapters
from toolchain.adapters.methods.registry import METHODS, method_named
from toolchain.adapters.methods.tuned_setting import Setting
from toolchain.adapters.training import Precision, Schedule, TrainingLog, validation_loss
from toolchain.base_model import specification
from toolchain.base_model.load import LoadedBase
from toolchain.data import pairs as data_pairs
from toolchain.data.benchmark import Split
from toolchain.data.pairs import Pair, composition_pairs, target_files
from toolchain.data.teacher_targets import targets_path
from toolchain.errors import ToolchainError
from toolchain.evaluation.engines.python_engine import PythonEngine
from toolchain.evaluation.evaluate import Evaluation, evaluate
from toolchain.evaluation.reporting.budgets import budgets
from toolchain.evaluation.reporting.fittings import NOT_TUNED
from toolchain.evaluation.results import Results
from toolchain.generation.generate import adapter_applied
from toolchain.tasks import Composition
from toolchain.tests.fitting import BUDGET, COMPOSITION, put_all_adapters, scheduled, scope_of
from toolchain.tests.tiny import BOS, EOS, SPECIFICATION, logits, random_adapter, tiny_base

TUNED = ("ties", "dare")
LEARNING = [name for name, method in METHODS.items() if method.fit and name not in TUNED]
TRAINED = ("dam", "joint-expert", "lc-output-bias")
IDS = [BOS, 50, 61, 72, 83]


@pytest.fixture
def folder(assets: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    put_all_adapters(monkeypatch)
    return assets


@pytest.mark.parametrize("name", LEARNING)
def test_what_is_learned_is_kept_measured_and_reproducible(folder: Path, base: LoadedBase, name: str) -> None:
    with pytest.raises(ToolchainError, match=re.escape(f"train baseline {name} ")):
        METHODS[name].adapters(COMPOSITION)
    log = fit_method(METHODS[name], tiny_base, scope_of(name), BUDGET)
    kept = {path.name: path.read_bytes() for path in fitted_folder(name, scope_of(name)).iterdir()}
    assert kept.keys() == log["files"].keys()
    again = fit_method(METHODS[name], tiny_base, scope_of(name), BUDGET)
    assert again["files"] == log["files"]
    result = evaluate(
        PythonEngine(base), Evaluation([name], [COMPOSITION.name], Split.TEST, 1, 0), folder / "cells", lambda _: None
    )
    assert [row["method"] for row in result.answers] == [name]


@pytest.mark.parametrize("name", TRAINED)
def test_the_rate_with_the_lowest_validation_loss_is_kept(folder: Path, name: str) -> None:
    log = fit_method(METHODS[name], tiny_base, COMPOSITION, BUDGET)
    losses = {rate: min(item["validation_losses"].values()) for rate, item in log["rates"].items()}
    assert losses[str(log["rate"])] == min(losses.values())
    alone = fit_method(METHODS[name], tiny_base, COMPOSITION, replace(BUDGET, rates=(log["rate"],)))
    assert alone["files"] == log["files"]


@pytest.mark.parametrize("name", TUNED)
def test_the_density_and_weight_with_the_lowest_validation_loss_are_kept(
    folder: Path, base: LoadedBase, name: str
) -> None:
    log = fit_method(METHODS[name], tiny_base, COMPOSITION, replace(BUDGET, evaluations=5))
    tried = log["settings"]
    assert len(tried) == log["evaluations"] == 10, "all of them"
    assert log["examples"] == 4, "on as many as there are losses for: 5 of 8 examples"
    assert tried[0]["density"] == 0.5
    best = min(tried, key=lambda item: item["loss"])
    assert (log["density"], log["weight"]) == (best["density"], best["weight"])
    examples = choosing_examples(base, COMPOSITION)[::2]
    adapters = single_adapters(COMPOSITION)
    merge = {"ties": ties.merge, "dare": dare.merge}[name]
    for item in (tried[0], tried[-1]):
        with adapter_applied(base.model, merge(adapters, Setting(item["density"], item["weight"]))):
            assert validation_loss(base.model, examples, 4) == pytest.approx(item["loss"], abs=1e-3)
    (found,) = METHODS[name].adapters(COMPOSITION)
    assert found is not None
    expected = merge(adapters, Setting(log["density"], log["weight"]))
    assert all(np.array_equal(found.tensors[key], tensor) for key, tensor in expected.tensors.items())
    row = next(row for row in budgets(_measured(name)).rows if row[0] == name)
    assert row[2:4] == ["10 losses of 4 examples", f"density {log['density']}, weight {log['weight']:.2g}"]


@pytest.mark.parametrize("log", ['{"a": 1}', '{"budget": "x"}', '{"evaluations": 3}', '{"rates": 5, "budget": {}}'])
def test_a_log_that_does_not_say_what_was_spent_is_named(folder: Path, log: str) -> None:
    path = fit_log_path("ties", COMPOSITION)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(log, encoding="utf-8")
    with pytest.raises(ToolchainError, match="does not say what ties was fitted with") as refused:
        budgets(_measured("ties"))
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("name", ["ties", "lm-cocktail"])
def test_a_search_computes_its_losses_in_the_precision_that_its_log_says(folder: Path, name: str) -> None:
    losses = {}
    for precision in Precision:
        log = fit_method(METHODS[name], tiny_base, COMPOSITION, scheduled(precision=precision))
        assert log["budget"]["precision"] == precision
        losses[precision] = log["losses"] if "losses" in log else [item["loss"] for item in log["settings"]]
    assert losses[Precision.BF16] != losses[Precision.FP32]
    assert losses[Precision.BF16] == pytest.approx(losses[Precision.FP32], abs=0.05)


def _measured(name: str) -> Results:
    return Results({}, {("python", COMPOSITION.name, name, "rouge_l"): {"value": 0.1}}, {})


def test_a_merge_that_was_not_tuned_is_said_to_be_so(folder: Path) -> None:
    assert [row[:3] for row in budgets(_measured("ties")).rows] == [["ties", COMPOSITION.name, NOT_TUNED]]
    write_adapter(paths.ADAPTERS / "es", random_adapter(1), "tiny")
    fit_method(METHODS["ties"], tiny_base, COMPOSITION, BUDGET)
    write_adapter(paths.ADAPTERS / "es", random_adapter(9), "tiny")
    with pytest.raises(ToolchainError, match="other adapters"):
        METHODS["ties"].adapters(COMPOSITION)


def test_what_was_fitted_to_another_base_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fit_method(METHODS["ties"], tiny_base, COMPOSITION, BUDGET)
    monkeypatch.setattr(specification, "base_model", lambda: replace(SPECIFICATION, sha256="9" * 64))
    with pytest.raises(ToolchainError, match="of base"):
        METHODS["ties"].adapters(COMPOSITION)


def test_a_damaged_log_of_a_fitting_is_refused(folder: Path) -> None:
    fit_method(METHODS["ties"], tiny_base, COMPOSITION, BUDGET)
    fit_log_path("ties", COMPOSITION).write_text("{}", encoding="utf-8")
    with pytest.raises(ToolchainError, match=r"ties/.*\.json is no log of a fitting, it lacks base_sha256"):
        METHODS["ties"].adapters(COMPOSITION)


def test_a_log_names_the_targets_that_were_read(folder: Path) -> None:
    assert target_files([COMPOSITION], with_teacher=BUDGET.teacher) == []
    assert target_files([COMPOSITION], with_teacher=True) == [targets_path(COMPOSITION)]
    three = Composition.parse("summarize+witty+fr")
    assert target_files([COMPOSITION, three], with_teacher=BUDGET.teacher) == [targets_path(three)]


def test_without_a_validation_split_nothing_is_chosen(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        data_pairs,
        "composition_pairs",
        lambda composition, split: [] if split is Split.VALIDATION else composition_pairs(composition, split)[:2],
    )
    for name in ("ties", "dam"):
        with pytest.raises(ToolchainError, match="no validation split"):
            fit_method(METHODS[name], tiny_base, COMPOSITION, BUDGET)


def test_examples_are_encoded_once_and_no_base_is_kept_from_one_rate_to_the_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[Split] = []
    bases: list[weakref.ref[LoadedBase]] = []

    def counted(composition: Composition, split: Split) -> list[Pair]:
        encoded.append(split)
        return composition_pairs(composition, split)[: budget.FEW]

    def load() -> LoadedBase:
        gc.collect()
        assert sum(base() is not None for base in bases) <= 1, "beside the one that is being replaced"
        loaded = tiny_base()
        bases.append(weakref.ref(loaded))
        return loaded

    for module in (budget, data_pairs):
        monkeypatch.setattr(module, "composition_pairs", counted)
    fit_method(METHODS["lc-output-bias"], load, COMPOSITION, replace(BUDGET, rates=(1e-2, 1e-3, 1e-9)))
    assert encoded == [Split.CALIBRATION, Split.VALIDATION]
    assert len(bases) == 3


@pytest.mark.parametrize("name", [*TRAINED, "lc-shared", "lc++-shared"])
def test_what_was_fitted_computes_what_was_trained(folder: Path, base: LoadedBase, name: str) -> None:
    trained = tiny_base()
    # A prompt of those that were trained on: it tells what all compositions share which merge is its own.
    (example,) = encode_pairs(base, COMPOSITION.prompt, composition_pairs(COMPOSITION, Split.CALIBRATION)[:1])
    rate = {"joint-expert": 1e-2, "lc-shared": 5e-3}.get(name, 3e-2)
    fit_method(METHODS[name], lambda: trained, scope_of(name), replace(scheduled(steps=4), rates=(rate,)))
    with adapter_applied(base.model, METHODS["merge"].adapters(COMPOSITION)[0]):
        merged = logits(base, example.prompt)
    with adapter_applied(base.model, METHODS[name].adapters(COMPOSITION)[0]):
        deployed = logits(base, example.prompt)
    np.testing.assert_allclose(deployed, logits(trained, example.prompt), rtol=2e-2, atol=5e-2)
    assert (deployed - merged).abs().max() > 0.2, "training must move the logits for this to mean anything"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("method", [CalibrationMethod.LC, CalibrationMethod.LC_PLUS_PLUS])
def test_a_shared_calibration_is_of_its_kind(base: LoadedBase, method: CalibrationMethod) -> None:
    trainable = shared_calibration.prepare(method)(base, {})
    alone = attach(tiny_base().model, method)
    assert trainable.parameters.keys() == dict(alone.named_parameters()).keys()


def test_a_fitting_is_given_by_seed_prompt_and_splits_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []
    begun: list[torch.Tensor] = []

    def train(_model: Any, parameters: dict[str, torch.nn.Parameter], *rest: Any) -> TrainingLog:
        given.append(rest)
        begun.append(torch.cat([parameter.detach().flatten() for parameter in parameters.values()]))
        return TrainingLog(validation_losses={1: 1.0}, best_step=1)

    monkeypatch.setattr(gradient_fit, "train", train)
    taught = Pair("taught", "Ana: hi", None, "hola")
    monkeypatch.setattr(budget, "teacher_pairs", lambda _composition: [taught])
    targets_path(COMPOSITION).parent.mkdir(parents=True)
    targets_path(COMPOSITION).touch()
    for seed, drawn_before in ((0, 1), (0, 2), (1, 2)):

        def load(drawn_before: int = drawn_before) -> LoadedBase:
            base = tiny_base()
            torch.manual_seed(drawn_before)
            return base

        one_rate = replace(scheduled(seed=seed, precision=Precision.BF16), rates=(0.5,), teacher=True)
        fit_method(METHODS["joint-expert"], load, COMPOSITION, one_rate)
    assert torch.equal(begun[0], begun[1])
    assert not torch.equal(begun[1], begun[2])
    training, validation, schedule, *_ = given[-1]
    references, held_out = (
        composition_pairs(COMPOSITION, split)[:FEW] for split in (Split.CALIBRATION, Split.VALIDATION)
    )
    for examples, pairs in ((training, [*references, taught]), (validation, held_out)):
        assert examples == encode_pairs(tiny_base(), COMPOSITION.prompt, pairs)
    steps, batch_size = BUDGET.schedule.steps, BUDGET.schedule.batch_size
    assert schedule == Schedule(steps, batch_size, 0.5, seed=1, precision=Precision.BF16)
    assert schedule.keep_best


def test_no_step_leaves_the_merge(folder: Path, base: LoadedBase) -> None:
    # A rate of nearly nothing: what is trained starts exactly at the mean.
    still = replace(BUDGET, rates=(1e-12,))
    (mean,) = METHODS["merge"].adapters(COMPOSITION)
    with adapter_applied(base.model, mean):
        expected = logits(base, IDS)
    for name in ("dam", "lc-output-bias", "lc++-shared"):
        fit_method(METHODS[name], tiny_base, scope_of(name), still)
        with adapter_applied(base.model, METHODS[name].adapters(COMPOSITION)[0]):
            np.testing.assert_allclose(logits(base, IDS), expected, atol=2e-2)


@pytest.mark.usefixtures("folder")
def test_each_row_of_a_batch_has_the_merge_of_its_own_composition(base: LoadedBase) -> None:
    names = ("summarize+es", "reply+witty", "summarize+de")
    chosen = [Composition.parse(name) for name in names]
    prompts = [[BOS, 50 + index, 61, 72, 83] for index in range(len(names))]
    examples = {item: [Example(prompt, [EOS])] for item, prompt in zip(chosen, prompts, strict=True)}
    whole = tiny_base()
    shared_calibration.prepare(CalibrationMethod.LC_PLUS_PLUS)(whole, examples)
    found = whole.model(input_ids=torch.tensor(prompts), use_cache=False).logits
    for row, item in enumerate(chosen):
        (mean,) = METHODS["merge"].adapters(item)
        with adapter_applied(base.model, mean):
            np.testing.assert_allclose(found[row].detach(), logits(base, prompts[row]), atol=2e-2)


def test_an_output_bias_is_added_and_taken_away(base: LoadedBase) -> None:
    before = logits(base, IDS)
    adapters = [random_adapter(0), random_adapter(1)]
    modules = {name.rsplit(".", 1)[1]: name for name in adapters[0].linears}
    biases = {
        module: np.ones(adapters[0].tensors[f"{name}.lora_B"].shape[0], dtype=np.float16)
        for module, name in modules.items()
    }
    with adapter_applied(base.model, lc_output_bias.merge(adapters, biases)):
        assert not np.allclose(logits(base, IDS), before, atol=1e-2)
    assert np.array_equal(logits(base, IDS), before)


def test_a_search_looks_at_a_few_examples_that_its_seed_draws(
    folder: Path, base: LoadedBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples = [Example([BOS, 10 + index], [EOS]) for index in range(3 * FEW)]
    drawn: list[Sequence[Example]] = []
    monkeypatch.setattr(adapter_loss, "fitting_examples", lambda *_given: examples)
    monkeypatch.setattr(adapter_loss, "adapter_loss", lambda _base, _name, chosen, _precision: drawn.append(chosen))
    for seed in (0, 0, 1):
        adapter_loss.few_examples_loss(base, "any", COMPOSITION, scheduled(seed=seed))
    first, same, other = ([examples.index(example) for example in chosen] for chosen in drawn)
    assert len(set(first)) == FEW
    assert first == same
    assert set(first) != set(other)


def test_a_cocktail_has_the_more_of_an_adapter_the_lower_its_own_loss(folder: Path, base: LoadedBase) -> None:
    log = fit_method(METHODS["lm-cocktail"], tiny_base, COMPOSITION, BUDGET)
    adapters, examples = single_adapters(COMPOSITION), fitting_examples(base, COMPOSITION, BUDGET)
    assert len(examples) == FEW, "all of them are looked at"
    for adapter, loss in zip(adapters, log["losses"], strict=True):
        with adapter_applied(base.model, adapter):
            assert validation_loss(base.model, examples, 4) == pytest.approx(loss, rel=1e-4)
    assert log["weights"] == pytest.approx(
        [float(share) for share in torch.tensor(log["losses"]).neg().softmax(0)], rel=1e-4
    )
    assert adapters_digest(METHODS["lm-cocktail"].adapters(COMPOSITION)) == adapters_digest(
        [compose(adapters, log["weights"])]
    )


def test_lorahub_merges_by_the_weights_that_it_found(folder: Path) -> None:
    log = fit_method(METHODS["lorahub"], tiny_base, COMPOSITION, BUDGET)
    merged = lorahub.merge(single_adapters(COMPOSITION), log["weights"])
    assert adapters_digest(METHODS["lorahub"].adapters(COMPOSITION)) == adapters_digest([merged])


@pytest.mark.parametrize(("gain", "expected"), [(0.04, 0.0), (0.06, 1.5)])
def test_a_search_starts_at_zero_pays_for_weights_and_keeps_them_within_bounds(gain: float, expected: float) -> None:
    # What a weight costs, 0.05 of the mean, is more than the one gain and less than the other (arXiv 2307.13269, section 3.3).
    asked: list[list[float]] = []

    def loss(weights: Sequence[float]) -> float:
        asked.append([float(weight) for weight in weights])
        return -gain * float(np.abs(weights).mean())

    found, evaluations = lorahub.search(loss, 2, replace(BUDGET, evaluations=120))
    np.testing.assert_allclose(np.abs(found), expected, atol=0.1)
    sizes = np.abs(asked).mean(axis=1)
    assert found == asked[int(np.argmin((0.05 - gain) * sizes))], "the best of all that were asked"
    assert np.abs(asked).max() <= 1.5
    assert np.abs(np.mean(asked[:6], axis=0)).max() < 1
    assert 120 <= evaluations < 130, "a generation is asked whole"


def test_a_search_finds_the_better_weights() -> None:
    target = np.array([0.7, -0.4])
    asked: list[float] = []

    def loss(weights: Sequence[float]) -> float:
        asked.append(float(np.square(np.asarray(weights) - target).sum()))
        return asked[-1]

    found, evaluations = lorahub.search(loss, 2, replace(BUDGET, evaluations=120))
    np.testing.assert_allclose(found, target, atol=0.15)
    assert evaluations == len(asked)


def test_an_infinite_loss_loses_a_search() -> None:
    def loss(weights: Sequence[float]) -> float:
        return math.inf if weights[0] > 0.2 else float(np.square(np.asarray(weights) - [0.7, -0.4]).sum())

    found, evaluations = lorahub.search(loss, 2, replace(BUDGET, evaluations=120))
    np.testing.assert_allclose(found, [0.2, -0.4], atol=0.15)
    assert found[0] <= 0.2
    assert evaluations >= 120


def test_a_search_takes_every_seed_that_the_command_takes_and_draws_by_it() -> None:
    asked: dict[int, list[list[float]]] = {}
    for seed in (0, 1, 2**32 - 1):
        candidates = asked[seed] = []

        def loss(weights: Sequence[float], candidates: list[list[float]] = candidates) -> float:
            candidates.append(list(weights))
            return float(np.sum(weights))

        lorahub.search(loss, 2, replace(scheduled(seed=seed), evaluations=6))
    assert all(asked.values())
    assert len({repr(candidates) for candidates in asked.values()}) == 3


def test_a_single_adapter_is_not_weighed(folder: Path) -> None:
    with pytest.raises(ToolchainError, match="single task"):
        fit_method(METHODS["lorahub"], tiny_base, Composition.parse("summarize"), BUDGET)


def test_a_joint_expert_has_the_shape_of_its_main_task_adapter(folder: Path) -> None:
    write_adapter(paths.ADAPTERS / "summarize", replace(random_adapter(0, rank=3), alpha=0.4), "tiny")
    fit_method(METHODS["joint-expert"], tiny_base, COMPOSITION, BUDGET)
    (fitted,) = METHODS["joint-expert"].adapters(COMPOSITION)
    assert fitted is not None
    assert (fitted.rank, fitted.alpha) == (3, 0.4)


def test_what_is_missing_of_a_repeat_is_fitted_with_its_seed(folder: Path) -> None:
    with pytest.raises(ToolchainError, match=r"train baseline dam summarize\+es --seed 1`"):
        method_named("dam@1").adapters(COMPOSITION)


@pytest.mark.parametrize("change", ["adapter", "tensors"])
def test_what_does_not_belong_together_is_refused(folder: Path, change: str) -> None:
    name = "lm-cocktail"
    fit_method(METHODS[name], tiny_base, COMPOSITION, BUDGET)
    if change == "adapter":
        write_adapter(paths.ADAPTERS / "es", random_adapter(9), "tiny")
    else:
        (fitted_folder(name, COMPOSITION) / "weights.json").write_text("[1.0, 0.0]")
    with pytest.raises(ToolchainError, match=re.escape(str(fit_log_path(name, COMPOSITION)))):
        METHODS[name].adapters(COMPOSITION)


def test_what_learns_nothing_is_not_fitted(folder: Path) -> None:
    with pytest.raises(ToolchainError, match="learns nothing"):
        fit_method(METHODS["merge"], tiny_base, COMPOSITION, BUDGET)
