"""Training a task's LoRA: what is exported computes what was trained."""

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from toolchain.adapters import lora
from toolchain.adapters.adapter_logs import texts_licences
from toolchain.adapters.examples import Example, encode_pairs
from toolchain.adapters.files import IMPORT_LOG, LOG_FILE, MODULES, adapter_hash, read_adapter, write_adapter
from toolchain.adapters.lora import LoraShape, add_lora, lora_of, train_lora
from toolchain.adapters.training import Schedule, TrainingLog, train
from toolchain.base_model.load import LoadedBase
from toolchain.console import quiet_transformers
from toolchain.data import pairs
from toolchain.data.benchmark import Split, conversations
from toolchain.data.pairs import single_task_pairs
from toolchain.errors import ToolchainError
from toolchain.generation.generate import adapter_applied
from toolchain.tasks import MAIN_TASKS, TASKS
from toolchain.tests.tiny import SPECIFICATION, logits, tiny_base

IDS = [2, 50, 61, 72, 83, 94, 105]
EXAMPLES = [Example([2, 10 + index, 11], [20 + index, 30, 1]) for index in range(4)]
SHAPE = LoraShape(rank=3, alpha=6, dropout=0.1)


def test_a_fresh_lora_changes_nothing(base: LoadedBase) -> None:
    before = logits(base, IDS)
    add_lora(base.model, SHAPE).eval()
    assert torch.equal(logits(base, IDS), before)


def test_dropout_is_drawn_in_training_alone(base: LoadedBase) -> None:
    wrapped = add_lora(base.model, SHAPE)
    with torch.no_grad():
        for name, parameter in wrapped.named_parameters():
            if "lora_B" in name:
                parameter.fill_(0.1)
    for training in (True, False):
        wrapped.train(training)
        assert torch.equal(logits(base, IDS), logits(base, IDS)) is not training


def test_a_former_name_that_peft_still_uses_is_not_warned_of(base: LoadedBase) -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        quiet_transformers()
        add_lora(base.model, SHAPE)
    assert not [str(item.message) for item in warned if "is_gradient_checkpointing" in str(item.message)]


def test_the_exported_adapter_computes_what_was_trained(base: LoadedBase, tmp_path: Path) -> None:
    wrapped = add_lora(base.model, SHAPE)
    parameters = {name: item for name, item in wrapped.named_parameters() if item.requires_grad}
    schedule = Schedule(steps=8, batch_size=4, learning_rate=0.02, warmup_steps=1)
    train(wrapped.get_base_model(), parameters, EXAMPLES, [], schedule, tmp_path / "checkpoint.pt", wrapped.train)
    with torch.no_grad():
        for parameter in parameters.values():
            parameter.copy_(parameter.half())
    trained = logits(base, IDS)
    write_adapter(tmp_path / "es", lora_of(wrapped, SHAPE), "tiny")
    plain = tiny_base()
    untrained = logits(plain, IDS)
    with adapter_applied(plain.model, read_adapter(tmp_path / "es")):
        torch.testing.assert_close(logits(plain, IDS), trained, rtol=1e-4, atol=1e-4)
    assert (trained - untrained).abs().max() > 0.5, "training must move the logits for this to mean anything"


def test_what_training_drove_beyond_fp16_is_not_written(
    base: LoadedBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path / "cache"))
    schedule = Schedule(steps=2, batch_size=4, learning_rate=1e9, warmup_steps=1, keep_best=False)
    with pytest.raises(ToolchainError, match="lower learning rate"):
        train_lora(base, TASKS["es"], schedule, SHAPE, tmp_path / "es")
    assert not (tmp_path / "es").exists()


