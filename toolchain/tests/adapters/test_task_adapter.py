"""The adapter of a task is one of the base at hand."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from toolchain import paths
from toolchain.adapters.adapter_logs import refuse_logs_of_other_weights
from toolchain.adapters.files import IMPORT_LOG, LOG_FILE, MODULES, adapter_hashes, write_adapter
from toolchain.adapters.task_adapter import task_adapter
from toolchain.errors import ToolchainError
from toolchain.tests.tiny import SPECIFICATION, random_adapter, tiny_model


@pytest.mark.parametrize("log", [LOG_FILE, IMPORT_LOG])
def test_an_adapter_of_another_base_is_refused(assets: Path, log: str) -> None:
    path = paths.ADAPTERS / "es" / log
    without_a_log = task_adapter("es")
    path.write_text(json.dumps({"base_sha256": SPECIFICATION.sha256}), encoding="utf-8")
    assert task_adapter("es").tensors.keys() == without_a_log.tensors.keys()
    path.write_text(json.dumps({"base_sha256": "9" * 64}), encoding="utf-8")
    with pytest.raises(ToolchainError, match=f"{log} is of base 9+, not {SPECIFICATION.sha256}"):
        task_adapter("es")


@pytest.mark.usefixtures("assets")
def test_an_adapter_that_is_not_there_is_named_with_what_makes_it() -> None:
    for asked in (task_adapter, refuse_logs_of_other_weights, lambda task: adapter_hashes([task])):
        with pytest.raises(
            ToolchainError, match=r"adapters/fr/adapter_config\.json is missing: .*`toolchain train lora fr`"
        ):
            asked("fr")


@pytest.mark.usefixtures("assets")
def test_an_adapter_of_some_linears_has_to_be_imported() -> None:
    whole = task_adapter("es")
    some = {name: tensor for name, tensor in whole.tensors.items() if "layers.1.mlp.up_proj" not in name}
    write_adapter(paths.ADAPTERS / "es", replace(whole, tensors=some), SPECIFICATION.name)
    with pytest.raises(ToolchainError, match=r"adapters/es has no factors for up_proj of layer 1: .* adapter import"):
        task_adapter("es")


@pytest.mark.usefixtures("assets")
def test_an_adapter_of_the_first_layers_alone_has_to_be_imported() -> None:
    tiny_model().config.save_pretrained(SPECIFICATION.dequantised_path)
    assert len(task_adapter("es").linears) == 3 * len(MODULES)
    write_adapter(paths.ADAPTERS / "es", random_adapter(seed=1, layers=2), SPECIFICATION.name)
    with pytest.raises(ToolchainError, match=r"adapters/es has no factors for q_proj of layer 2: .* adapter import"):
        task_adapter("es")
