"""The one training loop: LoRAs and calibrations differ only in what is trainable."""

import hashlib
import io
import json
import math
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import torch

from toolchain import base_model, paths
from toolchain.adapters.examples import Batch, Example, batch_indices, collate
from toolchain.adapters.processes import ALONE, Processes, launched
from toolchain.adapters.vocabulary_loss import log_probabilities
from toolchain.base_model.bfloat16 import is_slow_on
from toolchain.base_model.compiled_layers import compile_layers
from toolchain.console import progress
from toolchain.errors import NotFinite, ToolchainError
from toolchain.log_file import write_log
from toolchain.provenance import code_sha256
from toolchain.whole_file import written_whole

SECONDS_BETWEEN_CHECKPOINTS = 60.0
CODE = code_sha256(Path(__file__).parent, Path(base_model.__file__).parent)
"""What trains, hashed when it is loaded: an edit that is made meanwhile is not what runs."""


class Precision(StrEnum):
    """Of the matrix products of training steps and of the losses that a search looks at; everything else is fp32."""

    FP32 = "fp32"
    BF16 = "bf16"

    def products(self, device: str) -> torch.autocast:
        """A context in which a model on a `device` of this type computes its matrix products so."""
        return torch.autocast(device, torch.bfloat16, enabled=self is Precision.BF16)

    def where_it_helps(self) -> "Precision":
        """FP32, and a word about it, in place of BF16 on a machine that would be slower with it."""
        if self is Precision.FP32 or not is_slow_on(launched().device.type):
            return self
        progress(
            "this processor has no bfloat16 instructions, and a step would take many times as long: training in fp32"
        )
        return Precision.FP32


@dataclass(frozen=True)
class Schedule:
    """How long and how fast: `steps` optimiser steps of `batch_size` examples, over all processes, linear warm-up, then cosine to zero
    (arXiv 1608.03983).

    `distillation` is the share of the teacher's distributions in the loss, for examples that have them; `end_weight` is what the tokens
    that end a sentence or the answer count in it, others counting 1. `quantised_activations` rounds them as the device core does.
    `compiled` compiles the layers first.
    `keep_best` keeps the parameters of the lowest validation loss; without it those of the last step are kept, after the rate has come down.
    """

    steps: int
    batch_size: int
    learning_rate: float
    warmup_steps: int = 10
    gradient_clip: float = 1.0
    weight_decay: float = 0.0
    evaluate_every: int = 30
    seed: int = 0
    keep_best: bool = True
    precision: Precision = Precision.FP32
    distillation: float = 0.0
    end_weight: float = 1.0
    quantised_activations: bool = False
    compiled: bool = False


@dataclass
class TrainingLog:
    """What happened, step by step; `best_step` is the one whose parameters are kept."""

    losses: list[float] = field(default_factory=list)
    validation_losses: dict[int, float] = field(default_factory=dict)
    best_step: int = 0
    seconds: float = 0.0


def target_loss(model: Any, batch: Batch, distillation: float = 0.0) -> torch.Tensor:
    """Mean (weighted) cross-entropy over target tokens, in nats a token, float32 [].

    With `distillation` d and soft targets: (1 - d) of it plus d times the cross-entropy against the teacher's distribution, of which the
    likeliest tokens stand for the whole (Hinton et al. 2015, arXiv 1503.02531, temperature 1).
    """
    hidden = model.model(input_ids=batch.ids, use_cache=False).last_hidden_state
    predicts_target = torch.zeros_like(batch.is_target)
    predicts_target[:, :-1] = batch.is_target[:, 1:]
    tokens = batch.ids[batch.is_target][:, None]
    if batch.soft_tokens is not None:
        tokens = torch.cat([tokens, batch.soft_tokens], dim=1)
    found = log_probabilities(model.lm_head, hidden[predicts_target], tokens)
    losses = -found[:, 0]
    if distillation and batch.soft_probabilities is not None:
        soft = -(batch.soft_probabilities * found[:, 1:]).sum(-1)
        losses = (1 - distillation) * losses + distillation * soft
    # Over the number of tokens, not over their weights: so the means of several processes add up.
    return (losses if batch.weights is None else losses * batch.weights).mean()


def validation_loss(model: Any, examples: Sequence[Example], batch_size: int, processes: Processes = ALONE) -> float:
    """Target loss in nats a token, averaged over target tokens; each process reads its share of the batches."""
    ordered = sorted(examples, key=lambda example: example.length)
    batches = [ordered[start : start + batch_size] for start in range(0, len(ordered), batch_size)]
    total, count = 0.0, 0
    with torch.no_grad():
        for chosen in processes.share(batches):
            batch = collate(chosen).to(processes.device)
            tokens = int(batch.is_target.sum())
            total += target_loss(model, batch).item() * tokens
            count += tokens
    sums = processes.sum(torch.tensor([total, count], dtype=torch.float64, device=processes.device))
    return float(sums[0] / sums[1])


