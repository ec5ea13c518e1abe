"""LC++S: one calibration for all compositions of a main task, and what is written is what was trained."""

import json
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from toolchain import paths
from toolchain.adapters import main_task_calibration
from toolchain.adapters.calibration import train_calibration
from toolchain.adapters.calibration_data import CalibrationData
from toolchain.adapters.calibration_file import Calibration, read_calibration
from toolchain.adapters.compose import compose, mean_weights
from toolchain.adapters.examples import encode_pairs
from toolchain.adapters.files import IMPORT_LOG, LOG_FILE, adapter_hash, write_adapter
from toolchain.adapters.main_task_calibration import METHOD, train_for_main_task
from toolchain.adapters.methods.method import single_adapters
from toolchain.adapters.training import Schedule, TrainingLog
from toolchain.base_model.load import LoadedBase
from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs
from toolchain.errors import ToolchainError
from toolchain.generation.generate import adapter_applied
from toolchain.hashing import sha256_file
from toolchain.log_file import write_log
from toolchain.tasks import Composition, compositions_of
from toolchain.tests.tiny import SPECIFICATION, logits, random_adapter, tiny_base

MAIN = "summarize"
COMPOSITIONS = compositions_of(MAIN)
TASKS = {task for item in COMPOSITIONS for task in item.ids}
SCHEDULE = Schedule(steps=4, batch_size=7, learning_rate=0.02, warmup_steps=1, evaluate_every=4, keep_best=False)


@pytest.fixture
def adapters(assets: Path) -> Path:
    for seed, task in enumerate(sorted(TASKS)):
        write_adapter(paths.ADAPTERS / task, random_adapter(20 + seed), "tiny")
    return assets / "lc++s"


def _data() -> dict[Composition, CalibrationData]:
    return {
        item: CalibrationData(
            composition_pairs(item, Split.CALIBRATION)[:2],
            composition_pairs(item, Split.VALIDATION)[:1],
            {"of_which_teacher": 0, "benchmark_licence": ["CC0-1.0"]},
        )
        for item in COMPOSITIONS
    }


def _written(folder: Path) -> dict[Composition, Calibration]:
    return {item: read_calibration(folder / f"{item.name}.safetensors") for item in COMPOSITIONS}


def test_every_composition_gets_the_same_tensors_for_its_own_adapters(base: LoadedBase, adapters: Path) -> None:
    log = train_for_main_task(base, MAIN, SCHEDULE, adapters, _data())
    written = _written(adapters)
    first = next(iter(written.values()))
    for item, calibration in written.items():
        assert (calibration.method, calibration.composition) == (METHOD, item.name)
        assert calibration.adapter_sha256 == {task: adapter_hash(paths.ADAPTERS / task) for task in item.ids}
        for entry, same in zip(calibration.entries, first.entries, strict=True):
            for own, of_the_first in ((entry.p1, same.p1), (entry.p2, same.p2)):
                assert own is not None
                assert of_the_first is not None
                assert np.array_equal(own, of_the_first)
    stored = sum(tensor.size for entry in first.entries for tensor in (entry.p1, entry.p2) if tensor is not None)
    assert stored == log["parameters"]
    assert log["training_pairs"] == 2 * len(COMPOSITIONS)
    assert log["compositions"] == [item.name for item in COMPOSITIONS]
    told = json.loads((adapters / f"{MAIN}.json").read_text(encoding="utf-8"))
    assert told["losses"] == log["losses"]
    assert (told["adapter_sha256"].keys(), told["adapter_licences"]) == (TASKS, [])
    assert told["benchmark_licence"] == ["CC0-1.0"]
    assert told["calibration_sha256"] == {
        item.name: sha256_file(adapters / f"{item.name}.safetensors") for item in COMPOSITIONS
    }
    assert not list((adapters.parent / "cache").rglob("*.pt")), "the checkpoint goes once the files are written"


