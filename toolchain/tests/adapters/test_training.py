"""The training loop: its loss, what it keeps, and that an interruption changes nothing."""

import io
import math
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy
from torch.optim.optimizer import register_optimizer_step_pre_hook

from toolchain.adapters import training
from toolchain.adapters.corrections import CalibrationMethod, attach
from toolchain.adapters.examples import Batch, Example, SoftTarget, collate
from toolchain.adapters.lora import LoraShape, add_lora
from toolchain.adapters.training import Precision, Schedule, TrainingLog, target_loss, train, validation_loss
from toolchain.adapters.training_options import overridden
from toolchain.base_model.load import LoadedBase
from toolchain.errors import NotFinite, ToolchainError
from toolchain.recipe import Training
from toolchain.tests.tiny import tiny_base

token_lists = st.lists(st.integers(3, 258), min_size=1, max_size=10)
example_lists = st.lists(st.builds(Example, token_lists, token_lists), min_size=1, max_size=5)

MEMORISABLE = [Example([2, 10 + index, 11, 12], [20 + index, 30 + index, 1]) for index in range(6)]
UNRELATED = [Example([2, 50 + index, 60], [70 + index, 80, 1]) for index in range(3)]
SHORT = Schedule(steps=9, batch_size=4, learning_rate=0.03, warmup_steps=2, evaluate_every=3)


def _trainable(base: LoadedBase, seed: int = 0) -> dict[str, torch.nn.Parameter]:
    torch.manual_seed(seed)
    return dict(attach(base.model, CalibrationMethod.LC_PLUS_PLUS).named_parameters())


def _run(
    folder: Path,
    schedule: Schedule,
    validation: list[Example],
    set_training: Callable[[bool], object] = lambda _training: None,
    examples: Sequence[Example] = MEMORISABLE,
) -> tuple[TrainingLog, dict[str, torch.nn.Parameter], LoadedBase]:
    base = tiny_base()
    parameters = _trainable(base)
    log = train(base.model, parameters, examples, validation, schedule, folder / "checkpoint.pt", set_training)
    return log, parameters, base


class _Interruption(Exception):
    pass


def _interrupt_at(step: int) -> Callable[[bool], None]:
    """A `set_training` that raises in the given step, counted from 0."""
    begun = 0

    def set_training(training: bool) -> None:
        nonlocal begun
        if training:
            begun += 1
            if begun > step:
                raise _Interruption

    return set_training


def _same(one: dict[str, torch.nn.Parameter], other: dict[str, torch.nn.Parameter]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


# A forward pass costs milliseconds: fewer examples than where only text is made.
few = settings(max_examples=15)


@few
@given(items=example_lists)
def test_the_loss_is_that_of_full_logits_with_prompts_masked(base_once: LoadedBase, items: list[Example]) -> None:
    batch = collate(items)
    with torch.no_grad():
        logits = base_once.model(input_ids=batch.ids, use_cache=False).logits
        labels = batch.ids.masked_fill(~batch.is_target, -100)
        expected = cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
        assert target_loss(base_once.model, batch).item() == pytest.approx(expected.item(), rel=1e-5)


@few
@given(items=example_lists)
def test_padding_changes_no_loss(base_once: LoadedBase, items: list[Example]) -> None:
    with torch.no_grad():
        alone = [target_loss(base_once.model, collate([item])).item() * len(item.target) for item in items]
        together = target_loss(base_once.model, collate(items)).item()
    assert together == pytest.approx(sum(alone) / sum(len(item.target) for item in items), rel=1e-5)


@few
@given(items=example_lists, batch_size=st.integers(1, 6))
def test_the_validation_loss_is_the_loss_of_one_batch_of_all(
    base_once: LoadedBase, items: list[Example], batch_size: int
) -> None:
    with torch.no_grad():
        expected = target_loss(base_once.model, collate(items)).item()
    assert validation_loss(base_once.model, items, batch_size) == pytest.approx(expected, rel=1e-5)


def test_the_loss_falls_on_what_can_be_memorised(tmp_path: Path) -> None:
    schedule = Schedule(steps=30, batch_size=6, learning_rate=0.1, warmup_steps=3)
    log, _, base = _run(tmp_path, schedule, MEMORISABLE)
    assert len(log.losses) == 30
    assert log.losses[-1] < 0.3 * log.losses[0]
    assert validation_loss(base.model, MEMORISABLE, 6) < 0.3 * log.losses[0]


def test_a_rate_that_loses_the_numbers_is_told(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="lower learning rate"):
        _run(tmp_path, replace(SHORT, learning_rate=1e30), UNRELATED)


def test_a_validation_loss_that_is_no_number_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "validation_loss", lambda *_given: math.nan)
    with pytest.raises(NotFinite, match="the loss is nan in step 3: train with a lower learning rate"):
        _run(tmp_path, SHORT, UNRELATED)


