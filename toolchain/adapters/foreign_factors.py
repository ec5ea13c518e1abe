"""The factors of a PEFT LoRA that was trained elsewhere, as they lie in its directory: in safetensors, or as PyTorch pickled them before."""

import re
from collections.abc import Iterator
from pathlib import Path

import torch

from toolchain.adapters.files import TENSORS_FILE
from toolchain.adapters.safetensors_file import Array, opened
from toolchain.errors import ToolchainError

PICKLED_FILE = "adapter_model.bin"
_NAME = re.compile(r"(?:base_model\.model\.)?(.+)\.lora_([AB])(?:\.\w+)?\.weight", re.ASCII)
REMEDY = "give the directory of a PEFT LoRA in safetensors"
_DTYPES = (torch.float32, torch.bfloat16, torch.float16)


def weights_file(folder: Path) -> Path:
    """The file with the tensors: safetensors, unless there is only a pickled one."""
    pickled, tensors = folder / PICKLED_FILE, folder / TENSORS_FILE
    return pickled if pickled.is_file() and not tensors.is_file() else tensors


def read_factors(path: Path) -> dict[str, tuple[Array, Array]]:
    """A [r, d_in] and B [d_out, r] of each linear, float32.

    Raises:
        ToolchainError: the file is missing or damaged, holds anything else than such factors, or one without the other.
    """
    found: dict[str, dict[str, Array]] = {}
    for name, tensor in _tensors(path):
        match = _NAME.fullmatch(name)
        if match is None or tensor.dim() != 2:
            raise ToolchainError(
                f"{path} holds {name!r} (shape {list(tensor.shape)}), which is no LoRA factor of a linear: it cannot be "
                f"composed; {REMEDY}"
            )
        if tensor.dtype not in _DTYPES:
            raise ToolchainError(f"{path} holds {name!r} in {tensor.dtype}: save the factors in fp32, bf16 or fp16")
        factors = found.setdefault(match[1], {})
        if match[2] in factors:
            raise ToolchainError(f"{path} holds lora_{match[2]} of {match[1]!r} under two names: {REMEDY}")
        factors[match[2]] = tensor.float().numpy(force=True)
    if not found:
        raise ToolchainError(f"{path} holds no tensors: {REMEDY}")
    if lonely := [linear for linear, factors in found.items() if len(factors) < 2]:
        raise ToolchainError(f"{path} holds only one LoRA factor of {lonely[0]!r}: {REMEDY}")
    return {linear: (factors["A"], factors["B"]) for linear, factors in sorted(found.items())}


def _tensors(path: Path) -> Iterator[tuple[str, torch.Tensor]]:
    if path.name == PICKLED_FILE:
        yield from _unpickled(path)
        return
    with opened(path, "pt", REMEDY) as stream:
        for name in stream.keys():  # noqa: SIM118 (it is no mapping)
            yield name, stream.get_tensor(name)


def _unpickled(path: Path) -> Iterator[tuple[str, torch.Tensor]]:
    """Of tensors alone: a pickle that would run anything is refused."""
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # Whatever a damaged pickle makes of its reader.
        held = None
    if not isinstance(held, dict) or not all(map(_is_plain, held.values())):
        raise ToolchainError(f"{path} is no pickle of tensors alone: {REMEDY}")
    yield from ((str(name), tensor) for name, tensor in held.items())


def _is_plain(value: object) -> bool:
    """Whether it is a tensor that holds all its numbers: one number can pass for any amount of them."""
    return (
        isinstance(value, torch.Tensor)
        and value.layout is torch.strided
        and value.device.type == "cpu"
        and value.untyped_storage().nbytes() >= value.numel() * value.element_size()
    )
