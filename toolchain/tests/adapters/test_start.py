"""LC++F goes on from LC++S, with the data of its composition alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from toolchain import paths
from toolchain.adapters import calibration as calibrating
from toolchain.adapters.calibration import train_calibration
from toolchain.adapters.calibration_file import read_calibration, write_calibration
from toolchain.adapters.compose import compose
from toolchain.adapters.corrections import CalibrationMethod
from toolchain.adapters.files import IMPORT_LOG, read_adapter
from toolchain.adapters.methods.calibrated import calibration_path
from toolchain.adapters.safetensors_file import Array
from toolchain.adapters.training import Schedule, TrainingLog
from toolchain.base_model.load import LoadedBase
from toolchain.data.benchmark import UNSTATED
from toolchain.errors import ToolchainError
from toolchain.generation.generate import adapter_applied
from toolchain.hashing import sha256_file
from toolchain.log_file import write_log
from toolchain.tasks import Composition
from toolchain.tests.assets import put_calibration
from toolchain.tests.tiny import SPECIFICATION, logits, tiny_base

COMPOSITION, METHOD = Composition.parse("summarize+es"), CalibrationMethod.LC_PLUS_PLUS_F
IDS = [2, 50, 61, 72, 83, 94, 105]
HARDLY_ANY = Schedule(steps=2, batch_size=2, learning_rate=1e-9, evaluate_every=2)


def _pairs(path: Path) -> list[Array]:
    """P1 and P2 of every entry."""
    found = [tensor for entry in read_calibration(path).entries for tensor in (entry.p1, entry.p2)]
    return [tensor for tensor in found if tensor is not None]


@pytest.fixture
def start(assets: Path) -> Path:
    return calibration_path(COMPOSITION, CalibrationMethod.LC_PLUS_PLUS_S)


@pytest.fixture
def out(assets: Path) -> Path:
    return assets / "c.safetensors"


def test_training_starts_at_the_shared_calibration(base: LoadedBase, start: Path, out: Path) -> None:
    log = train_calibration(base, COMPOSITION, METHOD, HARDLY_ANY, out, start=start)
    assert log["start_sha256"] == sha256_file(start)
    assert (read_calibration(out).method, read_calibration(out).composition) == (METHOD, COMPOSITION.name)
    for trained, begun in zip(_pairs(out), _pairs(start), strict=True):
        np.testing.assert_allclose(trained, begun, rtol=1e-3, atol=1e-4)


def test_training_moves_away_from_there(base: LoadedBase, start: Path, out: Path) -> None:
    train_calibration(base, COMPOSITION, METHOD, Schedule(2, 2, 0.1, evaluate_every=2), out, start=start)
    assert not any(
        np.allclose(trained, begun, atol=1e-3) for trained, begun in zip(_pairs(out), _pairs(start), strict=True)
    )


def test_it_is_trained_beside_the_mean_and_may_be_composed_with_other_weights(
    base: LoadedBase, start: Path, out: Path
) -> None:
    weights, mean = (0.75, 0.5), (0.5, 0.5)
    train_calibration(base, COMPOSITION, METHOD, HARDLY_ANY, out, merge_weights=weights, start=start)
    adapters = [read_adapter(paths.ADAPTERS / task) for task in COMPOSITION.ids]
    plain = tiny_base()
    with adapter_applied(plain.model, compose(adapters, mean, read_calibration(start))):
        torch.testing.assert_close(logits(base, IDS), logits(plain, IDS), rtol=1e-3, atol=1e-3)
    with adapter_applied(plain.model, compose(adapters, weights, read_calibration(start))):
        expected = logits(plain, IDS)
    with adapter_applied(plain.model, compose(adapters, mean, read_calibration(out))):
        torch.testing.assert_close(logits(plain, IDS), expected, rtol=1e-3, atol=1e-3)


def test_its_log_goes_on_with_the_licences_that_the_log_of_the_start_says(
    start: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> tuple[list[str], dict[str, list[str]]]:
        log = train_calibration(tiny_base(), COMPOSITION, METHOD, HARDLY_ANY, out, start=start)
        return log["adapter_licences"], log.get("start_targets", {})

    monkeypatch.setattr(calibrating, "train", lambda *_given: TrainingLog())
    assert told() == ([UNSTATED], {}), "it has no log"
    write_log(log := start.with_name("summarize.json"), {"calibration_sha256": {COMPOSITION.name: sha256_file(start)}})
    assert told() == ([], {}), "of a log without the field all adapters are ours"
    named = {"calibration_sha256": {COMPOSITION.name: sha256_file(start)}, "adapter_licences": ["CC BY-NC 4.0"]}
    write_log(log, named | {"targets": {"licence": ["CC BY-ND 4.0"]}})
    write_log(paths.ADAPTERS / "es" / IMPORT_LOG, {"licence": "CC0-1.0", "base_sha256": SPECIFICATION.sha256})
    targets = {"source": [], "licence": ["CC BY-ND 4.0"], "teacher": []}
    assert told() == (["CC BY-NC 4.0", "CC0-1.0"], targets)
    write_log(log, named | {"calibration_sha256": {COMPOSITION.name: "0" * 64}})
    assert told() == (["CC0-1.0", UNSTATED], {}), "the log is of another calibration"


def test_no_start_is_refused(base: LoadedBase, out: Path, assets: Path) -> None:
    with pytest.raises(ToolchainError, match=r"lc\+\+f: a start"):
        train_calibration(base, COMPOSITION, METHOD, HARDLY_ANY, out)


def test_a_start_for_another_method_is_refused(base: LoadedBase, start: Path, out: Path) -> None:
    with pytest.raises(ToolchainError, match=r"lc\+\+: a start"):
        train_calibration(base, COMPOSITION, CalibrationMethod.LC_PLUS_PLUS, HARDLY_ANY, out, start=start)


def test_a_start_that_is_not_shared_is_refused(base: LoadedBase, out: Path, assets: Path) -> None:
    own = calibration_path(COMPOSITION, CalibrationMethod.LC_PLUS_PLUS)
    with pytest.raises(ToolchainError, match=r"is of lc\+\+: lc\+\+f starts at lc\+\+s"):
        train_calibration(base, COMPOSITION, METHOD, HARDLY_ANY, out, start=own)


@pytest.mark.parametrize("change", ["base", "composition"])
def test_a_start_of_something_else_is_refused(base: LoadedBase, start: Path, out: Path, change: str) -> None:
    trained = COMPOSITION
    if change == "base":
        put_calibration(COMPOSITION, CalibrationMethod.LC_PLUS_PLUS_S, base_sha256="9" * 64)
    else:
        trained = Composition.parse("summarize+fr")
        (paths.ADAPTERS / "fr").symlink_to(paths.ADAPTERS / "es")
    with pytest.raises(ToolchainError, match=r"is of base 9|was trained for"):
        train_calibration(base, trained, METHOD, HARDLY_ANY, out, start=start)


def test_a_start_of_another_rank_is_refused(base: LoadedBase, start: Path, out: Path) -> None:
    shared = read_calibration(start)
    assert all(entry.p1 is not None and entry.p2 is not None for entry in shared.entries)
    of_rank_1 = tuple(replace(entry, p1=entry.p1[:1], p2=entry.p2[:, :1]) for entry in shared.entries)  # type: ignore[index]
    write_calibration(start, replace(shared, entries=of_rank_1))
    with pytest.raises(ToolchainError, match=r"make it anew with `toolchain train main-task summarize`"):
        train_calibration(base, COMPOSITION, METHOD, HARDLY_ANY, out, start=start)


def test_an_interrupted_training_does_not_go_on_from_another_start(
    start: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = Schedule(4, 4, 0.01, evaluate_every=2)

    def killed(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("toolchain.adapters.calibration.write_calibration", killed)
        with pytest.raises(KeyboardInterrupt):
            train_calibration(tiny_base(), COMPOSITION, METHOD, schedule, out, start=start)
    shared = read_calibration(start)
    doubled = tuple(replace(entry, p2=2 * entry.p2) for entry in shared.entries if entry.p2 is not None)
    write_calibration(start, replace(shared, entries=doubled))
    log = train_calibration(tiny_base(), COMPOSITION, METHOD, schedule, out, start=start)
    fresh = train_calibration(
        tiny_base(), COMPOSITION, METHOD, schedule, out.with_name("fresh.safetensors"), start=start
    )
    assert log["losses"] == fresh["losses"]
