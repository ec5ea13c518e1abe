"""Import an adapter that was trained elsewhere: any PEFT directory of a plain LoRA for the base, written in our own layout.

Ours is fp16 with one rank and one scale on every linear: lower ranks and linears that were left alone get zeros, scales that differ go
into B. What would not be the same function then is refused.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import regex  # type: ignore[import-untyped]

from toolchain.adapters.files import (
    CONFIG_FILE,
    IMPORT_LOG,
    LOG_FILE,
    MODULES,
    TENSORS_FILE,
    Adapter,
    adapter_hash,
    is_positive,
    linear_beyond_fp16,
    read_config,
    refuse_what_cannot_be_composed,
    write_adapter,
)
from toolchain.adapters.foreign_factors import read_factors, weights_file
from toolchain.adapters.safetensors_file import Array
from toolchain.base_model.specification import BaseModel
from toolchain.errors import ToolchainError
from toolchain.folders import plain_files, refuse_as_target, take_place, written_beside
from toolchain.log_file import logged, write_log
from toolchain.provenance import git_commit

_FILES = {CONFIG_FILE, TENSORS_FILE}
Shapes = Mapping[str, tuple[int, int]]
"""(d_out, d_in) of every linear that carries adapters, by name (`model.layers.0.self_attn.q_proj`)."""

_REASONS = {
    "layer_replication": "it replicates layers",
    "alora_invocation_tokens": "it works after certain tokens only (aLoRA)",
    "trainable_token_indices": "it trains embeddings",
    "target_parameters": "it adapts other parameters than linears",
}
_NEUTRAL = {
    "alpha_pattern",
    "auto_mapping",
    "base_model_name_or_path",
    "bias",
    "eva_config",
    "exclude_modules",
    "inference_mode",
    "init_lora_weights",
    "layers_pattern",
    "layers_to_transform",
    "lora_alpha",
    "lora_dropout",
    "megatron_core",
    "peft_type",
    "peft_version",
    "qalora_group_size",
    "r",
    "rank_pattern",
    "revision",
    "target_modules",
    "task_type",
}
"""Settings that do not change what the finished adapter computes, or are taken into account."""
_STARTS_FROM_THE_BASE = (True, False, None, "gaussian", "orthogonal", "eva")
"""Ways to begin that leave the base's weights alone; others (PiSSA, OLoRA, LoftQ, CorDA …) move a part of them into the adapter."""
_MATCH_SECONDS = 1.0
"""For one pattern on one linear: a foreign file's pattern can be made to take ages."""


def import_adapter(
    source: Path, base: BaseModel, shapes: Shapes, folder: Path, licence: str | None, replace: bool
) -> dict[str, Any]:
    """Write the adapter of `source` to `folder`, with a log of where it comes from; returns the log.

    Without a `licence`, one that `source` was itself imported under goes on.

    Raises:
        ToolchainError: it cannot be composed, is another base's, or `folder` is there and is not to be replaced.
    """
    refuse_as_target(folder)
    if source.resolve() == folder.resolve():
        raise ToolchainError(f"{folder} is what is to be imported: copy it elsewhere first, and give the copy")
    if folder.exists():
        _refuse_to_replace_what_is_no_adapter(folder)
        if not replace:
            raise ToolchainError(f"{folder} is there: say --replace if the imported adapter is to take its place")
    adapter = read_foreign_adapter(source, base, shapes)
    with written_beside(folder) as partial:
        write_adapter(partial, adapter, base.name)
        log = {
            "source": source.resolve().name,
            "source_sha256": adapter_hash(source, weights_file(source).name),
            "licence": licence or stated_licence(source / IMPORT_LOG),
            "base_sha256": base.sha256,
            "adapter_sha256": adapter_hash(partial),
            "rank": adapter.rank,
            "alpha": adapter.alpha,
            "linears": _trained(adapter),
            "git_commit": git_commit(),
        }
        write_log(partial / IMPORT_LOG, log)
        take_place(partial, folder)
    return log


def stated_licence(log: Path) -> str | None:
    """The licence that the log of an import states; None where it states none, or is not there.

    Raises:
        ToolchainError: the log is damaged.
    """
    stated = logged(log, "an import").get("licence")
    return str(stated) if stated else None


