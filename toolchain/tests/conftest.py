"""One thread, reproducible properties, and the tiny base as a fixture."""

import os
import shutil

os.environ["OMP_NUM_THREADS"] = "1"  # Read by torch when it is imported: the machine is shared.

from pathlib import Path

import pytest
from hypothesis import settings

from toolchain import paths
from toolchain.adapters.corrections import CalibrationMethod
from toolchain.adapters.methods.calibrated import BRIEF, FROM_TWO_STEP, FURTHER
from toolchain.base_model import specification
from toolchain.base_model.load import LoadedBase
from toolchain.bundle.export import export_bundle
from toolchain.tasks import Composition
from toolchain.tests.assets import put_adapters, put_calibration
from toolchain.tests.bundles import COMPOSITIONS, commit
from toolchain.tests.tiny import SPECIFICATION, tiny_base

# No deadline: the machine is shared. Derandomised: a failure is the commit's, not the day's.
settings.register_profile("toolchain", deadline=None, derandomize=True, database=None, max_examples=60)
settings.load_profile("toolchain")


@pytest.fixture
def base() -> LoadedBase:
    """A fresh tiny base, the same in every test."""
    return tiny_base()


@pytest.fixture(scope="session")
def base_once() -> LoadedBase:
    """The tiny base for tests that leave it as it is: property tests run many examples on one."""
    return tiny_base()


@pytest.fixture
def chosen_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another base than the default one is chosen, and not imported yet."""
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TANDEM_BASE", "tiny-base")


@pytest.fixture
def assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for `assets`, with adapters and calibrations of summarize+es for the tiny base."""
    composition = Composition.parse("summarize+es")
    # What a test leaves half done is gone on with by nobody, and no user's checkpoint by a test.
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(paths, "ADAPTERS", tmp_path / "adapters")
    monkeypatch.setattr(paths, "CALIBRATIONS", tmp_path / "calibrations")
    monkeypatch.setattr(paths, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(specification, "base_model", lambda _name=None: SPECIFICATION)
    put_adapters(composition)
    for method in CalibrationMethod:
        put_calibration(composition, method)
    for name in (FROM_TWO_STEP, FURTHER):
        put_calibration(composition, CalibrationMethod.LC_PLUS_PLUS, committed_as=name)
    put_calibration(composition, CalibrationMethod.LC_PLUS_PLUS_R, committed_as=BRIEF)
    return tmp_path


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with its base, for tests that leave it as it is."""
    folder = tmp_path_factory.mktemp("exported")
    with pytest.MonkeyPatch.context() as patch:
        base = commit(folder, patch)
        export_bundle(base, COMPOSITIONS, folder / "bundle", pack_base=True)
    return folder / "bundle"


@pytest.fixture
def bundle(exported: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copytree(exported, tmp_path / "bundle"))
