"""Re-quantising: deterministic, within Q8_0's error, and all else as it was."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFReader
from gguf.quants import dequantize
from hypothesis import given, settings
from hypothesis import strategies as st

from toolchain.adapters.safetensors_file import Array
from toolchain.base_model.requantise import requantise_to_q8_0
from toolchain.tests.tiny_gguf import QUANTISED, write_gguf

_CHANGED = {"general.file_type", "general.quantization_version"}


def _requantised(folder: Path, weights: Array) -> tuple[Path, Path]:
    source, target = folder / "source.gguf", folder / "target.gguf"
    write_gguf(source, weights)
    requantise_to_q8_0(source, target, lambda _line: None)
    return source, target


def _metadata(path: Path) -> dict[str, Any]:
    return {
        key: (field.types, field.contents())
        for key, field in GGUFReader(path).fields.items()
        if not key.startswith("GGUF.") and key not in _CHANGED
    }


def _weights(seed: int, size: float = 1.0) -> Array:
    return (np.random.default_rng(seed).standard_normal((3, 64)) * size).astype(np.float32)


def test_metadata_is_kept(tmp_path: Path) -> None:
    source, target = _requantised(tmp_path, _weights(0))
    assert _metadata(target) == _metadata(source)
    assert GGUFReader(target).fields["general.file_type"].contents() == 7


def test_float32_tensors_are_kept_and_all_others_are_q8_0(tmp_path: Path) -> None:
    source, target = (GGUFReader(path) for path in _requantised(tmp_path, _weights(0)))
    assert [tensor.name for tensor in target.tensors] == [tensor.name for tensor in source.tensors]
    for before, after in zip(source.tensors, target.tensors, strict=True):
        assert before.shape.tolist() == after.shape.tolist()
        if before.name in QUANTISED:
            assert after.tensor_type == GGMLQuantizationType.Q8_0
        else:
            assert after.tensor_type == GGMLQuantizationType.F32
            np.testing.assert_array_equal(before.data, after.data)


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32), size=st.floats(1e-3, 1e3))
def test_the_error_is_at_most_half_a_step_of_each_block(
    tmp_path_factory: pytest.TempPathFactory, seed: int, size: float
) -> None:
    source, target = _requantised(tmp_path_factory.mktemp("gguf"), _weights(seed, size))
    for before, after in zip(GGUFReader(source).tensors, GGUFReader(target).tensors, strict=True):
        if before.tensor_type == GGMLQuantizationType.F32:
            continue
        old, new = (
            dequantize(item.data, item.tensor_type).astype(np.float64).reshape(-1, 32) for item in (before, after)
        )
        step = np.abs(old).max(axis=1, keepdims=True) / 127
        # Values are at most 127 steps, and the step itself is rounded to fp16 (2^-25 where that is subnormal).
        assert (np.abs(new - old) <= (0.5 * step + 127 * np.maximum(step * 2.0**-11, 2.0**-25)) * 1.001).all()


@settings(max_examples=5)
@given(seed=st.integers(0, 2**32))
def test_it_is_deterministic_and_nothing_changes_the_second_time(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("gguf")
    source, target = _requantised(folder, _weights(seed))
    requantise_to_q8_0(source, folder / "again.gguf", lambda _line: None)
    requantise_to_q8_0(target, folder / "twice.gguf", lambda _line: None)
    assert (folder / "again.gguf").read_bytes() == target.read_bytes()
    assert (folder / "twice.gguf").read_bytes() == target.read_bytes()
