"""Safetensors files: what the system refuses is its own error, and leaves nothing behind."""

import resource
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from toolchain.adapters.safetensors_file import Array, read_tensors, write_tensors

TENSORS: dict[str, Array] = {"a": np.arange(6, dtype=np.float16).reshape(2, 3), "b": np.zeros(4096, np.float32)}


def test_what_is_written_is_what_the_library_writes(tmp_path: Path) -> None:
    write_tensors(tmp_path / "ours", TENSORS, {"format": "pt"})
    save_file(TENSORS, tmp_path / "theirs", metadata={"format": "pt"})
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()
    found, metadata = read_tensors(tmp_path / "ours", "get it anew")
    assert metadata == {"format": "pt"}
    assert all(np.array_equal(found[name], tensor) for name, tensor in TENSORS.items())


def test_a_file_that_has_no_room_is_an_error_of_the_system(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, limits[1]))
    try:
        with pytest.raises(OSError, match="too large") as refused:
            write_tensors(tmp_path / "file.safetensors", TENSORS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert refused.value.errno
    assert list(tmp_path.iterdir()) == []
