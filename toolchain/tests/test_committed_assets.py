"""What is committed under assets belongs together."""

import json
from pathlib import Path

import pytest

from toolchain import paths
from toolchain.adapters.calibration_file import read_calibration
from toolchain.adapters.files import adapter_hash
from toolchain.adapters.merging.calibrated import calibration_log_path
from toolchain.adapters.merging.scope import trained_with
from toolchain.data.targets import targets_path
from toolchain.tasks import Composition

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
    if log.get("of_which_teacher"):
        assert targets_path(composition).is_file()