def test_its_log_keeps_the_licences_of_a_benchmark_that_is_not_ours(
    base: LoadedBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else an import under another licence would let an adapter ship that its benchmark forbids to."""
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(lora, "foreign_licences", lambda split: ["CC BY-NC-ND 4.0"] if split is Split.SINGLE else [])
    train_lora(base, TASKS["summarize"], Schedule(steps=1, batch_size=1, learning_rate=0.01), SHAPE, tmp_path / "out")
    assert texts_licences(tmp_path / "out" / LOG_FILE) == ["CC BY-NC-ND 4.0"]


def test_an_interrupted_training_goes_on_in_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path / "cache"))
    schedule = Schedule(steps=1, batch_size=4, learning_rate=0.01)
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        train_lora(tiny_base(), TASKS["es"], schedule, SHAPE, tmp_path / "file" / "es")
    train_lora(tiny_base(), TASKS["es"], schedule, SHAPE, tmp_path / "elsewhere")
    assert "resuming at step 1 of 1" in capsys.readouterr().err


def test_what_is_trained_is_given_by_task_base_shape_seed_and_splits_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path / "cache"))
    given: list[Any] = []

    def noted(*arguments: Any) -> TrainingLog:
        given.append(arguments)
        return TrainingLog()

    monkeypatch.setattr(lora, "train", noted)
    monkeypatch.setattr(lora, "single_task_pairs", lambda *asked: single_task_pairs(*asked)[:8])
    another = replace(SPECIFICATION, sha256="8" * 64)
    runs = [
        (SPECIFICATION, SHAPE, 0, 1),
        (SPECIFICATION, SHAPE, 0, 2),
        (SPECIFICATION, SHAPE, 1, 2),
        (SPECIFICATION, replace(SHAPE, alpha=9), 0, 1),
        (another, SHAPE, 0, 1),
    ]
    for specification, shape, seed, drawn_before in runs:
        base = replace(tiny_base(), specification=specification)
        torch.manual_seed(drawn_before)
        train_lora(base, TASKS["es"], Schedule(1, 1, 0.01, seed=seed), shape, tmp_path / "es")
    for examples, split in zip(given[0][2:4], (Split.SINGLE, Split.VALIDATION), strict=True):
        assert examples == encode_pairs(tiny_base(), TASKS["es"].prompt, single_task_pairs(TASKS["es"], split)[:8])
    begun = [torch.cat([parameter.flatten() for parameter in arguments[1].values()]) for arguments in given]
    assert torch.equal(begun[0], begun[1])
    assert not torch.equal(begun[1], begun[2])
    checkpoints = [arguments[5] for arguments in given]
    assert checkpoints[0] == checkpoints[1]
    assert len(set(checkpoints)) == 4


@pytest.mark.parametrize("task", MAIN_TASKS)
def test_without_a_validation_split_no_step_is_chosen_and_nothing_written(
    base: LoadedBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    monkeypatch.setattr(pairs, "conversations", lambda split: [] if split is Split.VALIDATION else conversations(split))
    monkeypatch.setattr(lora, "train", lambda *_given: pytest.fail("it must not come to that"))
    with pytest.raises(ToolchainError, match=f"no validation split to choose the step of the {task} adapter by: give"):
        train_lora(base, TASKS[task], Schedule(1, 1, 0.01), SHAPE, tmp_path / task)
    assert not (tmp_path / task).exists()


def test_a_task_is_trained_and_written_with_its_log(
    base: LoadedBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "es"
    folder.mkdir()
    (folder / IMPORT_LOG).write_text('{"source": "what was there before"}', encoding="utf-8")
    schedule = Schedule(steps=2, batch_size=4, learning_rate=0.01, evaluate_every=2)
    log = train_lora(base, TASKS["es"], schedule, SHAPE, folder)
    adapter = read_adapter(folder)
    assert (adapter.rank, adapter.alpha, len(adapter.linears)) == (3, 6, 3 * len(MODULES))
    assert log["adapter_sha256"] == adapter_hash(folder)
    assert log["base_sha256"] == SPECIFICATION.sha256
    assert json.loads((folder / LOG_FILE).read_text(encoding="utf-8"))["losses"] == log["losses"]
    assert not (folder / IMPORT_LOG).exists()
    assert not list((tmp_path / "cache").rglob("*.pt")), "the checkpoint goes once the adapter is written"
