"""What the toolchain exports, the device core takes: signed, in one file, in parts, with compositions of three tasks."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Run, require_program

from toolchain import paths
from toolchain.adapters.calibration_file import Calibration, Entry, write_calibration
from toolchain.adapters.corrections import CalibrationMethod
from toolchain.adapters.files import Adapter, adapter_hash, read_adapter
from toolchain.adapters.methods.calibrated import calibration_path
from toolchain.adapters.safetensors_file import Array
from toolchain.base_model.specification import BaseSpecification
from toolchain.bundle.export import Form, export_bundle
from toolchain.bundle.manifest import MANIFEST_FILE, SIGNATURE_FILE
from toolchain.bundle.signing import SecretKey
from toolchain.tasks import Composition
from toolchain.tests.bundles import COMPOSITIONS, commit

THREE = COMPOSITIONS[2]


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BaseSpecification:
    """Random adapters and calibrations for a base that nothing here runs."""
    return commit(tmp_path, monkeypatch)


@pytest.fixture
def key(tmp_path: Path) -> SecretKey:
    """A new key, whose public half is `key.pub`."""
    made = SecretKey.make()
    (tmp_path / "key.pub").write_text(made.public_key().text(), encoding="utf-8")
    return made


def _json(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("archive", [False, True])
def test_the_core_checks_the_signature_of_a_bundle_in_either_form(
    tiny: BaseSpecification, key: SecretKey, run_tandem: Run, tmp_path: Path, archive: bool
) -> None:
    export_bundle(tiny, COMPOSITIONS, tmp_path / "bundle", pack_base=True, form=Form(sign=key, archive=archive))
    path = tmp_path / ("bundle.tandem" if archive else "bundle")
    verified = run_tandem("verify", "--bundle", path, "--public-key", tmp_path / "key.pub")
    assert verified.returncode == 0, verified.stderr
    assert "signature checked" in verified.stdout
    shown = _json(run_tandem("inspect", "--bundle", path, "--public-key", tmp_path / "key.pub", "--json"))
    assert shown["signed"]
    assert list(THREE.ids) in [item["tasks"] for item in shown["compositions"]]
    (tmp_path / "other.pub").write_text(SecretKey.make().public_key().text(), encoding="utf-8")
    refused = run_tandem("verify", "--bundle", path, "--public-key", tmp_path / "other.pub")
    assert (refused.returncode, "error[signature-invalid]" in refused.stderr) == (3, True)


def test_the_ordinary_minisign_checks_a_bundle(tiny: BaseSpecification, key: SecretKey, tmp_path: Path) -> None:
    require_program("minisign")
    export_bundle(tiny, COMPOSITIONS, tmp_path / "bundle", pack_base=False, form=Form(sign=key))
    manifest = tmp_path / "bundle" / MANIFEST_FILE
    command: list[str | Path] = [
        "minisign",
        "-V",
        "-p",
        tmp_path / "key.pub",
        "-m",
        manifest,
        "-x",
        tmp_path / "bundle" / SIGNATURE_FILE,
    ]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    manifest.write_bytes(manifest.read_bytes() + b"\n")
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_a_device_that_holds_the_adapters_takes_a_new_composition_in_kilobytes(
    tiny: BaseSpecification, key: SecretKey, run_tandem: Run, tmp_path: Path
) -> None:
    def take(name: str, expected: int = 0) -> "subprocess.CompletedProcess[str]":
        opening = ("--library", tmp_path / "library", "--public-key", tmp_path / "key.pub", "--json")
        done = run_tandem("store", "import", *opening, tmp_path / f"{name}.tandem")
        assert done.returncode == expected, done.stderr
        return done

    signed = Form(sign=key, archive=True)
    export_bundle(tiny, [COMPOSITIONS[0], COMPOSITIONS[1]], tmp_path / "first", pack_base=True, form=signed)
    only = Form(sign=key, archive=True, calibrations_only=True)
    export_bundle(tiny, COMPOSITIONS, tmp_path / "more", pack_base=False, form=only)
    assert "error[store-missing-files]" in take("more", expected=7).stderr
    assert json.loads(take("first").stdout)["state"] == "ready"
    taken = json.loads(take("more").stdout)
    assert taken["state"] == "ready"
    assert THREE.name in taken["compositions"]


def test_the_core_does_three_tasks_in_one_pass(
    base: BaseSpecification, run_tandem: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The committed adapters and a calibration that adds nothing: it must answer as the mean of the three does."""
    three = Composition.parse("summarize+witty+fr")
    monkeypatch.setattr(paths, "CALIBRATIONS", tmp_path / "calibrations")
    adapters = {task: paths.ADAPTERS / task for task in three.ids}
    entries = [
        Entry(0, 17, name.rsplit(".", 1)[1], p1=np.ones((1, a.shape[1])), p2=np.zeros((b.shape[0], 1)))
        for name, (a, b) in _first_layer(read_adapter(adapters["fr"])).items()
    ]
    hashes = {task: adapter_hash(folder) for task, folder in adapters.items()}
    calibration = Calibration("lc++", three.name, base.sha256, hashes, tuple(entries))
    write_calibration(calibration_path(three, CalibrationMethod.LC_PLUS_PLUS), calibration)
    export_bundle(base, [three], tmp_path / "bundle", pack_base=False)
    run = ("run", "--bundle", tmp_path / "bundle", "--base", base.path, "--task", "summarize", "--into", "witty,fr")
    lines = [
        {"id": 1, "conversation": [{"speaker": "Ana", "text": "Lunch at 1?"}, {"speaker": "Ben", "text": "1:30!"}]}
    ]
    answers = {
        mode: _json(run_tandem(*run, "--mode", mode, "--max-tokens", 24, "--json", lines=lines))
        for mode in ("calibrated", "merge", "two-step")
    }
    assert [len(answer["steps"]) for answer in answers.values()] == [1, 1, 3]
    assert answers["calibrated"]["steps"][0]["tasks"] == list(three.ids)
    assert answers["calibrated"]["text"] == answers["merge"]["text"] != ""


def _first_layer(adapter: Adapter) -> dict[str, tuple[Array, Array]]:
    linears = [name for name in adapter.linears if ".layers.0." in name]
    return {name: (adapter.tensors[f"{name}.lora_A"], adapter.tensors[f"{name}.lora_B"]) for name in linears}