def train(
    model: Any,
    parameters: dict[str, torch.nn.Parameter],
    train_examples: Sequence[Example],
    validation_examples: Sequence[Example],
    schedule: Schedule,
    checkpoint: Path,
    set_training: Callable[[bool], object],
    own_gradients: Callable[[Sequence[int]], torch.Tensor] | None = None,
) -> TrainingLog:
    """Train `parameters` in place and leave those that `schedule.keep_best` says in them.

    The state after each evaluation, and at least every minute, is kept in `checkpoint` (`checkpoint_path`), and a run that finds one of
    the same schedule, examples and code goes on from there, with the same batches and the same dropout, so that an interrupted run
    ends as an uninterrupted one does. The caller removes it when the result is written (`finish`).

    `own_gradients` puts the gradients of another loss than the targets' into the parameters, for the training examples of these indices,
    and returns that loss.

    Started by `accelerate launch`, each process takes its share of every batch on its own device; the first one writes the checkpoint,
    which all must be able to read. The model is back on the CPU at the end.

    Raises:
        NotFinite: the loss is no longer a number.
        ToolchainError: there is nothing to train on, or nothing to compile with.
    """
    if not train_examples:
        raise ToolchainError(
            f"{paths.BENCHMARK} has nothing to train this on: its split for that is empty; give it more"
        )
    processes = launched()
    _put(model, processes, schedule)
    settings = asdict(schedule) | {"precision": schedule.precision.value}
    examples = examples_digest(train_examples, validation_examples)
    run = {"schedule": settings, "examples": examples, "code": CODE}
    digest = hashlib.sha256(repr((run, checkpoint.name)).encode()).hexdigest()
    processes.refuse_different(int(digest[:12], 16), "what they train on: base, adapters, examples, schedule or code")
    optimizer = torch.optim.AdamW(parameters.values(), lr=schedule.learning_rate, weight_decay=schedule.weight_decay)
    log, first = TrainingLog(), 0
    best: dict[str, torch.Tensor] = {}
    if resumed := _resume(checkpoint, run, parameters, optimizer):
        log, first, best = resumed
        progress(f"resuming at step {first} of {schedule.steps}")
    processes.refuse_different(first, "the step that they go on from")
    saved = time.monotonic()
    started = saved - log.seconds
    batches = _batches(train_examples, schedule)
    for step, indices in enumerate(batches):
        if step < first:
            continue
        for group in optimizer.param_groups:
            group["lr"] = schedule.learning_rate * _rate(step, schedule)
        # Dropout differs between processes: their rows are different rows of one batch.
        torch.manual_seed(schedule.seed * 1_000_003 + step + 1_000_000_007 * processes.index)
        set_training(True)
        optimizer.zero_grad(set_to_none=True)
        loss = (
            own_gradients(indices)
            if own_gradients
            else _gradients(model, parameters, [train_examples[index] for index in indices], schedule, processes)
        )
        torch.nn.utils.clip_grad_norm_(parameters.values(), schedule.gradient_clip)
        optimizer.step()
        set_training(False)
        _refuse_no_number(step, loss.item())
        log.losses.append(round(loss.item(), 5))
        done = step + 1
        if evaluates := done % schedule.evaluate_every == 0 or done == schedule.steps:
            measured = (
                validation_loss(model, validation_examples, -(-schedule.batch_size // processes.count), processes)
                if validation_examples
                else loss.item()
            )
            _refuse_no_number(step, measured)
            log.validation_losses[done] = round(measured, 5)
            if not schedule.keep_best or measured <= min(log.validation_losses.values()) + 5e-6:
                log.best_step = done
                best = {name: parameter.detach().clone() for name, parameter in parameters.items()}
        if evaluates or time.monotonic() - saved >= SECONDS_BETWEEN_CHECKPOINTS:
            saved = time.monotonic()
            log.seconds = round(saved - started, 1)
            if processes.first:
                _save(checkpoint, run, parameters, optimizer, log, best)
        progress(_line(log, done, schedule, time.monotonic() - started))
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(best[name])
    model.to(ALONE.device)
    processes.wait()
    return log


def _put(model: Any, processes: Processes, schedule: Schedule) -> None:
    model.to(processes.device)
    if schedule.compiled:
        compile_layers(model)


def checkpoint_path(name: str, *depends_on: object) -> Path:
    """Where a run keeps its state: by what it depends on beside its schedule and examples, such as base, adapters and seed."""
    digest = hashlib.sha256(repr(depends_on).encode()).hexdigest()[:12]
    return paths.cache() / "checkpoints" / f"{name}-{digest}.pt"


def tell_damaged(checkpoint: Path) -> None:
    """Say that a run's state cannot be read, and that it begins again."""
    progress(f"{checkpoint} is damaged: starting anew")


def finish(log: Path, content: dict[str, Any], *checkpoints: Path) -> None:
    """When everything else of a run is written: its log, after which nothing would go on from its checkpoints."""
    launched().by_the_first(lambda: write_log(log, content))
    for checkpoint in checkpoints:
        checkpoint.unlink(missing_ok=True)


def _refuse_no_number(step: int, loss: float) -> None:
    if not math.isfinite(loss):
        raise NotFinite(f"the loss is {loss} in step {step + 1}: train with a lower learning rate")


def _gradients(
    model: Any,
    parameters: dict[str, torch.nn.Parameter],
    examples: Sequence[Example],
    schedule: Schedule,
    processes: Processes,
) -> torch.Tensor:
    """Put the gradients of the mean over all target tokens of `examples` into the parameters; returns that mean.

    A process's own mean counts as often as it has tokens: their sum is the mean of the whole batch, whoever has the longer targets.
    """
    own = processes.share(examples)
    loss = torch.zeros((), device=processes.device)
    if own:
        batch = collate(own).to(processes.device)
        with schedule.precision.products(processes.device.type):
            mean = target_loss(model, batch, schedule.distillation)
        loss = mean * (_target_tokens(own) / _target_tokens(examples))
        loss.backward()  # type: ignore[no-untyped-call]
    processes.sum_gradients(parameters.values())
    return processes.sum(loss.detach())


def _target_tokens(examples: Sequence[Example]) -> int:
    return sum(len(example.target) for example in examples)


def _batches(examples: Sequence[Example], schedule: Schedule) -> Iterator[list[int]]:
    lengths, made, epoch = [example.length for example in examples], 0, 0
    while True:
        for indices in batch_indices(lengths, schedule.batch_size, epoch, schedule.seed):
            if made == schedule.steps:
                return
            yield indices
            made += 1
        epoch += 1


def _rate(step: int, schedule: Schedule) -> float:
    if step < schedule.warmup_steps:
        return (step + 1) / schedule.warmup_steps
    progress = (step - schedule.warmup_steps) / max(1, schedule.steps - schedule.warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * progress))


def _line(log: TrainingLog, done: int, schedule: Schedule, seconds: float) -> str:
    validation = f"  validation {list(log.validation_losses.values())[-1]:.3f}" if log.validation_losses else ""
    return f"step {done}/{schedule.steps}  loss {log.losses[-1]:.3f}{validation}  {seconds:.0f} s"


def examples_digest(*examples: Sequence[Example]) -> str:
    """SHA-256 over the prompts and targets of several lists."""
    digest = hashlib.sha256()
    for part in examples:
        digest.update(f"{len(part)} examples".encode())
        for example in part:
            digest.update(repr((example.prompt, example.target)).encode())
            if example.soft:
                digest.update(example.soft.tokens.tobytes() + example.soft.probabilities.tobytes())
    return digest.hexdigest()


def _save(
    checkpoint: Path,
    run: dict[str, Any],
    parameters: dict[str, torch.nn.Parameter],
    optimizer: Any,
    log: TrainingLog,
    best: dict[str, torch.Tensor],
) -> None:
    state = {
        "run": run,
        "parameters": {name: parameter.detach() for name, parameter in parameters.items()},
        "optimizer": optimizer.state_dict(),
        "log": json.dumps(asdict(log)),
        "best": best,
    }
    # PyTorch's own writing to a file would hide in an error of its own what the system refuses.
    serialised = io.BytesIO()
    torch.save(state, serialised)
    with written_whole(checkpoint) as partial:
        partial.write_bytes(serialised.getbuffer())


def _load(checkpoint: Path) -> Any:
    # PyTorch reads past the checksums: a flipped bit would be trained on.
    with zipfile.ZipFile(checkpoint) as stored:
        if torn := stored.testzip():
            raise zipfile.BadZipFile(torn)
    return torch.load(checkpoint, weights_only=True, map_location="cpu")


def _resume(
    checkpoint: Path, run: dict[str, Any], parameters: dict[str, torch.nn.Parameter], optimizer: Any
) -> tuple[TrainingLog, int, dict[str, torch.Tensor]] | None:
    if not checkpoint.is_file():
        return None
    try:
        state = _load(checkpoint)
        is_this_run = state["run"] == run and state["parameters"].keys() == parameters.keys()
        trained, moments, best = state["parameters"], state["optimizer"], state["best"]
        stored = json.loads(state["log"])
        stored["validation_losses"] = {int(step): loss for step, loss in stored["validation_losses"].items()}
        log = TrainingLog(**stored)
    except Exception:  # By where it is torn a file fails as a zip, a pickle, a dictionary or in the system's own words.
        tell_damaged(checkpoint)
        return None
    if not is_this_run:
        progress(f"{checkpoint} belongs to another schedule, other examples or other code: starting anew")
        return None
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(trained[name])
    optimizer.load_state_dict(moments)
    return log, len(log.losses), best