def test_each_step_is_taken_as_the_schedule_says(tmp_path: Path) -> None:
    schedule = replace(SHORT, gradient_clip=1e-3, weight_decay=0.3)
    rates, decays, norms = [], [], []

    def watch(optimizer: torch.optim.Optimizer, _arguments: Any, _named: Any) -> None:
        (group,) = optimizer.param_groups
        rates.append(group["lr"])
        decays.append(group["weight_decay"])
        norms.append(float(torch.stack([parameter.grad.norm() for parameter in group["params"]]).norm()))

    watching = register_optimizer_step_pre_hook(watch)
    try:
        _run(tmp_path, schedule, [])
    finally:
        watching.remove()
    descent = schedule.steps - schedule.warmup_steps
    shares = [0.5, 1.0, *((1 + math.cos(math.pi * step / descent)) / 2 for step in range(descent))]
    assert rates == pytest.approx([schedule.learning_rate * share for share in shares])
    assert set(decays) == {schedule.weight_decay}
    assert norms == pytest.approx([schedule.gradient_clip] * schedule.steps, rel=1e-2), "longer ones are shortened"


def test_every_epoch_reads_each_example_once_in_an_order_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = []
    for seed in (0, 1):
        read: list[Example] = []

        def watched(examples: Sequence[Example], read: list[Example] = read) -> Batch:
            read += examples
            return collate(examples)

        monkeypatch.setattr(training, "collate", watched)
        _run(tmp_path / str(seed), replace(SHORT, steps=6, batch_size=2, seed=seed), [])
        orders += [[MEMORISABLE.index(example) for example in epoch] for epoch in (read[:6], read[6:])]
    assert all(sorted(order) == list(range(6)) for order in orders)
    assert len(set(map(tuple, orders))) == len(orders)


def test_no_step_draws_the_dropout_of_another(tmp_path: Path) -> None:
    seeds: list[int] = []
    for seed in (0, 1):

        def noted(training: bool) -> None:
            if training:
                seeds.append(torch.initial_seed())

        _run(tmp_path / str(seed), replace(SHORT, steps=3, seed=seed), [], noted)
    assert len(set(seeds)) == len(seeds) == 6


def test_bfloat16_rounds_the_products_and_nothing_else(tmp_path: Path) -> None:
    exact, _, _ = _run(tmp_path / "fp32", SHORT, UNRELATED)
    rounded, parameters, _ = _run(tmp_path / "bf16", replace(SHORT, precision=Precision.BF16), UNRELATED)
    assert rounded.losses != exact.losses
    assert rounded.losses == pytest.approx(exact.losses, rel=0.05)
    assert all(parameter.dtype is torch.float32 for parameter in parameters.values())


@pytest.mark.parametrize("asked", Precision)
@pytest.mark.parametrize("slow", [True, False])
def test_bfloat16_is_taken_only_where_it_is_faster(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], asked: Precision, slow: bool
) -> None:
    """The log then says what was computed: the commands train with what this returns."""
    monkeypatch.setattr(training, "is_slow_on", lambda device: slow and device == "cpu")
    own = Training(steps=1, batch_size=1, learning_rate=1, precision=asked)
    replaced = slow and asked is Precision.BF16
    taken = overridden(own, None, None, None, None, None, None).schedule(1, 0, keep_best=False).precision
    assert taken is (Precision.FP32 if replaced else asked)
    assert ("bfloat16" in capsys.readouterr().err) is replaced


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrainingLog, dict[str, torch.nn.Parameter]]:
    log, parameters, _ = _run(tmp_path_factory.mktemp("whole"), SHORT, UNRELATED)
    return log, parameters


