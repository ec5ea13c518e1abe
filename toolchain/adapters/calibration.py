"""Train a calibration: base and adapters frozen, a few vectors on top of their merge (Learnable Calibration, arXiv 2507.16083)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from toolchain.adapters.calibration_data import CalibrationData, benchmark_data, logged_targets
from toolchain.adapters.calibration_file import Calibration, Entry, read_calibration, refuse_foreign, write_calibration
from toolchain.adapters.calibration_logs import licences_beside
from toolchain.adapters.compose import compose
from toolchain.adapters.corrections import CalibrationMethod, attach, merge_into
from toolchain.adapters.distillation import with_soft_targets
from toolchain.adapters.examples import encode_pairs, weighted_ends
from toolchain.adapters.files import adapter_hashes, refuse_beyond_fp16, refuse_no_adapter
from toolchain.adapters.methods.calibrated import GOES_ON_FROM, OF_A_MAIN_TASK, log_beside, training_command
from toolchain.adapters.methods.method import single_adapters
from toolchain.adapters.processes import launched
from toolchain.adapters.quantised_activations import quantise_activations
from toolchain.adapters.rewarded_samples import CODE, RewardedSamples, reward_of
from toolchain.adapters.training import Schedule, checkpoint_path, finish, train
from toolchain.base_model.load import LoadedBase
from toolchain.console import progress
from toolchain.errors import ToolchainError
from toolchain.hashing import sha256_file
from toolchain.provenance import made_with, peak_memory
from toolchain.tasks import Composition

_TRAINED_BESIDE_THEM = (CalibrationMethod.LC_PLUS_PLUS_M, CalibrationMethod.LC_PLUS_PLUS_R)
"""The methods that are trained beside the merge that they are composed with; LC++F, where it has weights, is trained beside the mean."""


def refuse_loss_options(method: CalibrationMethod, distillation: float, end_weight: float, brief: bool) -> None:
    """Raise ToolchainError where a method that learns by its own answers is given what belongs to the loss on targets, or another `brief`."""
    rewarded = CalibrationMethod.LC_PLUS_PLUS_R
    if brief and method is not rewarded:
        raise ToolchainError(f"--brief is of {rewarded}, which learns by what its answers are worth, not of {method}")
    if method is rewarded and (distillation or end_weight != 1):
        raise ToolchainError(
            f"{method} learns by its own answers: --distillation and --end-weight are of the loss on targets, leave them out"
        )


def refuse_untrainable(
    composition: Composition, method: CalibrationMethod, merge_weights: Sequence[float] | None
) -> None:
    """See that there is something to calibrate, which can be told before a base is loaded.

    Raises:
        ToolchainError: the composition is a single task, or lacks an adapter; merge weights for another method, or none for LC++M, or not one
            for each task; LC++S or LC++I, which have their own commands.
    """
    if composition.is_single_task:
        raise ToolchainError(
            f"{composition.name} is a single task: a calibration corrects the merge of several, such as {composition.name}+es"
        )
    if method in OF_A_MAIN_TASK:
        raise ToolchainError(f"{composition.name}: {method} is made by `{training_command(composition, method)}`")
    weighted, may_be = CalibrationMethod.LC_PLUS_PLUS_M, CalibrationMethod.LC_PLUS_PLUS_F
    if merge_weights is None and method is weighted:
        raise ToolchainError(f"{method}: say with which merge weights, one for each task")
    if merge_weights and method not in (weighted, may_be):
        raise ToolchainError(f"{method}: merge weights go with {weighted} and {may_be}, and only with them")
    if merge_weights and len(merge_weights) != len(composition.tasks):
        raise ToolchainError(
            f"{composition.name}: {len(merge_weights)} merge weights for {len(composition.tasks)} tasks: give one for each"
        )
    for task in composition.ids:
        refuse_no_adapter(task)


def train_calibration(
    base: LoadedBase,
    composition: Composition,
    method: CalibrationMethod,
    schedule: Schedule,
    path: Path,
    data: CalibrationData | None = None,
    merge_weights: Sequence[float] | None = None,
    start: Path | None = None,
    brief: bool = False,
) -> dict[str, Any]:
    """Train on `data`, by default the benchmark's calibration split, over the exported fp16 adapters.

    `merge_weights`, one for each task: LC++M is trained and composed beside that merge; LC++F is trained beside the mean and, where some are
    given, composed beside them. `start` is the calibration file that a method goes on from (GOES_ON_FROM); LC++R keeps its merge weights, and
    learns by the worth of its own answers (`reward_of`, to which `brief` goes) instead of by the targets' loss, which its
    validation losses still are.

    Writes the calibration file and, beside it, its log; returns the log.

    Raises:
        NotFinite: a loss is not, or fp16 does not hold the merge with these weights or what was trained, which is not written.
        ToolchainError: as of `refuse_untrainable` and `refuse_loss_options`; a start for another method, or none for one that needs it, or one
            of another composition or shape; LC++R in several processes; a log beside an adapter or the start is damaged, or an adapter's is of
            another.
    """
    refuse_untrainable(composition, method, merge_weights)
    refuse_loss_options(method, schedule.distillation, schedule.end_weight, brief)
    rewarded = method is CalibrationMethod.LC_PLUS_PLUS_R
    if rewarded:
        launched().refuse_several()
    adapters = single_adapters(composition)
    if merge_weights:
        what = f"{composition.name} merged with the weights {', '.join(map(str, merge_weights))}"
        refuse_beyond_fp16(what, compose(adapters, merge_weights), "give smaller --merge-weights")
    hashes = adapter_hashes(composition.ids)
    started = _read_start(base, composition, method, hashes, start)
    start_log = {start: log_beside(start, composition, GOES_ON_FROM[method])} if start else {}
    licences = licences_beside(composition, start_log)
    start_targets = logged_targets(*start_log.values())
    if start and started and rewarded:
        merge_weights = _weights_of(start, started)
        started = replace(started, entries=tuple(replace(entry, weights=None) for entry in started.entries))
    data = data or benchmark_data(composition)
    made = made_with(data.files)
    training = encode_pairs(base, composition.prompt, data.training)
    if schedule.distillation:
        training = with_soft_targets(base, composition.tasks[-1], data.training, training, progress)
    if schedule.end_weight != 1:
        training = weighted_ends(base, training, schedule.end_weight)
    validation = encode_pairs(base, composition.prompt, data.validation)
    merge_into(base.model, adapters, merge_weights if method in _TRAINED_BESIDE_THEM else None)
    torch.manual_seed(schedule.seed)
    corrections = attach(base.model, method, adapters)
    if start and started:
        wanted = corrections.entries(base.model.config.num_hidden_layers)
        _refuse_other_shapes(start, started.entries, wanted, _remedy(composition, GOES_ON_FROM[method]))
        corrections.start_at(started.entries)
    if schedule.quantised_activations:
        quantise_activations(base.model)
    start_hash = start and sha256_file(start)
    samples = (
        RewardedSamples(base, training, data.training, schedule.precision, reward_of(composition, brief=brief))
        if rewarded
        else None
    )
    depends_on = (
        *base.specification.identity.values(),
        schedule,
        hashes,
        merge_weights,
        start_hash,
        data.described,
        samples and (samples.reward, CODE, [(pair.target, pair.intermediate) for pair in data.training]),
    )
    checkpoint = checkpoint_path(f"{composition.name}-{method}", *depends_on)
    parameters = dict(corrections.named_parameters())
    own_gradients = samples.gradients if samples else None
    log = train(
        base.model, parameters, training, validation, schedule, checkpoint, lambda _training: None, own_gradients
    )
    entries = corrections.entries(base.model.config.num_hidden_layers)
    if merge_weights:
        entries = tuple(replace(entry, weights=np.asarray(merge_weights, dtype=np.float32)) for entry in entries)
    calibration = Calibration(
        method, composition.name, adapter_sha256=hashes, entries=entries, **base.specification.identity
    )
    launched().by_the_first(lambda: write_calibration(path, calibration))
    content = {
        "composition": composition.name,
        "method": method,
        "parameters": sum(parameter.numel() for parameter in parameters.values()),
        **base.specification.identity,
        "adapter_sha256": hashes,
        # Only the first has written it, and only its log is written.
        "calibration_sha256": sha256_file(path) if launched().first else None,
        "adapter_licences": licences,
        "merge_weights": merge_weights,
        "start_sha256": start_hash,
        **({"start_targets": start_targets} if any(start_targets.values()) else {}),
        "training_pairs": len(training),
        **data.described,
        "validation_pairs": len(validation),
        **({"reward": asdict(samples.reward)} if samples else {}),
        "schedule": asdict(schedule),
        "peak_rss_bytes": peak_memory(),
        **made,
        **asdict(log),
    }
    finish(path.with_suffix(".json"), content, checkpoint)
    return content


def _remedy(composition: Composition, method: CalibrationMethod) -> str:
    return f"make it anew with `{training_command(composition, method)}`"


def _read_start(
    base: LoadedBase,
    composition: Composition,
    method: CalibrationMethod,
    hashes: Mapping[str, str],
    start: Path | None,
) -> Calibration | None:
    begins_at = GOES_ON_FROM.get(method)
    if (begins_at is None) != (start is None):
        raise ToolchainError(f"{method}: a start goes with {' and '.join(GOES_ON_FROM)}, and only with them")
    if start is None or begins_at is None:
        return None
    calibration = read_calibration(start, _remedy(composition, begins_at))
    refuse_foreign(start, calibration, composition.name, base.specification, hashes)
    if calibration.method != begins_at:
        raise ToolchainError(f"{start} is of {calibration.method}: {method} starts at {begins_at}, give that")
    return calibration


def _weights_of(path: Path, calibration: Calibration) -> tuple[float, ...] | None:
    """The merge weights that all its entries have, or None where none has any.

    Raises:
        ToolchainError: they differ, or are not one for each adapter.
    """
    found = {
        None if entry.weights is None else tuple(entry.weights.flatten().tolist()) for entry in calibration.entries
    }
    weights = found.pop() if len(found) == 1 else ()
    if weights is not None and len(weights) != len(calibration.adapter_sha256):
        raise ToolchainError(
            f"{path} has other merge weights on some linears than on others: {calibration.method} has the same on all, make it anew"
        )
    return weights


def _refuse_other_shapes(path: Path, found: Sequence[Entry], wanted: Sequence[Entry], remedy: str) -> None:
    layouts, needed = (sorted(entry.layout for entry in entries) for entries in (found, wanted))
    if layouts != needed:
        raise ToolchainError(f"{path} has tensors of {layouts}, wanted {needed}: {remedy}")
