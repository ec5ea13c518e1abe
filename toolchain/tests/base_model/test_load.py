"""A base that is damaged is told with what mends it, and one whose tokenizer was saved with limits reads texts whole."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from toolchain import paths
from toolchain.base_model.load import load_base
from toolchain.base_model.specification import BaseSpecification, base_model
from toolchain.errors import ToolchainError
from toolchain.tests.tiny_bases import edit_config, import_tiny, write_tiny

pytestmark = pytest.mark.usefixtures("chosen_base")
TEXT = "A conversation of more than four letters."


def _without_a_matrix(base: BaseSpecification) -> None:
    weights = base.dequantised_path / "model.safetensors"
    tensors = load_file(weights)
    del tensors["model.layers.0.mlp.up_proj.weight"]
    save_file(tensors, weights, metadata={"format": "pt"})


def _torn(name: str) -> Callable[[BaseSpecification], object]:
    def tear(base: BaseSpecification) -> None:
        path = base.dequantised_path / name
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return tear


DAMAGED: dict[str, tuple[Callable[[BaseSpecification], object], str]] = {
    "half of the weights": (_torn("model.safetensors"), "could not be loaded"),
    "no weights": (lambda base: (base.dequantised_path / "model.safetensors").unlink(), "could not be loaded"),
    "half of the configuration": (_torn("config.json"), "could not be loaded"),
    "no configuration": (lambda base: (base.dequantised_path / "config.json").unlink(), "could not be loaded"),
    "no heads": (lambda base: edit_config(base.dequantised_path, num_attention_heads=0), "could not be loaded"),
    "a configuration that wants a package more": (
        lambda base: edit_config(base.dequantised_path, quantization_config={"quant_method": "awq", "bits": 4}),
        "could not be loaded",
    ),
    "a matrix less": (_without_a_matrix, "no weights of model.layers.0.mlp.up_proj.weight"),
    "half of the tokenizer": (lambda base: base.tokenizer_path.write_text('{"model": '), "is no tokenizer"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_a_damaged_base_is_told_with_what_mends_it(what: str, tmp_path: Path) -> None:
    folder = write_tiny(tmp_path / "qwen2", "qwen2")
    base = import_tiny(folder)
    damage, said = DAMAGED[what]
    damage(base)
    with pytest.raises(ToolchainError, match=said) as refused:
        load_base(base)
    assert str(paths.models()) in str(refused.value)
    assert "toolchain model import" in str(refused.value)
    assert "\n" not in str(refused.value)
    load_base(import_tiny(folder))


def test_limits_that_a_tokenizer_was_saved_with_do_not_cut_or_fill_a_text(tmp_path: Path) -> None:
    folder = write_tiny(tmp_path / "qwen2", "qwen2")
    whole = load_base(import_tiny(folder)).tokenizer.encode(TEXT, add_special_tokens=False).ids
    path = folder / "tokenizer.json"
    limited = json.loads(path.read_text(encoding="utf-8")) | {
        "truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0},
        "padding": {
            "strategy": {"Fixed": 100},
            "direction": "Right",
            "pad_to_multiple_of": None,
            "pad_id": 0,
            "pad_type_id": 0,
            "pad_token": "<pad>",
        },
    }
    path.write_text(json.dumps(limited), encoding="utf-8")
    loaded = load_base(import_tiny(folder))
    assert json.loads(loaded.specification.tokenizer_path.read_text(encoding="utf-8"))["truncation"]
    assert loaded.tokenizer.encode(TEXT, add_special_tokens=False).ids == whole
    assert len(whole) > 4


def test_one_of_ours_is_not_looked_for_in_the_folder_of_the_chosen_one(tmp_path: Path) -> None:
    import_tiny(write_tiny(tmp_path / "qwen2", "qwen2"))
    with pytest.raises(ToolchainError, match=f"{paths.DEFAULT_BASE} is another base: unset TANDEM_BASE"):
        base_model(paths.DEFAULT_BASE)
