"""Calibration training: it starts at the merge, and what is exported computes what was trained."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from toolchain import paths
from toolchain.adapters import calibration as calibrating
from toolchain.adapters.calibration import train_calibration
from toolchain.adapters.calibration_data import CalibrationData
from toolchain.adapters.calibration_file import Calibration, read_calibration, write_calibration
from toolchain.adapters.compose import compose
from toolchain.adapters.corrections import CalibrationMethod, Corrections, attach, merge_into
from toolchain.adapters.examples import Example, encode_pairs
from toolchain.adapters.files import MODULES, Adapter, adapter_hash, read_adapter, write_adapter
from toolchain.adapters.methods.calibrated import calibration_path
from toolchain.adapters.safetensors_file import Array
from toolchain.adapters.training import Schedule, TrainingLog, train
from toolchain.base_model.load import LoadedBase
from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs
from toolchain.errors import ToolchainError
from toolchain.generation.generate import adapter_applied
from toolchain.hashing import sha256_file
from toolchain.tasks import Composition
from toolchain.tests.tiny import SPECIFICATION, logits, random_adapter, tiny_base, tiny_model

FROM_OTHERS = (
    CalibrationMethod.LC_PLUS_PLUS_S,
    CalibrationMethod.LC_PLUS_PLUS_I,
    CalibrationMethod.LC_PLUS_PLUS_F,
    CalibrationMethod.LC_PLUS_PLUS_R,
)
"""Trained on other data, between or on from other calibrations: they have tests of their own."""
METHODS = [method for method in CalibrationMethod if method not in FROM_OTHERS]
IDS = [2, 50, 61, 72, 83, 94, 105]
EXAMPLES = [Example([2, 10 + index, 11], [20 + index, 30, 1]) for index in range(4)]
ADAPTERS = [random_adapter(seed=1), random_adapter(seed=2, rank=3)]
OF_ONE_RANK = [random_adapter(seed=1), random_adapter(seed=2)]
HALVES = [0.5, 0.5]


def _adapters(method: CalibrationMethod) -> list[Adapter]:
    return OF_ONE_RANK if method is CalibrationMethod.LC_PLUS_PLUS_D else ADAPTERS


def _calibrated(base: LoadedBase, method: CalibrationMethod, folder: Path) -> Corrections:
    """Merge, attach and train a few fast steps on `base`; returns the corrections."""
    merge_into(base.model, _adapters(method))
    torch.manual_seed(0)
    corrections = attach(base.model, method, _adapters(method))
    schedule = Schedule(steps=8, batch_size=4, learning_rate=0.02, warmup_steps=1)
    parameters = dict(corrections.named_parameters())
    train(base.model, parameters, EXAMPLES, EXAMPLES, schedule, folder / "checkpoint.pt", lambda _training: None)
    return corrections


def _exported(corrections: Corrections, method: CalibrationMethod, path: Path) -> Calibration:
    write_calibration(path, Calibration(method, "summarize+es", "0" * 64, {}, corrections.entries(layers=3)))
    return read_calibration(path)


def test_the_merge_is_the_composed_mean(base: LoadedBase) -> None:
    with adapter_applied(base.model, compose(ADAPTERS, HALVES)):
        expected = logits(base, IDS)
    merge_into(base.model, ADAPTERS)
    assert torch.equal(logits(base, IDS), expected)


@pytest.mark.parametrize("method", METHODS)
def test_training_starts_exactly_at_the_merge(base: LoadedBase, method: CalibrationMethod) -> None:
    merge_into(base.model, _adapters(method))
    before = logits(base, IDS)
    attach(base.model, method, _adapters(method))
    assert torch.equal(logits(base, IDS), before)


@pytest.mark.parametrize("method", METHODS)
def test_one_correction_is_shared_by_all_layers_of_a_module_type(base: LoadedBase, method: CalibrationMethod) -> None:
    corrections = attach(base.model, method, _adapters(method))
    assert set(corrections.shared) == set(MODULES)
    for layer in base.model.model.layers:
        for part in (layer.self_attn, layer.mlp):
            for name, module in part.named_children():
                if name in MODULES:
                    assert module.corrections[0] is corrections.shared[name]


def test_learned_weights_are_one_for_each_adapter_and_linear(base: LoadedBase) -> None:
    corrections = attach(base.model, CalibrationMethod.LC_PLUS_PLUS_W, ADAPTERS)
    weights = [entry for entry in corrections.entries(layers=3) if entry.weights is not None]
    assert {(entry.first, entry.last, entry.module) for entry in weights} == {
        (layer, layer, module) for layer in range(3) for module in MODULES
    }
    assert all(entry.weights is not None and entry.weights.tolist() == HALVES for entry in weights)


def test_learned_weights_may_be_one_for_each_direction(base: LoadedBase) -> None:
    corrections = attach(base.model, CalibrationMethod.LC_PLUS_PLUS_D, OF_ONE_RANK)
    weights = [entry.weights for entry in corrections.entries(layers=3) if entry.weights is not None]
    assert len(weights) == 3 * len(MODULES)
    assert all((item == 0.5).all() and item.shape == (2, OF_ONE_RANK[0].rank) for item in weights)


def test_a_weight_for_each_direction_needs_adapters_of_one_rank(base: LoadedBase) -> None:
    with pytest.raises(ToolchainError, match=r"ranks \[2, 3\]"):
        attach(base.model, CalibrationMethod.LC_PLUS_PLUS_D, ADAPTERS)


@pytest.mark.parametrize("method", METHODS)
def test_the_exported_adapter_computes_what_was_trained(
    base: LoadedBase, method: CalibrationMethod, tmp_path: Path
) -> None:
    corrections = _calibrated(base, method, tmp_path)
    with torch.no_grad():
        for parameter in corrections.parameters():
            parameter.copy_(parameter.half())  # What the file can hold: then the two models are one function.
    calibration = _exported(corrections, method, tmp_path / "c.safetensors")
    plain = tiny_base()
    with adapter_applied(plain.model, compose(_adapters(method), HALVES)):
        merged = logits(plain, IDS)
    with adapter_applied(plain.model, compose(_adapters(method), HALVES, calibration)):
        deployed = logits(plain, IDS)
    trained = logits(base, IDS)
    torch.testing.assert_close(deployed, trained, rtol=1e-3, atol=1e-3)
    assert (trained - merged).abs().max() > 0.5, "training must move the logits for this to mean anything"


@pytest.mark.parametrize("method", METHODS)
def test_rounding_to_fp16_costs_little(base: LoadedBase, method: CalibrationMethod, tmp_path: Path) -> None:
    corrections = _calibrated(base, method, tmp_path)
    trained = logits(base, IDS)
    calibration = _exported(corrections, method, tmp_path / "c.safetensors")
    plain = tiny_base()
    with adapter_applied(plain.model, compose(_adapters(method), HALVES, calibration)):
        deployed = logits(plain, IDS)
    assert (deployed - trained).abs().max() < 0.02 * trained.abs().max()


@pytest.mark.parametrize("method", METHODS)
def test_a_calibration_is_trained_and_written_with_what_it_belongs_to(
    base: LoadedBase, method: CalibrationMethod, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(paths, "ADAPTERS", tmp_path / "adapters")
    for task, adapter in zip(("summarize", "es"), _adapters(method), strict=True):
        write_adapter(paths.ADAPTERS / task, adapter, "tiny")
    schedule = Schedule(steps=2, batch_size=4, learning_rate=0.01, evaluate_every=1)
    path = tmp_path / "summarize+es.safetensors"
    weights = (0.75, 0.5) if method is CalibrationMethod.LC_PLUS_PLUS_M else None
    log = train_calibration(base, Composition.parse("summarize+es"), method, schedule, path, merge_weights=weights)
    calibration = read_calibration(path)
    assert (calibration.method, calibration.composition) == (method, "summarize+es")
    assert calibration.base_sha256 == SPECIFICATION.sha256
    assert calibration.adapter_sha256 == {task: adapter_hash(paths.ADAPTERS / task) for task in ("summarize", "es")}
    shared = [entry for entry in calibration.entries if entry.p is not None or entry.p1 is not None]
    assert {(entry.first, entry.last) for entry in shared} == {(0, 2)}
    assert {entry.module for entry in shared} == set(MODULES)
    stored = sum(
        tensor.size
        for entry in calibration.entries
        for tensor in (entry.p1, entry.p2, entry.p, entry.weights)
        if tensor is not None
    )
    repeated = len(weights) * len(MODULES) if weights else 0
    assert stored == log["parameters"] + repeated
    if weights:
        assert all(entry.weights is not None and tuple(entry.weights) == weights for entry in shared)
    assert len(log["losses"]) == 2
    assert log["peak_rss_bytes"] > 2**20
    told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert told["calibration_sha256"] == sha256_file(path)
    assert not list((tmp_path / "cache").rglob("*.pt")), "the checkpoint goes once the file is written"


def _few(composition: Composition) -> CalibrationData:
    training, validation = (composition_pairs(composition, split) for split in (Split.CALIBRATION, Split.VALIDATION))
    return CalibrationData(training[:4], validation[:1], {})


@pytest.mark.parametrize(
    "change", [{"end_weight": 0.25}, {"distillation": 0.5}, {"quantised_activations": True}], ids=str
)
def test_the_loss_is_the_one_that_the_schedule_describes(assets: Path, change: dict[str, Any]) -> None:
    composition, method = Composition.parse("summarize+es"), CalibrationMethod.LC_PLUS_PLUS
    plain = Schedule(1, 4, 0.01)
    losses = [
        train_calibration(tiny_base(), composition, method, schedule, assets / "c.safetensors", _few(composition))[
            "losses"
        ]
        for schedule in (plain, replace(plain, **change))
    ]
    assert losses[0] != losses[1]


def test_what_is_trained_is_given_by_seed_prompt_and_splits_alone(
    assets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    composition = Composition.parse("summarize+es")
    begun: list[Array] = []
    given: list[Any] = []

    def noted(*arguments: Any) -> TrainingLog:
        given.append(arguments)
        return TrainingLog()

    monkeypatch.setattr(calibrating, "train", noted)
    for seed, drawn_before in ((0, 1), (0, 2), (1, 2)):
        base = tiny_base()
        torch.manual_seed(drawn_before)
        schedule = Schedule(1, 1, 0.01, seed=seed)
        train_calibration(base, composition, CalibrationMethod.LC_PLUS_PLUS, schedule, assets / "c.safetensors")
        begun.append(np.asarray(read_calibration(assets / "c.safetensors").entries[0].p1))
        for examples, split in zip(given[-1][2:4], (Split.CALIBRATION, Split.VALIDATION), strict=True):
            assert examples == encode_pairs(base, composition.prompt, composition_pairs(composition, split))
    first, same, other = begun
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("method", "weights"),
    [
        (CalibrationMethod.LC_PLUS_PLUS, (0.5, 0.5)),
        (CalibrationMethod.LC_PLUS_PLUS_M, None),
        (CalibrationMethod.LC_PLUS_PLUS_M, (0.5,)),
        (CalibrationMethod.LC_PLUS_PLUS_F, (0.5,)),
    ],
)
def test_merge_weights_that_do_not_fit_are_refused(
    base: LoadedBase, assets: Path, method: CalibrationMethod, weights: tuple[float, ...] | None
) -> None:
    with pytest.raises(ToolchainError, match="merge weights"):
        train_calibration(
            base, Composition.parse("summarize+es"), method, Schedule(1, 1, 0.1), assets / "c", merge_weights=weights
        )


@pytest.mark.parametrize("method", [CalibrationMethod.LC_PLUS_PLUS_M, CalibrationMethod.LC_PLUS_PLUS_F])
@pytest.mark.parametrize("weights", [(1e30, 0.5), (0.5, 1e300)])
def test_merge_weights_that_leave_fp16_are_refused_before_anything_is_trained(
    base: LoadedBase, assets: Path, method: CalibrationMethod, weights: tuple[float, ...]
) -> None:
    path = assets / "c.safetensors"
    with pytest.raises(ToolchainError, match="not finite in fp16: give smaller --merge-weights"):
        train_calibration(
            base, Composition.parse("summarize+es"), method, Schedule(1, 1, 0.1), path, merge_weights=weights
        )
    assert not path.exists()


def test_what_training_drove_beyond_fp16_does_not_replace_a_calibration(base: LoadedBase, assets: Path) -> None:
    composition, method = Composition.parse("summarize+es"), CalibrationMethod.LC
    path = calibration_path(composition, method)
    before = path.read_bytes()
    schedule = Schedule(steps=1, batch_size=4, learning_rate=1e9, warmup_steps=1, keep_best=False)
    with pytest.raises(ToolchainError, match="lower learning rate"):
        train_calibration(base, composition, method, schedule, path)
    assert path.read_bytes() == before


def test_a_calibration_of_a_weighted_merge_is_what_was_trained(base: LoadedBase, assets: Path) -> None:
    composition, path = Composition.parse("summarize+es"), assets / "c.safetensors"
    schedule = Schedule(steps=2, batch_size=2, learning_rate=1e-9, evaluate_every=2)
    train_calibration(base, composition, CalibrationMethod.LC_PLUS_PLUS_M, schedule, path, merge_weights=(0.75, 0.25))
    adapters = [read_adapter(paths.ADAPTERS / task) for task in composition.ids]
    plain = tiny_base()
    with adapter_applied(plain.model, compose(adapters, HALVES, read_calibration(path))):
        deployed = logits(plain, IDS)
    torch.testing.assert_close(deployed, logits(base, IDS), rtol=1e-3, atol=1e-3)
    with adapter_applied(plain.model, compose(adapters, [0.75, 0.25])):
        torch.testing.assert_close(deployed, logits(plain, IDS), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("change", ["adapter", "base", "merge"])
def test_an_interrupted_calibration_does_not_go_on_with_other_adapters_another_base_or_merge(
    tmp_path: Path, assets: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    load: Callable[[], LoadedBase] = tiny_base
    weights = (0.75, 0.5)
    composition, schedule = Composition.parse("summarize+es"), Schedule(4, 4, 0.01, evaluate_every=2)

    def run(cache: Path) -> Calibration:
        monkeypatch.setenv("TANDEM_CACHE", str(cache))
        path = cache / "summarize+es.safetensors"
        train_calibration(load(), composition, CalibrationMethod.LC_PLUS_PLUS_M, schedule, path, merge_weights=weights)
        return read_calibration(path)

    def another() -> LoadedBase:
        return replace(tiny_base(), specification=replace(SPECIFICATION, sha256="8" * 64), model=tiny_model(seed=5))

    def killed(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("toolchain.adapters.calibration.write_calibration", killed)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "interrupted")
    assert list((tmp_path / "interrupted").rglob("*.pt"))
    if change == "adapter":
        write_adapter(paths.ADAPTERS / "es", random_adapter(seed=77), "tiny")
    elif change == "base":
        load = another
    else:
        weights = (0.5, 0.75)
    for found, expected in zip(run(tmp_path / "interrupted").entries, run(tmp_path / "fresh").entries, strict=True):
        assert found.p2 is not None
        assert expected.p2 is not None
        assert found.p2.tobytes() == expected.p2.tobytes()


def test_an_interrupted_calibration_goes_on_under_another_name(
    assets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    composition, schedule = Composition.parse("summarize+es"), Schedule(2, 4, 0.01, evaluate_every=2)

    def run(out: Path, schedule: Schedule) -> str:
        train_calibration(tiny_base(), composition, CalibrationMethod.LC, schedule, out)
        return capsys.readouterr().err

    (assets / "file").touch()
    with pytest.raises(FileExistsError):
        run(assets / "file" / "another.safetensors", schedule)
    capsys.readouterr()
    assert "resuming" not in run(assets / "c.safetensors", replace(schedule, learning_rate=0.02))
    assert "resuming at step 2 of 2" in run(assets / "c.safetensors", schedule), (
        "nor has the other schedule's run taken it"
    )


def test_a_task_alone_has_no_calibration(base: LoadedBase, tmp_path: Path) -> None:
    composition, path = Composition.parse("summarize"), tmp_path / "c.safetensors"
    with pytest.raises(ToolchainError, match="summarize is a single task"):
        train_calibration(base, composition, CalibrationMethod.LC_PLUS_PLUS, Schedule(1, 1, 1e-3), path)
    assert not path.exists()
