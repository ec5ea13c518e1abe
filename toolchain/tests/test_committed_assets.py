"""What is committed under assets belongs together."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from toolchain import paths
from toolchain.adapters.calibration_file import read_calibration
from toolchain.adapters.calibration_logs import refuse_log_of_another
from toolchain.adapters.corrections import CalibrationMethod
from toolchain.adapters.files import adapter_hash
from toolchain.adapters.methods.calibrated import (
    FROM_TWO_STEP,
    GOES_ON_FROM,
    calibration_log_path,
    calibration_path,
    committed_as,
    training_command,
)
from toolchain.adapters.methods.scope import trained_with
from toolchain.base_model.specification import base_model
from toolchain.bundle.export import committed_compositions
from toolchain.bundle.measured_alone import validation_alone
from toolchain.data.teacher_targets import targets_path
from toolchain.evaluation.reporting.costs import budget_of
from toolchain.hashing import sha256_file
from toolchain.recommendations import recommendations_path, shipped_calibration
from toolchain.tasks import MAIN_TASKS, Composition

CALIBRATIONS = sorted(paths.CALIBRATIONS.glob("**/*.safetensors"))


@pytest.mark.parametrize("path", CALIBRATIONS, ids=lambda path: str(path.relative_to(paths.CALIBRATIONS)))
def test_a_calibration_is_of_the_adapters_that_are_there_and_has_the_log_of_its_training(path: Path) -> None:
    calibration, composition = read_calibration(path), Composition.parse(path.stem)
    method, *seed = path.relative_to(paths.CALIBRATIONS).parent.parts
    number = int(seed[0].removeprefix("seed-")) if seed else 0
    log_path = calibration_log_path(trained_with(composition, number), method)
    log = json.loads(log_path.read_text(encoding="utf-8"))
    assert (log["schedule"]["seed"] if "schedule" in log else log["seed"]) == number
    hashes = {task: adapter_hash(paths.ADAPTERS / task) for task in composition.ids}
    assert calibration.adapter_sha256 == hashes
    assert hashes.items() <= log["adapter_sha256"].items()
    assert calibration.composition == path.stem
    trained_for = log["compositions"] if "compositions" in log else [log["composition"]]
    assert path.stem in trained_for
    assert log["adapter_sha256"].keys() == {task for name in trained_for for task in name.split("+")}
    assert calibration.method == log["method"]
    refuse_log_of_another(path, log_path, composition)
    if log.get("of_which_teacher"):
        assert targets_path(composition).is_file()


def test_a_report_says_what_each_of_ours_goes_on_from_and_what_it_read() -> None:
    composition = Composition.parse("summarize+fr")
    said = {
        method: budget_of(json.loads(calibration_log_path(composition, method).read_text(encoding="utf-8")))
        for method in ("lc++f", "lc++r")
    }
    assert said["lc++f"].endswith("rounded activations, on from lc++s")
    ending = "on from lc++f, by 6 answers of its own to each prompt, with 1177 further conversations"
    assert said["lc++r"].endswith(ending)


def _documented() -> dict[tuple[str, str], list[str]]:
    """By method and composition, the arguments of the command of assets/README.md that trained the calibration."""
    (block,) = re.findall(r"```sh\n(.*?)```", (paths.ASSETS / "README.md").read_text(encoding="utf-8"), re.DOTALL)

    def unrolled(loop: re.Match[str]) -> str:
        variable, items, body = loop.groups()
        return "".join(body.replace(f"${variable}", item) for item in items.split())

    commands = re.sub(r"for (\w+) in ([^;]+); do\s(.*?)done", unrolled, block, flags=re.DOTALL)
    found = {}
    for line in commands.splitlines():
        _, *arguments = shlex.split(line, comments=True) or [""]
        if arguments[:2] == ["train", "calibration"] and "--two-step" not in arguments:
            composition, flag, method, *rest = arguments[2:]
            assert flag == "--method"
            name = committed_as(CalibrationMethod(method), rest)
            assert (name, composition) not in found
            found[name, composition] = rest
    return found


DOCUMENTED = _documented()


@pytest.mark.parametrize(
    "path",
    sorted(
        p
        for m in ("lc", "lc++", "lc++-further", "lc++f", "lc++r", "lc++r-brief")
        for p in (paths.CALIBRATIONS / m).rglob("*.json")
    ),
    ids=str,
)
def test_every_calibration_was_trained_by_its_documented_command(path: Path) -> None:
    log = json.loads(path.read_text(encoding="utf-8"))
    schedule = log["schedule"]
    name = path.relative_to(paths.CALIBRATIONS).parts[0]
    flags = DOCUMENTED[name, log["composition"]]
    assert name == committed_as(CalibrationMethod(log["method"]), flags)

    def given(flag: str, default: float) -> float:
        return float(flags[flags.index(flag) + 1]) if flag in flags else default

    assert schedule["steps"] == given("--steps", 0)
    assert schedule["batch_size"] == given("--batch-size", 0)
    assert schedule["learning_rate"] == given("--learning-rate", 0)
    assert schedule.get("end_weight", 1) == given("--end-weight", 1)
    assert schedule.get("quantised_activations", False) == ("--quantised-activations" in flags)
    assert (log.get("of_which_further", 0) > 0) == ("--further" in flags)
    assert (log.get("reward", {}).get("length", 0) > 0) == ("--brief" in flags)
    begins_at = GOES_ON_FROM.get(log["method"])
    if begins_at:
        trained = trained_with(Composition.parse(log["composition"]), schedule["seed"])
        assert log["start_sha256"] == sha256_file(calibration_path(trained, begins_at))
    # LC++R keeps the weights of the LC++F that it begins at, as that file has them.
    weighed, stored = (DOCUMENTED["lc++f", log["composition"]], np.float32) if begins_at == "lc++f" else (flags, float)
    weights = weighed[weighed.index("--merge-weights") + 1].split(",") if "--merge-weights" in weighed else []
    assert (log.get("merge_weights") or []) == [float(stored(weight)) for weight in weights]
    with_teacher = "--teacher" in flags or len(log["composition"].split("+")) > 2
    assert (log.get("of_which_teacher", 0) > 0) == with_teacher


@pytest.mark.parametrize(("method", "composition"), DOCUMENTED)
def test_what_is_said_to_make_a_calibration_trains_on_what_the_documented_command_does(
    method: str, composition: str
) -> None:
    said = training_command(Composition.parse(composition), method).split()
    for flag in ("--further", "--brief"):
        assert (flag in said) == (flag in DOCUMENTED[method, composition])


def test_the_main_tasks_alone_have_validation_scores_of_the_adapters_that_ship() -> None:
    for task in MAIN_TASKS:
        scores = validation_alone(task, base_model(), adapter_hash(paths.ADAPTERS / task))
        assert {mode for mode, _ in (name.split(".") for name in scores)} == {"zero-shot", "merge"}


def test_recommendations_are_of_the_calibrations_that_ship() -> None:
    known = json.loads(recommendations_path().read_text(encoding="utf-8"))
    for name, recommended in known.items():
        composition = Composition.parse(name)
        path = calibration_path(composition, shipped_calibration(composition))
        assert recommended["calibration_sha256"] == sha256_file(path), name
    with_references = (item for item in committed_compositions() if shipped_calibration(item) != FROM_TWO_STEP)
    assert known.keys() == {composition.name for composition in with_references}
