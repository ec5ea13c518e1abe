"""Adapter directories: what is written is read back, and what is no plain LoRA is refused."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from safetensors.numpy import load_file, save_file

from toolchain.adapters.files import (
    CONFIG_FILE,
    TENSORS_FILE,
    Adapter,
    adapter_hash,
    linear_beyond_fp16,
    read_adapter,
    write_adapter,
)
from toolchain.errors import ToolchainError
from toolchain.tests.adapter_config import set_config
from toolchain.tests.refusals import refusal_of
from toolchain.tests.tiny import SPECIFICATION, random_adapter

REFUSED: dict[str, dict[str, Any]] = {
    "DoRA": {"use_dora": True},
    "rsLoRA": {"use_rslora": True},
    "biases": {"bias": "lora_only"},
    "lora_bias": {"lora_bias": True},
    "fan_in_fan_out": {"fan_in_fan_out": True},
    "modules_to_save": {"modules_to_save": ["lm_head"]},
    "rank_pattern": {"rank_pattern": {"q_proj": 2}},
    "alpha_pattern": {"alpha_pattern": {"q_proj": 2}},
    "aLoRA": {"alora_invocation_tokens": [5]},
    "init_lora_weights": {"init_lora_weights": "pissa"},
    "layer_replication": {"layer_replication": [[0, 1]]},
    "trainable_token_indices": {"trainable_token_indices": [5]},
    "of_the_future": {"of_the_future": 1},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_adapter(tmp_path / "es", random_adapter(seed=1), "tiny")
    return tmp_path / "es"


def _refusal(folder: Path) -> str:
    return refusal_of(lambda: read_adapter(folder))


def test_what_is_written_is_read_back(folder: Path) -> None:
    adapter, found = random_adapter(seed=1), read_adapter(folder)
    assert (found.rank, found.alpha, found.linears) == (adapter.rank, adapter.alpha, adapter.linears)
    for name, tensor in adapter.tensors.items():
        assert found.tensors[name].dtype == np.float16
        np.testing.assert_array_equal(found.tensors[name], tensor)


def test_writing_again_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_adapter(tmp_path / "again", read_adapter(folder), "tiny")
    assert adapter_hash(tmp_path / "again") == adapter_hash(folder)


def test_tensor_names_are_pefts(folder: Path) -> None:
    names = load_file(folder / TENSORS_FILE).keys()
    assert "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight" in names
    assert len(names) == 3 * 7 * 2


def test_the_adapter_hash_covers_config_then_tensors(folder: Path) -> None:
    both = (folder / CONFIG_FILE).read_bytes() + (folder / TENSORS_FILE).read_bytes()
    assert adapter_hash(folder) == hashlib.sha256(both).hexdigest()


@pytest.mark.parametrize("reason", REFUSED)
def test_what_cannot_be_composed_is_refused_with_its_reason(folder: Path, reason: str) -> None:
    set_config(folder, **REFUSED[reason])
    message = _refusal(folder)
    assert reason in message
    assert str(folder / CONFIG_FILE) in message


def test_an_adapter_that_names_another_base_is_refused_where_one_is_asked_for(folder: Path) -> None:
    read_adapter(folder, SPECIFICATION)
    set_config(folder, base_model_name_or_path="someone/else")
    read_adapter(folder)
    with pytest.raises(ToolchainError, match="someone/else"):
        read_adapter(folder, SPECIFICATION)


@pytest.mark.parametrize("name", [CONFIG_FILE, TENSORS_FILE])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    message = _refusal(folder)
    assert str(folder / name) in message
    assert "toolchain train lora" in message


@pytest.mark.parametrize("name", [CONFIG_FILE, TENSORS_FILE])
@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[]"])
def test_a_damaged_file_is_named(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    assert str(folder / name) in _refusal(folder)


@pytest.mark.parametrize("missing", ["r", "lora_alpha"])
def test_a_config_without_its_numbers_is_named(folder: Path, missing: str) -> None:
    config = json.loads((folder / CONFIG_FILE).read_text())
    del config[missing]
    (folder / CONFIG_FILE).write_text(json.dumps(config))
    message = _refusal(folder)
    assert str(folder / CONFIG_FILE) in message
    assert missing in message


@pytest.mark.parametrize(
    "name", ["base_model.model.lm_head.weight", "base_model.model.x.lora_magnitude_vector", "lora_C"]
)
def test_a_foreign_tensor_is_named(folder: Path, name: str) -> None:
    tensors = load_file(folder / TENSORS_FILE)
    save_file(tensors | {name: np.zeros(3, np.float16)}, folder / TENSORS_FILE)
    message = _refusal(folder)
    assert name in message
    assert str(folder / TENSORS_FILE) in message


@pytest.mark.parametrize("kind", ["IA3", "PROMPT_TUNING"])
def test_another_kind_of_adapter_is_refused_as_what_it_is(folder: Path, kind: str) -> None:
    (folder / CONFIG_FILE).write_text(json.dumps({"peft_type": kind}))
    message = _refusal(folder)
    assert f"not a LoRA but peft_type '{kind}'" in message
    assert str(folder / CONFIG_FILE) in message


@pytest.mark.parametrize("alpha", [1e300, 1e-300, 10**400, True, float("inf")])
def test_an_alpha_that_float32_does_not_hold_is_refused(folder: Path, alpha: float) -> None:
    set_config(folder, lora_alpha=alpha)
    assert "lora_alpha" in _refusal(folder)


def test_a_rank_that_is_no_whole_number_is_refused(folder: Path) -> None:
    set_config(folder, r=2.0)
    assert "whole number" in _refusal(folder)


def test_a_factor_under_two_names_is_refused(folder: Path) -> None:
    tensors = load_file(folder / TENSORS_FILE)
    name = "model.layers.0.self_attn.q_proj.lora_B.weight"
    save_file(tensors | {name: tensors[f"base_model.model.{name}"]}, folder / TENSORS_FILE)
    assert "under two names" in _refusal(folder)


@pytest.mark.parametrize(("size", "alpha"), [(1e9, 4.0), (float("nan"), 4.0), (1000.0, 2000.0)])
def test_what_fp16_does_not_hold_is_not_written(tmp_path: Path, size: float, alpha: float) -> None:
    linear = "model.layers.0.self_attn.q_proj"
    factors = {f"{linear}.lora_A": np.ones((2, 3), np.float32), f"{linear}.lora_B": np.full((3, 2), size, np.float32)}
    adapter = Adapter(2, alpha, factors)
    assert linear_beyond_fp16(adapter) == linear
    with pytest.raises(ToolchainError, match="learning rate") as refused:
        write_adapter(tmp_path / "es", adapter, "tiny")
    assert str(tmp_path / "es") in str(refused.value)
    assert not (tmp_path / "es").exists()


BROKEN: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "float32": lambda factor: factor.float(),
    "bfloat16": lambda factor: factor.bfloat16(),
    "shape [4]": lambda factor: factor.flatten()[:4],
    "rank 2": lambda factor: torch.cat([factor, factor], dim=factor.shape.index(2)),
    "not finite": lambda factor: torch.full_like(factor, torch.nan),
}


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("factor", ["lora_A", "lora_B"])
def test_a_factor_that_the_device_cannot_compose_is_refused(folder: Path, broken: str, factor: str) -> None:
    tensors = safetensors.torch.load_file(folder / TENSORS_FILE)
    name = f"base_model.model.model.layers.1.mlp.up_proj.{factor}.weight"
    safetensors.torch.save_file(tensors | {name: BROKEN[broken](tensors[name])}, folder / TENSORS_FILE)
    message = _refusal(folder)
    assert broken in message
    assert str(folder / TENSORS_FILE) in message


def test_an_alpha_that_takes_a_factor_beyond_fp16_is_refused(folder: Path) -> None:
    set_config(folder, lora_alpha=1e9)
    assert "not finite in fp16" in _refusal(folder)


def test_an_adapter_of_no_tensors_is_refused(folder: Path) -> None:
    save_file({}, folder / TENSORS_FILE)
    assert "no tensors" in _refusal(folder)


def test_a_file_is_no_adapter(tmp_path: Path) -> None:
    (tmp_path / "file.jsonl").write_text("{}")
    assert "file.jsonl" in _refusal(tmp_path / "file.jsonl")


def test_an_adapter_with_half_of_a_pair_is_refused(folder: Path) -> None:
    tensors = load_file(folder / TENSORS_FILE)
    name = "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight"
    del tensors[name]
    save_file(tensors, folder / TENSORS_FILE)
    assert str(folder / TENSORS_FILE) in _refusal(folder)
