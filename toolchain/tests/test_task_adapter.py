"""The adapter of a task is one of the base at hand."""

import json
from pathlib import Path

import pytest

from toolchain import paths
from toolchain.adapters.importing import IMPORT_LOG
from toolchain.adapters.lora import LOG_FILE
from toolchain.adapters.task_adapter import task_adapter
from toolchain.errors import ToolchainError
from toolchain.tests.tiny import SPECIFICATION


@pytest.mark.parametrize("log", [LOG_FILE, IMPORT_LOG])
def test_an_adapter_of_another_base_is_refused(assets: Path, log: str) -> None:
    path = paths.ADAPTERS / "es" / log
    without_a_log = task_adapter("es")
    path.write_text(json.dumps({"base_sha256": SPECIFICATION.sha256}), encoding="utf-8")
    assert task_adapter("es").tensors.keys() == without_a_log.tensors.keys()
    path.write_text(json.dumps({"base_sha256": "9" * 64}), encoding="utf-8")
    with pytest.raises(ToolchainError, match=f"{log} is of base 9+, not {SPECIFICATION.sha256}"):
        task_adapter("es")
