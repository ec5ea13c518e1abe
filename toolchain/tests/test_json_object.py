"""JSON files: what is damaged is refused where an object has to be, and absent where it can be made again."""

from pathlib import Path

import pytest

from toolchain.errors import ToolchainError
from toolchain.json_object import json_object, kept_json


@pytest.mark.parametrize("content", [b"", b'{"a": ', b"\xff", b"[" * 200_000])
def test_what_is_damaged_is_refused_or_absent(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "kept.json"
    assert kept_json(path) is None
    path.write_bytes(content)
    assert kept_json(path) is None
    with pytest.raises(ToolchainError, match=r"kept\.json holds nothing"):
        json_object(path, "holds nothing")
