"""Adapter files: a PEFT directory in fp16, and its hash."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toolchain import paths
from toolchain.adapters.lora_config import plain_lora_config
from toolchain.adapters.safetensors_file import Array, read_tensors, write_tensors
from toolchain.base_model.specification import BaseSpecification
from toolchain.errors import NotFinite, ToolchainError
from toolchain.whole_file import write_text_whole

CONFIG_FILE = "adapter_config.json"
TENSORS_FILE = "adapter_model.safetensors"
LOG_FILE = "training_log.json"
IMPORT_LOG = "import_log.json"
MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
_PREFIX, _SUFFIX = "base_model.model.", ".weight"
_ANOTHER = (
    "train an adapter for {0} (`toolchain train lora {0}`), or import one (`toolchain adapter import DIR --task {0}`)"
)
_REMEDY = f"restore it, {_ANOTHER.format('TASK')}"


@dataclass(frozen=True)
class Adapter:
    """A LoRA: `tensors` maps `<linear>.lora_A` to [rank, d_in] and `<linear>.lora_B` to [d_out, rank], fp16; scale = alpha / rank."""

    rank: int
    alpha: float
    tensors: dict[str, Array]

    @property
    def scale(self) -> float:
        """What multiplies B·A."""
        return self.alpha / self.rank

    @property
    def linears(self) -> list[str]:
        """The names of the adapted linears, such as `model.layers.0.self_attn.q_proj`."""
        return sorted({name.rsplit(".", 1)[0] for name in self.tensors})


def adapter_hash(folder: Path, tensors: str = TENSORS_FILE) -> str:
    """The adapter hash of docs/bundle-format.md: SHA-256 over config bytes, then tensor bytes."""
    return hashlib.sha256((folder / CONFIG_FILE).read_bytes() + (folder / tensors).read_bytes()).hexdigest()


def adapter_hashes(tasks: Iterable[str]) -> dict[str, str]:
    """The adapter hash of each task's adapter as it lies among the assets now.

    Raises:
        ToolchainError: there is none.
    """
    hashes = {}
    for task in tasks:
        refuse_no_adapter(task)
        hashes[task] = adapter_hash(paths.ADAPTERS / task)
    return hashes


def refuse_other_adapters(path: Path, makers: Sequence[Mapping[str, str]], tasks: Iterable[str], remedy: str) -> None:
    """See that the adapters that made each part of a file, {task: adapter hash}, are those of `tasks` as they lie among the assets now.

    Raises:
        ToolchainError: they are not, or one of `tasks` has none.
    """
    if not makers:
        return
    hashes = adapter_hashes(tasks)
    if others := dict.fromkeys(
        task for made_by in makers for task, digest in made_by.items() if hashes.get(task) != digest
    ):
        raise ToolchainError(
            f"{path} was made by other adapters ({', '.join(others)}) than those in {paths.ADAPTERS}: {remedy}"
        )


def refuse_no_adapter(task: str) -> None:
    """Raise ToolchainError where no adapter of the task lies among the assets."""
    for name in (CONFIG_FILE, TENSORS_FILE):
        if not (path := paths.ADAPTERS / task / name).is_file():
            raise ToolchainError(f"{path} is missing: {_ANOTHER.format(task)}")


def adapters_digest(adapters: Sequence[Adapter | None]) -> str:
    """SHA-256 over scales, names and bytes of the adapters of all passes."""
    digest = hashlib.sha256()
    for adapter in adapters:
        digest.update(repr(adapter.scale if adapter else None).encode())
        for name, tensor in sorted(adapter.tensors.items()) if adapter else ():
            digest.update(name.encode() + tensor.tobytes())
    return digest.hexdigest()


@np.errstate(over="ignore")
def in_fp16(tensor: Array) -> Array:
    """Rounded to fp16; what that does not hold becomes infinite, and is refused where it is used (`refuse_beyond_fp16`) or written."""
    return np.asarray(tensor, dtype=np.float16)


def linear_beyond_fp16(adapter: Adapter) -> str | None:
    """The first linear of which a factor, or B times the scale, is not finite in fp16: it cannot be composed on any device."""
    with np.errstate(over="ignore", invalid="ignore"):
        for name, tensor in sorted(adapter.tensors.items()):
            factor = np.float32(adapter.scale) if name.endswith(".lora_B") else np.float32(1)
            # Rounding keeps the order, and a number that is none is the largest: one says it for all.
            largest = np.abs(tensor.astype(np.float32)).max(initial=0)
            if not np.isfinite(np.float16(largest * max(factor, np.float32(1)))):
                return name.rsplit(".", 1)[0]
    return None


def refuse_beyond_fp16(what: str, adapter: Adapter | None, remedy: str) -> None:
    """See that fp16 holds what `what` makes of adapters; None is the base alone.

    Raises:
        NotFinite: it does not.
    """
    if adapter is not None and (linear := linear_beyond_fp16(adapter)):
        raise NotFinite(f"{what} makes numbers of {linear} that are not finite in fp16: {remedy}")


def write_adapter(folder: Path, adapter: Adapter, base_name: str) -> None:
    """Write a PEFT LoRA directory; the tensors become fp16.

    Raises:
        NotFinite: fp16 does not hold it; nothing is written then.
    """
    if linear := linear_beyond_fp16(adapter):
        raise NotFinite(
            f"{folder} is not written: the adapter of {linear} has numbers that are not finite in fp16, so it is of no use; "
            "train it again with a lower learning rate"
        )
    config = {
        "base_model_name_or_path": base_name,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "lora_alpha": adapter.alpha,
        "lora_dropout": 0.0,
        "modules_to_save": None,
        "peft_type": "LORA",
        "r": adapter.rank,
        "target_modules": sorted({linear.rsplit(".", 1)[1] for linear in adapter.linears}),
        "task_type": "CAUSAL_LM",
        "use_dora": False,
        "use_rslora": False,
    }
    write_text_whole(folder / CONFIG_FILE, json.dumps(config, indent=2, sort_keys=True) + "\n")
    named = {
        peft_name(name): np.ascontiguousarray(tensor, dtype=np.float16)
        for name, tensor in sorted(adapter.tensors.items())
    }
    write_tensors(folder / TENSORS_FILE, named, {"format": "pt"})


def peft_name(factor: str) -> str:
    """What PEFT calls a factor, such as `model.layers.0.self_attn.q_proj.lora_A`, in a file."""
    return f"{_PREFIX}{factor}{_SUFFIX}"


def factor_name(peft: str) -> str:
    """The factor that PEFT calls so."""
    return peft.removeprefix(_PREFIX).removesuffix(_SUFFIX)


def read_adapter(folder: Path, base: BaseSpecification | None = None) -> Adapter:
    """Read a PEFT LoRA directory as this module writes it, one of `base` where that is given.

    Raises:
        ToolchainError: a file is missing or damaged, or the adapter cannot be composed (no plain LoRA, ranks or scales that differ, other
            tensors, another dtype than fp16, another rank than its config's, numbers beyond fp16), or names another base.
    """
    config = plain_lora_config(folder / CONFIG_FILE, _REMEDY, base)
    if uneven := next((key for key in ("rank_pattern", "alpha_pattern") if config.get(key)), None):
        raise ToolchainError(
            f"{folder / CONFIG_FILE} cannot be composed: its ranks or scales differ ({uneven}); import the adapter, which makes them one "
            "(`toolchain adapter import DIR --task TASK`)"
        )
    tensors, _ = read_tensors(folder / TENSORS_FILE, _REMEDY)
    if not tensors:
        raise ToolchainError(f"{folder / TENSORS_FILE} holds no tensors: {_REMEDY}")
    named = {}
    for name, tensor in tensors.items():
        stripped = factor_name(name)
        if stripped.rsplit(".", 1)[-1] not in ("lora_A", "lora_B"):
            raise ToolchainError(
                f"{folder / TENSORS_FILE} holds {name}, which is no LoRA factor: it cannot be composed"
            )
        if stripped in named:
            raise ToolchainError(f"{folder / TENSORS_FILE} holds {stripped} under two names: {_REMEDY}")
        rank_axis = 0 if stripped.endswith(".lora_A") else 1
        if tensor.dtype != np.float16 or tensor.ndim != 2 or tensor.shape[rank_axis] != config["r"]:
            raise ToolchainError(
                f"{folder / TENSORS_FILE} holds {name} ({tensor.dtype}, shape {list(tensor.shape)}), where a matrix in fp16 of "
                f"{CONFIG_FILE}'s rank {config['r']} is wanted: {_REMEDY}"
            )
        named[stripped] = tensor
    adapter = Adapter(config["r"], config["lora_alpha"], named)
    if lonely := [name for name in adapter.linears if not {f"{name}.lora_A", f"{name}.lora_B"} <= named.keys()]:
        raise ToolchainError(f"{folder / TENSORS_FILE} holds only one LoRA factor of {lonely[0]}: {_REMEDY}")
    if linear := linear_beyond_fp16(adapter):
        raise ToolchainError(
            f"{folder / TENSORS_FILE}: the adapter of {linear}, scaled by {CONFIG_FILE}'s alpha, has numbers that are not finite in fp16, "
            "so it is of no use: train it again with a lower learning rate"
        )
    return adapter
