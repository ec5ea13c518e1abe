"""The committed prompt ids, which Rust is held to, are what this code computes today with the real tokenizer."""

import json
from pathlib import Path
from typing import Any

from toolchain import paths
from toolchain.base_model.specification import BaseSpecification
from toolchain.golden.text import id_cases, write_jsonl


def test_prompt_ids_are_current(base: BaseSpecification, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "prompt_ids.jsonl", id_cases(base))
    assert _rows(tmp_path / "prompt_ids.jsonl") == _rows(paths.GOLDEN / "prompt_ids.jsonl")


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
