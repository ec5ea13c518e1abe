"""What `train` writes takes the place of no file of the user's; that is told before anything is loaded or trained."""

import json
import shutil
from pathlib import Path

import pytest

from toolchain import paths
from toolchain.adapters.files import LOG_FILE, TENSORS_FILE, write_adapter
from toolchain.adapters.methods.calibrated import calibration_path
from toolchain.base_model import load
from toolchain.cli import app
from toolchain.data.benchmark import Split
from toolchain.data.target_records import target_record
from toolchain.errors import ToolchainError
from toolchain.tasks import TASKS, Composition
from toolchain.tests.tiny import random_adapter
from toolchain.text import Message


class _Loaded(Exception):
    """The base would be loaded: nothing was refused."""


@pytest.fixture
def place(assets: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def loaded(*_given: object, **_named: object) -> None:
        raise _Loaded

    monkeypatch.setattr(load, "load_base", loaded)
    for task in TASKS:
        write_adapter(paths.ADAPTERS / task, random_adapter(0), "tiny")
    (assets / "mine").mkdir()
    return assets / "mine"


COMMANDS = {
    "lora": (("lora", "es"), ".", LOG_FILE, {"training_pairs": 9, "git_commit": "unknown", "data": {}}),
    "calibration": (
        ("calibration", "summarize+es"),
        "x.safetensors",
        "x.json",
        {"composition": "summarize+es", "method": "lc++", "git_commit": "unknown"},
    ),
    "main-task": (
        ("main-task", "reply"),
        ".",
        "reply.json",
        {"main_task": "reply", "method": "lc++s", "git_commit": "unknown"},
    ),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_log_of_the_same_kind_is_replaced_and_nothing_else_is(place: Path, name: str) -> None:
    command, out, log, content = COMMANDS[name]
    for there in (json.dumps(content), json.dumps({"notes": "mine"}), "mine"):
        (place / log).write_text(there)
        refused = pytest.raises(ToolchainError, match=rf"mine/{log} is there and is no log of")
        with pytest.raises(_Loaded) if there == json.dumps(content) else refused:
            app(["train", *command, "--out", str(place / out)], standalone_mode=False)
        assert (place / log).read_text() == there


@pytest.mark.parametrize("targets", ["x.json", "x.safetensors"])
def test_the_targets_of_a_calibration_are_not_overwritten(place: Path, targets: str) -> None:
    record = target_record("1", Split.CALIBRATION, [Message("Ana", "Hi")], None, "hola", "hi")
    shared = {"composition": "summarize+es", "source": "mine", "licence": "CC0-1.0"}
    (place / targets).write_text(json.dumps(record | shared) + "\n")
    given = ["--targets", str(place / targets), "--out"]
    with pytest.raises(
        ToolchainError, match=rf"would take the place of --targets .*mine/{targets}: give another --out"
    ):
        app(["train", "calibration", "summarize+es", *given, str(place / "x.safetensors")], standalone_mode=False)
    with pytest.raises(_Loaded):
        app(["train", "calibration", "summarize+es", *given, str(place / "y.safetensors")], standalone_mode=False)


def test_a_calibration_is_replaced_and_no_other_file_is(place: Path) -> None:
    out = place / "x.safetensors"
    given = ["train", "calibration", "summarize+es", "--out", str(out)]
    shutil.copyfile(calibration_path(Composition.parse("summarize+es"), "lc"), out)
    with pytest.raises(_Loaded):
        app(given, standalone_mode=False)
    for other in (b"my notes", (paths.ADAPTERS / "es" / TENSORS_FILE).read_bytes()):
        out.write_bytes(other)
        with pytest.raises(ToolchainError, match=r"mine/x\.safetensors .*: give another --out, or move it away"):
            app(given, standalone_mode=False)
        assert out.read_bytes() == other


def test_a_calibration_is_written_to_no_directory(place: Path) -> None:
    (place / "x.safetensors").mkdir()
    with pytest.raises(ToolchainError, match=r"x\.safetensors is a directory: name a file"):
        app(["train", "calibration", "summarize+es", "--out", str(place / "x.safetensors")], standalone_mode=False)