@pytest.mark.parametrize("interruption", [1, 3, 5, 8])
def test_an_interrupted_run_ends_as_an_uninterrupted_one(
    tmp_path: Path, interruption: int, uninterrupted: tuple[TrainingLog, dict[str, torch.nn.Parameter]]
) -> None:
    (whole, parameters), folder = uninterrupted, tmp_path
    with pytest.raises(_Interruption):
        _run(folder, SHORT, UNRELATED, _interrupt_at(interruption))
    done_before: list[bool] = []
    resumed, resumed_parameters, _ = _run(folder, SHORT, UNRELATED, done_before.append)
    assert len(done_before) == 2 * (SHORT.steps - interruption // SHORT.evaluate_every * SHORT.evaluate_every)
    assert resumed.losses == whole.losses
    assert resumed.validation_losses == whole.validation_losses
    assert resumed.best_step == whole.best_step
    assert _same(resumed_parameters, parameters)


def test_where_evaluations_are_rare_the_state_is_kept_between_them(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    uninterrupted: tuple[TrainingLog, dict[str, torch.nn.Parameter]],
) -> None:
    monkeypatch.setattr(training, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    for steps in (2, 3):
        with pytest.raises(_Interruption):
            _run(tmp_path, SHORT, UNRELATED, _interrupt_at(steps))
    done_before: list[bool] = []
    resumed, parameters, _ = _run(tmp_path, SHORT, UNRELATED, done_before.append)
    assert len(done_before) == 2 * (SHORT.steps - 5), "from the step that was interrupted"
    assert resumed == replace(uninterrupted[0], seconds=resumed.seconds)
    assert _same(parameters, uninterrupted[1])


def test_nothing_to_train_on_is_told(tmp_path: Path) -> None:
    base = tiny_base()
    with pytest.raises(ToolchainError, match="nothing to train"):
        train(base.model, _trainable(base), [], UNRELATED, SHORT, tmp_path / "checkpoint.pt", lambda _training: None)


def test_dropout_is_resumed_too(tmp_path: Path) -> None:
    def run(folder: Path, interruption: int | None) -> dict[str, torch.nn.Parameter]:
        torch.manual_seed(0)
        wrapped = add_lora(tiny_base().model, LoraShape(rank=2, alpha=4, dropout=0.5))
        parameters = {name: item for name, item in wrapped.named_parameters() if item.requires_grad}
        interrupt = _interrupt_at(SHORT.steps if interruption is None else interruption)

        def set_training(training: bool) -> None:
            interrupt(training)
            wrapped.train(training)

        train(wrapped.get_base_model(), parameters, MEMORISABLE, [], SHORT, folder / "checkpoint.pt", set_training)
        return parameters

    with pytest.raises(_Interruption):
        run(tmp_path / "resumed", 5)
    assert _same(run(tmp_path / "resumed", None), run(tmp_path / "whole", None))


@pytest.mark.parametrize("change", [{"learning_rate": 0.01}, {"seed": 1}, {"steps": 6}, {"precision": Precision.BF16}])
def test_a_checkpoint_of_another_schedule_is_not_resumed(tmp_path: Path, change: dict[str, float]) -> None:
    with pytest.raises(_Interruption):
        _run(tmp_path / "used", SHORT, UNRELATED, _interrupt_at(4))
    other = Schedule(**(SHORT.__dict__ | change))
    anew, parameters, _ = _run(tmp_path / "used", other, UNRELATED)
    fresh, fresh_parameters, _ = _run(tmp_path / "fresh", other, UNRELATED)
    assert anew.losses == fresh.losses
    assert _same(parameters, fresh_parameters)


FIRST, *OTHERS = MEMORISABLE
SOFT = SoftTarget(np.zeros((3, 1), np.int64), np.ones((3, 1), np.float32))


@pytest.mark.parametrize(
    ("examples", "validation"),
    [
        ([replace(FIRST, prompt=[2, 9, 11, 12]), *OTHERS], UNRELATED),
        ([replace(FIRST, target=[9, 30, 1]), *OTHERS], UNRELATED),
        ([replace(FIRST, soft=SOFT), *OTHERS], UNRELATED),
        (MEMORISABLE, [*UNRELATED, Example([2, 5], [6, 1])]),
    ],
    ids=["a prompt", "a target", "a soft target", "one more to validate on"],
)
def test_a_checkpoint_of_other_examples_is_not_resumed(
    tmp_path: Path, examples: list[Example], validation: list[Example]
) -> None:
    with pytest.raises(_Interruption):
        _run(tmp_path, SHORT, UNRELATED, _interrupt_at(4))
    done_before: list[bool] = []
    _run(tmp_path, SHORT, validation, done_before.append, examples)
    assert len(done_before) == 2 * SHORT.steps


def test_a_checkpoint_of_other_code_is_not_resumed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    uninterrupted: tuple[TrainingLog, dict[str, torch.nn.Parameter]],
) -> None:
    with monkeypatch.context() as older:
        older.setattr(training, "CODE", "older")
        with pytest.raises(_Interruption):
            _run(tmp_path, SHORT, UNRELATED, _interrupt_at(4))
    done_before: list[bool] = []
    anew, _, _ = _run(tmp_path, SHORT, UNRELATED, done_before.append)
    assert len(done_before) == 2 * SHORT.steps
    assert anew == replace(uninterrupted[0], seconds=anew.seconds)


def _saved(content: object) -> bytes:
    stream = io.BytesIO()
    torch.save(content, stream)
    return stream.getvalue()


def _with_a_flipped_bit(whole: bytes) -> bytes:
    """In a tensor of an archive that was written by PyTorch."""
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        tensor = next(archive.read(name) for name in archive.namelist() if name.endswith("/data/0"))
    return whole.replace(tensor, bytes([tensor[0] ^ 1]) + tensor[1:], 1)


@pytest.mark.parametrize(
    "damage",
    [
        lambda _whole: b"",
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:-1],
        lambda whole: whole[::-1],
        _with_a_flipped_bit,
        lambda _whole: _saved([1]),
        lambda _whole: _saved({"run": {}, "parameters": {}}),
    ],
    ids=["empty", "half", "all but the last byte", "backwards", "a flipped bit", "a list", "half of the fields"],
)
def test_a_damaged_checkpoint_is_told_and_not_resumed(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    damage: Callable[[bytes], bytes],
    uninterrupted: tuple[TrainingLog, dict[str, torch.nn.Parameter]],
) -> None:
    with pytest.raises(_Interruption):
        _run(tmp_path, SHORT, UNRELATED, _interrupt_at(4))
    checkpoint = tmp_path / "checkpoint.pt"
    checkpoint.write_bytes(damage(checkpoint.read_bytes()))
    anew, parameters, _ = _run(tmp_path, SHORT, UNRELATED)
    assert f"{checkpoint} is damaged: starting anew" in capsys.readouterr().err
    assert anew == replace(uninterrupted[0], seconds=anew.seconds)
    assert _same(parameters, uninterrupted[1])