def _refuse_to_replace_what_is_no_adapter(folder: Path) -> None:
    files = plain_files(folder) if folder.is_dir() else set()
    if not files >= _FILES:
        raise ToolchainError(f"{folder} is there and is no adapter: give another folder, or move it away yourself")
    if foreign := sorted(files - _FILES - {IMPORT_LOG, LOG_FILE}):
        raise ToolchainError(
            f"{folder} is there and holds {foreign[0]!r}, which is no file of an adapter of ours: give another folder, or move that away"
        )


def read_foreign_adapter(folder: Path, base: BaseModel, shapes: Shapes) -> Adapter:
    """The adapter of a PEFT directory in fp32, bf16 or fp16, of any ranks and scales, on all linears and layers or some: as ours, on all of `shapes`.

    Raises:
        ToolchainError: a file is missing or damaged, it is no plain LoRA, changes nothing, or does not belong to `base`.
    """
    config = read_config(folder / CONFIG_FILE)
    _refuse_other_bases(folder / CONFIG_FILE, config, base)
    _refuse_what_a_plain_lora_lacks(folder, config)
    weights = weights_file(folder)
    factors = read_factors(weights)
    _refuse_misfits(weights, factors, config, base, shapes)
    scales = {
        linear: _pattern(folder, config, "alpha_pattern", linear, config["lora_alpha"]) / a.shape[0]
        for linear, (a, _) in factors.items()
    }
    rank = max(a.shape[0] for a, _ in factors.values())
    # The device divides in float32: an alpha that float32 cannot hold would be another scale there.
    with np.errstate(over="ignore"):
        alpha = float(np.float32(max(scales.values()) * rank))
    if not is_positive(alpha):
        raise ToolchainError(
            f"{folder / CONFIG_FILE}: alpha would be {alpha}, which float32 does not hold: the adapter is damaged"
        )
    uniform = len(set(scales.values())) == 1
    tensors: dict[str, Array] = {}
    for linear, (d_out, d_in) in shapes.items():
        a, b = np.zeros((rank, d_in), np.float32), np.zeros((d_out, rank), np.float32)
        if linear in factors:
            found_a, found_b = factors[linear]
            a[: len(found_a)] = found_a
            b[:, : len(found_a)] = found_b if uniform else found_b * np.float32(scales[linear] * rank / alpha)
        tensors[f"{linear}.lora_A"], tensors[f"{linear}.lora_B"] = _as_fp16(weights, linear, a, b)
    adapter = Adapter(rank, int(alpha) if alpha.is_integer() else alpha, tensors)
    if beyond := linear_beyond_fp16(adapter):
        raise ToolchainError(
            f"{weights}: {beyond}, scaled by {CONFIG_FILE}'s alpha, has numbers that are too large for fp16: "
            "the adapter is of no use"
        )
    if not _trained(adapter):
        raise ToolchainError(
            f"{weights} changes nothing, for A or B of every linear is zero in fp16: give the adapter as its training left it"
        )
    return adapter


def _trained(adapter: Adapter) -> int:
    """How many linears are changed: B begins as zero, and both factors are where a linear was left alone."""
    return sum(all(adapter.tensors[f"{linear}.lora_{factor}"].any() for factor in "AB") for linear in adapter.linears)


