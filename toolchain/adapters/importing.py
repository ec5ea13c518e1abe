"""Import an adapter that was trained elsewhere: any PEFT directory of a plain LoRA for the base, written in our own layout.

Ours is fp16 with one rank and one scale on every linear: lower ranks and linears that were left alone get zeros, scales that differ go
into B. What would not be the same function then is refused.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from toolchain.adapters.adapter_logs import refuse_log_of_other_weights, stated_licence, texts_licences
from toolchain.adapters.files import (
    CONFIG_FILE,
    IMPORT_LOG,
    LOG_FILE,
    MODULES,
    TENSORS_FILE,
    Adapter,
    adapter_hash,
    linear_beyond_fp16,
    write_adapter,
)
from toolchain.adapters.foreign_factors import REMEDY, read_factors, weights_file
from toolchain.adapters.lora_config import is_positive, plain_lora_config
from toolchain.adapters.peft_patterns import alpha_for, ranks_for, refuse_left_out
from toolchain.adapters.safetensors_file import Array
from toolchain.base_model.specification import BaseSpecification
from toolchain.errors import ToolchainError
from toolchain.folders import is_empty_folder, refuse_as_target, take_place, written_beside
from toolchain.log_file import logged, write_log
from toolchain.plain_files import plain_files
from toolchain.provenance import git_commit

_FILES = {CONFIG_FILE, TENSORS_FILE}
Shapes = Mapping[str, tuple[int, int]]
"""(d_out, d_in) of every linear that carries adapters, by name (`model.layers.0.self_attn.q_proj`)."""


def import_adapter(
    source: Path, base: BaseSpecification, shapes: Shapes, folder: Path, licence: str | None, replace: bool
) -> dict[str, Any]:
    """Write the adapter of `source` to `folder`, with a log of where it comes from; returns the log.

    Without a `licence`, one that `source` was itself imported under goes on; so does, always, our own log of how it was trained.

    Raises:
        ToolchainError: it cannot be composed, is another base's, a log beside it is damaged or of other weights, or `folder` is there and is
            not to be replaced.
    """
    refuse_as_target(folder)
    if source.resolve() == folder.resolve():
        raise ToolchainError(f"{folder} is what is to be imported: copy it elsewhere first, and give the copy")
    if folder.exists() and not is_empty_folder(folder):
        _refuse_to_replace_what_is_no_adapter(folder)
        if not replace:
            raise ToolchainError(f"{folder} is there: say --replace if the imported adapter is to take its place")
    adapter = read_foreign_adapter(source, base, shapes)
    found = adapter_hash(source, weights_file(source).name)
    trained = _training_log(source / LOG_FILE, found)
    with written_beside(folder) as partial:
        write_adapter(partial, adapter, base.name)
        now = {**base.identity, "adapter_sha256": adapter_hash(partial)}
        log = {
            "source": source.resolve().name,
            "source_sha256": found,
            "licence": licence or stated_licence(source / IMPORT_LOG),
            **now,
            "rank": adapter.rank,
            "alpha": adapter.alpha,
            "linears": _trained(adapter),
            "git_commit": git_commit(),
        }
        write_log(partial / IMPORT_LOG, log)
        if trained:
            write_log(partial / LOG_FILE, trained | now)
        take_place(partial, folder)
    return log


def _training_log(path: Path, adapter: str) -> dict[str, Any]:
    """What our own log of the adapter with that hash says of its training, its texts' licences above all; nothing where there is none."""
    try:
        trained = logged(path, "an adapter", "training_pairs", "git_commit", "data")
        texts_licences(path)
    except ToolchainError as error:
        raise ToolchainError(f"{error}; if another program wrote it, import a copy without it") from None
    refuse_log_of_other_weights(
        path, trained, adapter, "restore that adapter, or import a copy of this one without the log of another"
    )
    return trained


def _refuse_to_replace_what_is_no_adapter(folder: Path) -> None:
    files = plain_files(folder) if folder.is_dir() else set()
    if not files >= _FILES:
        raise ToolchainError(f"{folder} is there and is no adapter: give another folder, or move it away yourself")
    if foreign := sorted(files - _FILES - {IMPORT_LOG, LOG_FILE}):
        raise ToolchainError(
            f"{folder} is there and holds {foreign[0]!r}, which is no file of an adapter of ours: give another folder, or move that away"
        )


def read_foreign_adapter(folder: Path, base: BaseSpecification, shapes: Shapes) -> Adapter:
    """The adapter of a PEFT directory in fp32, bf16 or fp16, of any ranks and scales, on all linears and layers or some: as ours, on all of `shapes`.

    Raises:
        ToolchainError: a file is missing or damaged, it is no plain LoRA, its configuration leaves out what it has factors of, its rank is
            above all linears', it changes nothing, or does not belong to `base`.
    """
    path = folder / CONFIG_FILE
    config = plain_lora_config(path, REMEDY, base)
    weights = weights_file(folder)
    factors = read_factors(weights)
    _refuse_misfits(weights, factors, config, base, shapes)
    refuse_left_out(path, config, factors, shapes)
    scales = {linear: alpha_for(path, config, linear) / a.shape[0] for linear, (a, _) in factors.items()}
    rank = max(a.shape[0] for a, _ in factors.values())
    # The device divides in float32: an alpha that float32 cannot hold would be another scale there.
    with np.errstate(over="ignore"):
        alpha = float(np.float32(max(scales.values()) * rank))
    if not is_positive(alpha):
        raise ToolchainError(f"{path}: alpha would be {alpha}, which float32 does not hold: the adapter is damaged")
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


def linear_shapes(base: BaseSpecification) -> Shapes:
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


def _refuse_misfits(
    path: Path,
    factors: Mapping[str, tuple[Array, Array]],
    config: dict[str, Any],
    base: BaseSpecification,
    shapes: Shapes,
) -> None:
    # All linears get the highest rank; above this one none could hold more, but all would grow.
    highest = max(map(min, shapes.values()))
    for linear, (a, b) in factors.items():
        if linear.rsplit(".", 1)[-1] not in MODULES:
            raise ToolchainError(
                f"{path} adapts {linear!r}, and only {', '.join(MODULES)} can be: it cannot be composed; train it on those"
            )
        if linear not in shapes:
            raise ToolchainError(
                f"{path} adapts {linear!r}, which {base.name} does not have: it is another base's adapter"
            )
        rank, ranks = a.shape[0], ranks_for(path.parent / CONFIG_FILE, config, linear)
        if rank not in ranks or b.shape[1] != rank:
            raise ToolchainError(
                f"{path}: the factors of {linear} have ranks {rank} and {b.shape[1]}, {CONFIG_FILE} says "
                f"{' or '.join(map(str, sorted(ranks)))}: it is damaged, get it anew"
            )
        if (b.shape[0], a.shape[1]) != shapes[linear]:
            raise ToolchainError(
                f"{path}: {linear} is for a linear of shape {[b.shape[0], a.shape[1]]}, that of {base.name} has "
                f"{list(shapes[linear])}: it is another base's adapter"
            )
        if rank > highest:
            raise ToolchainError(
                f"{path}: {linear} has the rank {rank}, and no linear of {base.name} can hold one above {highest}: reduce it to "
                "that or less, as an SVD of B·A does, which keeps the function"
            )
        if not (np.isfinite(a).all() and np.isfinite(b).all()):
            raise ToolchainError(f"{path}: {linear} holds numbers that are not finite: the adapter is of no use")


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
