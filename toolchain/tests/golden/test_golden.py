"""The committed golden vectors, which Rust is held to, are what this code computes today."""

import json
from pathlib import Path
from typing import Any

from safetensors.numpy import load_file

from toolchain import paths
from toolchain.adapters.calibration_file import read_calibration
from toolchain.adapters.compose import compose
from toolchain.adapters.files import read_adapter
from toolchain.golden.composition import CASES, write_composition_cases
from toolchain.golden.text import rendered_cases, write_jsonl


def _files(folder: Path) -> dict[str, Any]:
    return {path.relative_to(folder).as_posix(): _content(path) for path in folder.rglob("*") if path.is_file()}


def _content(path: Path) -> Any:
    """A file's bytes; of a safetensors file the header as JSON, whose order means nothing, and the bytes after it."""
    content = path.read_bytes()
    if path.suffix != ".safetensors":
        return content
    end = 8 + int.from_bytes(content[:8], "little")
    return json.loads(content[8:end]), content[end:]


def test_composition_cases_are_current(tmp_path: Path) -> None:
    write_composition_cases(tmp_path)
    assert _files(tmp_path) == _files(paths.GOLDEN / "compose")


def test_composing_the_committed_adapters_gives_the_committed_tensors() -> None:
    for name in CASES:
        folder = paths.GOLDEN / "compose" / name
        case = json.loads((folder / "case.json").read_text(encoding="utf-8"))
        adapters = [read_adapter(folder / "adapters" / task) for task in case["tasks"]]
        file = folder / "calibration.safetensors"
        composed = compose(adapters, case["weights"], read_calibration(file) if file.exists() else None)
        expected = load_file(folder / "expected.safetensors")
        assert {f"base_model.model.{key}.weight" for key in composed.tensors} == expected.keys()
        for key, tensor in composed.tensors.items():
            assert tensor.tobytes() == expected[f"base_model.model.{key}.weight"].tobytes(), (name, key)


def test_rendered_prompts_are_current(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "text.jsonl", rendered_cases())
    assert (tmp_path / "text.jsonl").read_bytes() == (paths.GOLDEN / "text.jsonl").read_bytes()