def linear_shapes(base: BaseModel) -> Shapes:
    """The shapes of a base's linears, without its weights.

    Raises:
        ToolchainError: the base has not been fetched.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    from toolchain.adapters.linears import adapted_linears

    if not base.dequantised_path.is_dir():
        raise ToolchainError(f"{base.dequantised_path} is missing: {base.remedy}")
    config = AutoConfig.from_pretrained(base.dequantised_path, local_files_only=True)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    return {name: (linear.out_features, linear.in_features) for name, linear in adapted_linears(model)}


def _refuse_other_bases(path: Path, config: dict[str, Any], base: BaseModel) -> None:
    named = config.get("base_model_name_or_path")
    if named and str(named).rstrip("/").rsplit("/", 1)[-1].lower() not in _names(base):
        raise ToolchainError(
            f"{path} says that the adapter was trained for {named!r}, not for {base.name}: it cannot be composed here; "
            f"if that is the same base under another name, write {base.name} into base_model_name_or_path"
        )


def _names(base: BaseModel) -> tuple[str, str]:
    return base.name.lower(), base.dequantised_path.name.lower()


def _refuse_what_a_plain_lora_lacks(folder: Path, config: dict[str, Any]) -> None:
    refuse_what_cannot_be_composed(folder, config | {"rank_pattern": None, "alpha_pattern": None})
    path = folder / CONFIG_FILE
    # 0 and [] are not what PEFT writes for "not set"; but no modules are none.
    for key, value in config.items():
        not_set = value is None or value is False or value == {} or (key == "modules_to_save" and value == [])
        if key in _NEUTRAL or not_set:
            continue
        reason = _REASONS.get(key, f"it sets {key!r}, and it is not known that this can be left out")
        raise ToolchainError(f"{path} cannot be composed: {reason} ({key!r}); give a plain LoRA")
    if config.get("init_lora_weights") not in _STARTS_FROM_THE_BASE:
        raise ToolchainError(
            f"{path} cannot be composed: it began with a part of the base's own weights (init_lora_weights: "
            f"{config['init_lora_weights']!r}); convert it to a plain LoRA as PEFT's save_pretrained does"
        )


def _refuse_misfits(
    path: Path, factors: Mapping[str, tuple[Array, Array]], config: dict[str, Any], base: BaseModel, shapes: Shapes
) -> None:
    for linear, (a, b) in factors.items():
        if linear.rsplit(".", 1)[-1] not in MODULES:
            raise ToolchainError(
                f"{path} adapts {linear!r}, and only {', '.join(MODULES)} can be: it cannot be composed; train it on those"
            )
        if linear not in shapes:
            raise ToolchainError(
                f"{path} adapts {linear!r}, which {base.name} does not have: it is another base's adapter"
            )
        rank = _pattern(path.parent, config, "rank_pattern", linear, config["r"])
        if a.shape[0] != rank or b.shape[1] != rank:
            raise ToolchainError(
                f"{path}: the factors of {linear} have ranks {a.shape[0]} and {b.shape[1]}, {CONFIG_FILE} says {rank}: "
                "it is damaged, get it anew"
            )
        if (b.shape[0], a.shape[1]) != shapes[linear]:
            raise ToolchainError(
                f"{path}: {linear} is for a linear of shape {[b.shape[0], a.shape[1]]}, that of {base.name} has "
                f"{list(shapes[linear])}: it is another base's adapter"
            )
        if not (np.isfinite(a).all() and np.isfinite(b).all()):
            raise ToolchainError(f"{path}: {linear} holds numbers that are not finite: the adapter is of no use")


def _pattern(folder: Path, config: dict[str, Any], key: str, linear: str, default: float) -> float:
    """What a pattern of PEFT's says for a linear: its keys are suffixes or regular expressions, the first that fits counts."""
    patterns = config.get(key) or {}
    try:
        value = next((patterns[p] for p in patterns if _fits(p, linear)), default)
    except TimeoutError:
        raise ToolchainError(
            f"{folder / CONFIG_FILE}: a pattern of {key} takes too long to match: write linears' names or their endings instead"
        ) from None
    except (regex.error, TypeError, RecursionError, MemoryError):
        value = None
    if not is_positive(value):
        raise ToolchainError(
            f"{folder / CONFIG_FILE}: {key} has no positive number for {linear}: the adapter is damaged"
        )
    return value


def _fits(pattern: str, linear: str) -> bool:
    return regex.fullmatch(rf"(.*\.)?({pattern})", linear, timeout=_MATCH_SECONDS) is not None


def _as_fp16(path: Path, linear: str, a: Array, b: Array) -> tuple[Array, Array]:
    """The factors in fp16: as they are where fp16 holds them, else first made equally large by a power of two, which keeps B·A."""
    with np.errstate(over="ignore"):
        halves = a.astype(np.float16), b.astype(np.float16)
        if not (np.array_equal(halves[0], a) and np.array_equal(halves[1], b)) and a.any() and b.any():
            shift = round(float(np.log2(np.abs(b).max()) - np.log2(np.abs(a).max())) / 2)
            halves = np.ldexp(a, shift).astype(np.float16), np.ldexp(b, -shift).astype(np.float16)
    if not (np.isfinite(halves[0]).all() and np.isfinite(halves[1]).all()):
        raise ToolchainError(f"{path}: {linear} holds numbers that are too large for fp16: the adapter is of no use")
    return halves
