"""The commands that train: a place that cannot be written, or an adapter that is missing, is told before anything is loaded or trained."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from toolchain import paths
from toolchain.adapters import calibration, lora, main_task_calibration
from toolchain.adapters.files import write_adapter
from toolchain.adapters.methods import fitted
from toolchain.adapters.methods.calibrated import BRIEF, FURTHER, calibration_path, training_command
from toolchain.adapters.methods.scope import trained_with
from toolchain.adapters.training import Precision, Schedule
from toolchain.base_model import load
from toolchain.cli import app
from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs
from toolchain.errors import ToolchainError
from toolchain.recipe import read_recipe
from toolchain.scale import measure
from toolchain.tasks import TASKS, Composition
from toolchain.tests.tiny import random_adapter

COMMANDS = {
    "a LoRA": ("train", "lora", "es"),
    "a calibration": ("train", "calibration", "summarize+es"),
    "the calibration of a main task": ("train", "main-task", "summarize"),
    "what training takes": ("scale", "measure", "summarize+es"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("place", ["{file}/x.safetensors", "/proc/x/x.safetensors", "{file}/deep/x.safetensors"])
def test_a_place_that_cannot_be_written_is_told_before_the_base_is_loaded(
    assets: Path, monkeypatch: pytest.MonkeyPatch, command: str, place: str
) -> None:
    for module, name in ((load, "load_base"), (measure, "measure")):
        monkeypatch.setattr(module, name, lambda *_given, **_named: pytest.fail("it must not come to that"))
    (assets / "file").touch()
    out = place.format(file=assets / "file")
    with pytest.raises(ToolchainError, match=r"x\.safetensors.* cannot be written"):
        app([*COMMANDS[command], "--out", out], standalone_mode=False)


@pytest.mark.parametrize(
    ("command", "task"), [(("calibration", "summarize+fr"), "fr"), (("main-task", "reply"), "reply")]
)
def test_an_adapter_that_is_missing_is_told_before_the_base_is_loaded(
    assets: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, str], task: str
) -> None:
    monkeypatch.setattr(load, "load_base", lambda *_given, **_named: pytest.fail("it must not come to that"))
    with pytest.raises(ToolchainError, match=f"{task}/adapter_config.json is missing: train an adapter for {task} "):
        app(["train", *command], standalone_mode=False)


def test_a_device_is_no_folder_for_an_adapter(assets: Path) -> None:
    with pytest.raises(ToolchainError, match=r"/dev/full/.* cannot be written"):
        app(["train", "lora", "es", "--out", "/dev/full"], standalone_mode=False)


def test_no_folder_is_made_for_an_adapter_that_is_not_trained(assets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_given: object, **_named: object) -> None:
        raise ToolchainError("there is no base")

    monkeypatch.setattr(load, "load_base", missing)
    with pytest.raises(ToolchainError, match="there is no base"):
        app(["train", "lora", "fr", "--out", str(assets / "new" / "fr")], standalone_mode=False)
    assert not list((assets / "new").iterdir())


class _Told(Exception):
    """What a training would begin with."""


OPTIONS = ("--steps", "30", "--batch-size", "2", "--learning-rate", "0.5", "--seed", "3")
OF_A_LOSS = ("--end-weight", "0.5", "--quantised-activations")
PLAIN = Schedule(30, 2, 0.5, seed=3)
CALIBRATED = replace(PLAIN, keep_best=False, end_weight=0.5, quantised_activations=True)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (("lora", "es", *OPTIONS), PLAIN),
        (
            ("calibration", "summarize+es", "--distillation", "0.25", *OPTIONS, *OF_A_LOSS),
            replace(CALIBRATED, distillation=0.25),
        ),
        (("main-task", "summarize", *OPTIONS, *OF_A_LOSS), replace(CALIBRATED, evaluate_every=90)),
    ],
    ids=["lora", "calibration", "main-task"],
)
def test_a_training_has_the_schedule_that_it_was_told(
    assets: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], expected: Schedule
) -> None:
    def told(*given: Any) -> None:
        raise _Told(next(item for item in given if isinstance(item, Schedule)))

    monkeypatch.setattr(load, "load_base", lambda *_given, **_named: None)
    for module, name in (
        (lora, "train_lora"),
        (calibration, "train_calibration"),
        (main_task_calibration, "train_for_main_task"),
    ):
        monkeypatch.setattr(module, name, told)
    for task in TASKS:
        write_adapter(paths.ADAPTERS / task, random_adapter(0), "tiny")
    with pytest.raises(_Told) as begun:
        app(["train", *command, "--out", str(assets / "new.safetensors")], standalone_mode=False)
    assert begun.value.args == (expected,)


@pytest.mark.usefixtures("assets")
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("method", ["lc", "lc++", FURTHER, "lc++d", BRIEF])
def test_what_is_said_to_make_a_calibration_makes_it(monkeypatch: pytest.MonkeyPatch, method: str, seed: int) -> None:
    def told(*given: Any) -> None:
        raise _Told(next(item for item in given if isinstance(item, Path)))

    monkeypatch.setattr(load, "load_base", lambda *_given, **_named: None)
    monkeypatch.setattr(calibration, "train_calibration", told)
    wanted = trained_with(Composition.parse("summarize+es"), seed)
    start = calibration_path(wanted, "lc++f")
    start.parent.mkdir(parents=True, exist_ok=True)
    start.touch()
    _, *command = training_command(wanted, method).split()
    with pytest.raises(_Told) as begun:
        app(command, standalone_mode=False)
    assert begun.value.args == (calibration_path(wanted, method),)


@pytest.mark.usefixtures("assets")
def test_a_baseline_has_the_schedule_of_a_calibration(monkeypatch: pytest.MonkeyPatch) -> None:
    # So few steps that the recipe's own warm-up would be longer than all of them.
    def told(*given: Any) -> None:
        raise _Told(given[-1].at(0.5))

    monkeypatch.setattr(fitted, "fit_method", told)
    recipe, composition = "llama-3.2-1b-instruct", Composition.parse("summarize+es")
    with pytest.raises(_Told) as begun:
        app(
            ["train", "baseline", "dam", composition.name, "--recipe", recipe, "--precision", "fp32"],
            standalone_mode=False,
        )
    own = read_recipe(recipe).calibration.training.overridden(learning_rate=0.5, precision=Precision.FP32)
    expected = own.schedule(len(composition_pairs(composition, Split.CALIBRATION)), 0, keep_best=True)
    assert begun.value.args == (expected,)
    assert expected.warmup_steps < expected.steps