def test_a_disk_without_room_for_a_checkpoint_is_told_in_the_systems_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def full(_checkpoint: Path) -> Iterator[Path]:
        yield Path("/dev/full")

    monkeypatch.setattr(training, "written_whole", full)
    with pytest.raises(OSError, match="No space left on device"):
        _run(tmp_path, SHORT, UNRELATED)


def test_the_parameters_of_the_best_validation_loss_are_kept(tmp_path: Path) -> None:
    schedule = Schedule(steps=30, batch_size=6, learning_rate=0.2, warmup_steps=1, evaluate_every=3)
    log, _, base = _run(tmp_path, schedule, UNRELATED)
    assert log.best_step == min(log.validation_losses, key=lambda step: log.validation_losses[step])
    # It over-fits, so the best step is not the last one, and what is kept is not what the last step left.
    assert log.best_step < schedule.steps
    kept = validation_loss(base.model, UNRELATED, schedule.batch_size)
    assert kept == pytest.approx(log.validation_losses[log.best_step], abs=2e-5)
    assert kept < log.validation_losses[schedule.steps] - 0.01


def test_the_last_step_is_kept_on_request(tmp_path: Path) -> None:
    schedule = Schedule(steps=12, batch_size=6, learning_rate=0.2, warmup_steps=1, evaluate_every=3, keep_best=False)
    log, _, base = _run(tmp_path, schedule, UNRELATED)
    assert log.best_step == schedule.steps
    assert log.validation_losses[12] > min(log.validation_losses.values())
    kept = validation_loss(base.model, UNRELATED, schedule.batch_size)
    assert kept == pytest.approx(log.validation_losses[12], abs=2e-5)


def test_the_frozen_base_is_left_alone(tmp_path: Path) -> None:
    before = {name.replace(".linear.", "."): item.clone() for name, item in tiny_base().model.state_dict().items()}
    _, _, base = _run(tmp_path, SHORT, UNRELATED)
    after = {
        name.replace(".linear.", "."): item
        for name, item in base.model.state_dict().items()
        if ".corrections." not in name
    }
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
