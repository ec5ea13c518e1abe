"""LC++S beside newer adapters: the same tensors, today's hashes, and a log that says what it was trained beside."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from toolchain import paths
from toolchain.adapters.calibration_file import Calibration, Entry, read_calibration, write_calibration
from toolchain.adapters.calibration_logs import refuse_log_of_another
from toolchain.adapters.carry_over import carry_over
from toolchain.adapters.files import LOG_FILE, adapter_hash, write_adapter
from toolchain.adapters.main_task_calibration import METHOD
from toolchain.errors import ToolchainError
from toolchain.hashing import sha256_file
from toolchain.log_file import write_log
from toolchain.tasks import compositions_of
from toolchain.tests.tiny import SPECIFICATION, random_adapter

MAIN, SEED = "summarize", 1
COMPOSITIONS = compositions_of(MAIN)
TASKS = sorted({task for item in COMPOSITIONS for task in item.ids})
SHARED = Entry(0, 1, "q_proj", p1=np.ones((4, 6), np.float16), p2=np.ones((5, 4), np.float16))


def _today() -> dict[str, str]:
    return {task: adapter_hash(paths.ADAPTERS / task) for task in TASKS}


@pytest.fixture
def folder(assets: Path) -> Path:
    """LC++S of the main task and a seed, as it was trained beside the adapters of all its compositions."""
    made = assets / "calibrations" / METHOD / f"seed-{SEED}"
    for seed, task in enumerate(TASKS):
        write_adapter(paths.ADAPTERS / task, random_adapter(20 + seed), "tiny")
    hashes, written = _today(), {}
    for item in COMPOSITIONS:
        own = {task: hashes[task] for task in item.ids}
        path = made / f"{item.name}.safetensors"
        write_calibration(path, Calibration(METHOD, item.name, SPECIFICATION.sha256, own, (SHARED,)))
        written[item.name] = sha256_file(path)
    content = {"main_task": MAIN, "compositions": list(written), "losses": [1.0]}
    write_log(made / f"{MAIN}.json", content | {"adapter_sha256": hashes, "calibration_sha256": written})
    return made


def test_what_has_newer_adapters_gets_the_same_tensors_for_them_and_all_else_stays(folder: Path) -> None:
    before, trained_beside = {path.name: path.read_bytes() for path in folder.glob("*.safetensors")}, _today()
    write_adapter(paths.ADAPTERS / "witty", random_adapter(90), "tiny")
    carry_over(SPECIFICATION, MAIN, SEED)
    write_adapter(paths.ADAPTERS / "witty", random_adapter(91), "tiny")
    carry_over(SPECIFICATION, MAIN, SEED)
    log = json.loads((folder / f"{MAIN}.json").read_text(encoding="utf-8"))
    for item in COMPOSITIONS:
        path = folder / f"{item.name}.safetensors"
        calibration = read_calibration(path)
        assert calibration.adapter_sha256 == {task: _today()[task] for task in item.ids}
        (entry,) = calibration.entries
        assert all(np.array_equal(entry.tensors[kind], tensor) for kind, tensor in SHARED.tensors.items())
        assert (path.read_bytes() == before[path.name]) == ("witty" not in item.ids)
        refuse_log_of_another(path, folder / f"{MAIN}.json", item)
    assert log["adapter_sha256"] == _today()
    assert log["trained_beside"] == {"witty": trained_beside["witty"]}
    assert log["losses"] == [1.0]


def test_a_composition_that_it_was_not_trained_for_gets_it_too(folder: Path) -> None:
    log_path, new = folder / f"{MAIN}.json", COMPOSITIONS[-1]
    (folder / f"{new.name}.safetensors").unlink()
    log = json.loads(log_path.read_text(encoding="utf-8"))
    log["compositions"].remove(new.name)
    del log["calibration_sha256"][new.name], log["adapter_sha256"][new.ids[-1]]
    write_log(log_path, log)
    write_log(paths.ADAPTERS / new.ids[-1] / LOG_FILE, {"texts_licences": ["CC BY-SA 4.0"]})
    carried = carry_over(SPECIFICATION, MAIN, SEED)
    assert read_calibration(folder / f"{new.name}.safetensors").composition == new.name
    assert (carried["compositions"], carried["trained_beside"]) == ([item.name for item in COMPOSITIONS], {})
    assert carried["adapter_licences"] == ["CC BY-SA 4.0"]


def test_it_is_refused_where_there_is_nothing_to_carry_or_it_is_not_what_its_log_says(folder: Path) -> None:
    with pytest.raises(ToolchainError, match="has the calibration of every composition of summarize"):
        carry_over(SPECIFICATION, MAIN, SEED)
    with pytest.raises(ToolchainError, match=r"summarize\.json is missing.*train main-task summarize --seed 2"):
        carry_over(SPECIFICATION, MAIN, 2)
    write_adapter(paths.ADAPTERS / "witty", random_adapter(90), "tiny")
    with pytest.raises(ToolchainError, match=r"is of base 1+, not 0+"):
        carry_over(replace(SPECIFICATION, sha256="0" * 64), MAIN, SEED)
    log_path = folder / f"{MAIN}.json"
    log = json.loads(log_path.read_text(encoding="utf-8"))
    damages: list[dict[str, Any]] = [
        {"calibration_sha256": "0" * 64},
        {"compositions": []},
        {"compositions": ["reply+es"]},
    ]
    for damage in damages:
        write_log(log_path, log | damage)
        with pytest.raises(ToolchainError, match=r"summarize\.json (is no log of|names no composition)"):
            carry_over(SPECIFICATION, MAIN, SEED)
    write_log(log_path, log)
    path = folder / f"{COMPOSITIONS[0].name}.safetensors"
    write_calibration(path, replace(read_calibration(path), entries=()))
    with pytest.raises(ToolchainError, match="is of a calibration with the hash"):
        carry_over(SPECIFICATION, MAIN, SEED)