def test_the_composed_adapter_computes_what_was_trained(base: LoadedBase, adapters: Path) -> None:
    data = _data()
    train_for_main_task(base, MAIN, SCHEDULE, adapters, data)
    plain = tiny_base()
    for item, calibration in _written(adapters).items():
        (example, *_) = encode_pairs(base, item.prompt, data[item].training)
        single = single_adapters(item)
        with adapter_applied(plain.model, compose(single, mean_weights(len(single)))):
            merged = logits(plain, list(example.prompt))
        with adapter_applied(plain.model, compose(single, mean_weights(len(single)), calibration)):
            deployed = logits(plain, list(example.prompt))
        trained = logits(base, list(example.prompt))
        np.testing.assert_allclose(deployed, trained, rtol=2e-2, atol=2e-2)
        assert (trained - merged).abs().max() > 0.2, "training must move the logits for this to mean anything"


def test_it_is_the_same_again(adapters: Path) -> None:
    first = train_for_main_task(tiny_base(), MAIN, SCHEDULE, adapters, _data())
    files = {path.name: path.read_bytes() for path in adapters.glob("*.safetensors")}
    assert train_for_main_task(tiny_base(), MAIN, SCHEDULE, adapters, _data())["losses"] == first["losses"]
    assert {path.name: path.read_bytes() for path in adapters.glob("*.safetensors")} == files


@pytest.mark.parametrize("change", [{"end_weight": 0.25}, {"quantised_activations": True}], ids=str)
def test_the_loss_is_the_one_that_the_schedule_describes(adapters: Path, change: dict[str, Any]) -> None:
    plain = replace(SCHEDULE, steps=1)
    losses = [
        train_for_main_task(tiny_base(), MAIN, schedule, adapters, _data())["losses"]
        for schedule in (plain, replace(plain, **change))
    ]
    assert losses[0] != losses[1]


def test_what_is_trained_is_given_by_seed_prompts_splits_and_adapters_alone(
    adapters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []

    def noted(*arguments: Any) -> TrainingLog:
        given.append(arguments)
        return TrainingLog()

    monkeypatch.setattr(main_task_calibration, "train", noted)
    data, begun = _data(), []
    for seed, drawn_before in ((0, 1), (0, 2), (1, 2)):
        base = tiny_base()
        torch.manual_seed(drawn_before)
        train_for_main_task(base, MAIN, replace(SCHEDULE, seed=seed), adapters, data)
        begun.append(np.asarray(_written(adapters)[COMPOSITIONS[0]].entries[0].p1))
        _, _, training, validation, *_ = given[-1]
        wanted = (
            {item: of_it.training for item, of_it in data.items()},
            {item: of_it.validation for item, of_it in data.items()},
        )
        for examples, pairs in zip((training, validation), wanted, strict=True):
            assert examples == list(chain(*(encode_pairs(base, item.prompt, of_it) for item, of_it in pairs.items())))
    assert np.array_equal(begun[0], begun[1])
    assert not np.array_equal(begun[1], begun[2])
    write_adapter(paths.ADAPTERS / "es", random_adapter(9), "tiny")
    train_for_main_task(tiny_base(), MAIN, replace(SCHEDULE, seed=1), adapters, data)
    *_, before, after = (arguments[5] for arguments in given)
    assert before != after, "what was trained beside another adapter is not gone on with"


def test_its_log_has_the_licences_of_all_adapters_that_it_was_trained_beside(
    base: LoadedBase, adapters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for task, name, content in (
        ("witty", IMPORT_LOG, {"licence": "CC BY-NC 4.0"}),
        ("casual", IMPORT_LOG, {"licence": None}),
        ("fr", LOG_FILE, {"texts_licences": ["CC0-1.0"]}),
    ):
        write_log(paths.ADAPTERS / task / name, content | {"base_sha256": SPECIFICATION.sha256})
    monkeypatch.setattr(main_task_calibration, "train", lambda *_given: TrainingLog())
    assert train_for_main_task(base, MAIN, SCHEDULE, adapters, _data())["adapter_licences"] == [
        "CC BY-NC 4.0",
        "CC0-1.0",
    ]
    write_log(paths.ADAPTERS / "fr" / LOG_FILE, {"adapter_sha256": "0" * 64})
    with pytest.raises(ToolchainError, match="of an adapter with the hash 0000"):
        train_for_main_task(tiny_base(), MAIN, SCHEDULE, adapters, _data())


def test_it_is_not_trained_for_one_composition(base: LoadedBase, assets: Path) -> None:
    with pytest.raises(ToolchainError, match=f"train main-task {MAIN}"):
        train_calibration(base, COMPOSITIONS[0], METHOD, SCHEDULE, assets / "c.safetensors")
