"""`model import`: weights that are torn, missing in part, quantised or not finite are no base, and take no other's place."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

from toolchain.base_model import gguf_file
from toolchain.base_model.specification import base_model
from toolchain.errors import ToolchainError
from toolchain.hashing import sha256_file
from toolchain.tests.tiny_bases import edit_config, import_tiny, tiny, write_tiny

MATRIX = "model.layers.1.mlp.up_proj.weight"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"


pytestmark = pytest.mark.usefixtures("chosen_base")


def _rewritten(change: Callable[[torch.Tensor], dict[str, torch.Tensor]]) -> Callable[[Path], None]:
    """Put what `change` makes of one matrix in its place."""

    def rewrite(weights: Path) -> None:
        tensors = load_file(weights)
        save_file(tensors | change(tensors.pop(MATRIX)), weights, metadata={"format": "pt"})

    return rewrite


DAMAGED: dict[str, Callable[[Path], object]] = {
    "incomplete": lambda weights: weights.write_bytes(weights.read_bytes()[:-1]),
    "header too large": lambda weights: weights.write_text(POINTER),
    f"no weights of {MATRIX}": _rewritten(lambda _matrix: {}),
    "adapter_config.json is of an adapter": lambda weights: get_peft_model(
        tiny("llama"), LoraConfig(task_type="CAUSAL_LM", r=32, target_modules=["q_proj"])
    ).save_pretrained(weights.parent),
    "config.json says that the model is quantised .'awq'.: ": lambda weights: edit_config(
        weights.parent, quantization_config={"quant_method": "awq", "bits": 4}
    ),
    f"{MATRIX} that are not finite": _rewritten(
        lambda matrix: {MATRIX: matrix.index_fill(0, torch.tensor([5]), torch.nan)}
    ),
}


@pytest.mark.parametrize("reason", DAMAGED)
def test_damaged_weights_are_refused_and_leave_the_earlier_base_as_it_was(reason: str, tmp_path: Path) -> None:
    earlier = import_tiny(write_tiny(tmp_path / "qwen2", "qwen2"))
    folder = write_tiny(tmp_path / "llama", "llama")
    DAMAGED[reason](folder / "model.safetensors")
    with pytest.raises(ToolchainError, match=reason) as refused:
        import_tiny(folder)
    assert str(folder) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert base_model() == earlier
    assert sha256_file(earlier.path) == earlier.sha256


def test_an_import_that_is_killed_leaves_no_base_of_an_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_tiny(write_tiny(tmp_path / "qwen2", "qwen2"))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(gguf_file, "write_gguf", killed)
    with pytest.raises(KeyboardInterrupt):
        import_tiny(write_tiny(tmp_path / "llama", "llama"))
    with pytest.raises(ToolchainError, match="model import"):
        base_model()
