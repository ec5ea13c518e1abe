"""What training takes is measured on the training that the toolchain does."""

import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from toolchain import paths
from toolchain.adapters.corrections import CalibrationMethod, attach
from toolchain.adapters.files import read_adapter
from toolchain.adapters.lora import LoraShape, add_lora
from toolchain.adapters.training import Schedule, TrainingLog, train
from toolchain.base_model.load import LoadedBase
from toolchain.cli import app
from toolchain.errors import ToolchainError
from toolchain.scale import measure
from toolchain.scale.measure import KINDS, measure_one, table
from toolchain.tasks import Composition
from toolchain.tests.refusals import refusal_of
from toolchain.tests.tiny import tiny_base

pytestmark = pytest.mark.usefixtures("assets")


def _trained(kind: str) -> int:
    model = tiny_base().model
    if kind == "joint-expert":
        main = read_adapter(paths.ADAPTERS / "summarize")
        shape = LoraShape(main.rank, main.alpha, dropout=0)
        trained = [parameter for parameter in add_lora(model, shape).parameters() if parameter.requires_grad]
    else:
        trained = list(attach(model, CalibrationMethod(kind)).parameters())
    return sum(parameter.numel() for parameter in trained)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_says_what_was_trained_and_what_it_took(
    base: LoadedBase, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_three_seconds(*arguments: Any) -> TrainingLog:
        return replace(train(*arguments), seconds=3.0)

    monkeypatch.setattr(measure, "train", in_three_seconds)
    monkeypatch.setattr(measure, "peak_memory", lambda: 2**30)
    row = measure_one(base, kind, Composition.parse("summarize+es"), Schedule(2, 2, 1e-3, evaluate_every=2))
    assert (row["trains"], row["parameters"], row["steps"]) == (kind, _trained(kind), 2)
    assert (row["seconds_a_step"], row["peak_rss_bytes"]) == (1.5, 2**30)
    assert json.loads(json.dumps(row)) == row


def _killed(*_given: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_is_killed_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "_measure_here", _killed)
    said = refusal_of(lambda: measure.measure(Composition.parse("summarize+es"), Schedule(2, 6, 1e-3)))
    assert f"training of {KINDS[0]} was killed" in said
    assert "a smaller --batch-size than 6" in said


def _measure(out: Path) -> None:
    app(["scale", "measure", "summarize+es", "--out", str(out)], standalone_mode=False)


def test_a_measurement_takes_the_place_of_a_measurement_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"trains": "lc++", "parameters": 1, "seconds_a_step": 3.0, "peak_rss_bytes": 2**30}]
    monkeypatch.setattr(measure, "measure", lambda *_given: rows)
    out = tmp_path / "measured.json"
    for _ in range(2):
        _measure(out)
        assert json.loads(out.read_text())["rows"] == rows
    monkeypatch.setattr(measure, "measure", lambda *_given: pytest.fail("it must not come to that"))
    (tmp_path / "folder").mkdir()
    for name, content in (("README.md", "mine"), ("log.json", '{"rows": []}')):
        (tmp_path / name).write_text(content)
        with pytest.raises(ToolchainError, match=rf"{name} is there and is no log of a measurement"):
            _measure(tmp_path / name)
        assert (tmp_path / name).read_text() == content
    with pytest.raises(ToolchainError, match="folder is a folder, where a file is to be written"):
        _measure(tmp_path / "folder")


def test_the_table_compares_with_the_joint_expert() -> None:
    rows = [
        {"trains": "lc++", "parameters": 52736, "seconds_a_step": 3.0, "peak_rss_bytes": 3 * 2**30},
        {"trains": "joint-expert", "parameters": 3796992, "seconds_a_step": 4.0, "peak_rss_bytes": 6 * 2**30},
    ]
    assert table(rows).splitlines()[2:] == [
        "| lc++ | 52,736 | 3.00 (0.75) | 3.00 (0.50) |",
        "| joint-expert | 3,796,992 | 4.00 (1.00) | 6.00 (1.00) |",
    ]
