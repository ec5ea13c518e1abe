"""Export: what is exported verifies, and nothing is exported that does not belong together."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from toolchain import paths
from toolchain.adapters.calibration import CalibrationMethod
from toolchain.adapters.files import adapter_hash, write_adapter
from toolchain.adapters.merging.calibrated import calibration_path
from toolchain.base_model.specification import BaseModel
from toolchain.bundle.export import committed_compositions, export_bundle
from toolchain.bundle.verify import verify_bundle
from toolchain.errors import ToolchainError
from toolchain.evaluation.recommend import write_recommendations
from toolchain.hashing import sha256_file
from toolchain.tasks import Composition
from toolchain.tests.bundles import COMPOSITIONS, commit
from toolchain.tests.tiny import random_adapter


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BaseModel:
    return commit(tmp_path, monkeypatch)


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("pack_base", [True, False])
def test_what_is_exported_verifies(base: BaseModel, tmp_path: Path, pack_base: bool) -> None:
    manifest = export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base)
    assert verify_bundle(tmp_path / "bundle") == manifest
    assert (f"base/{base.file}" in manifest.files) == pack_base
    assert [path.name for path in tmp_path.iterdir() if "bundle" in path.name] == ["bundle"], "no half bundle is left"
    for task, adapter in manifest.adapters.items():
        assert adapter.sha256 == adapter_hash(paths.ADAPTERS / task)
    assert (manifest.base.bytes, manifest.base.sha256) == (base.path.stat().st_size, base.sha256)


def test_compositions_are_offered_with_the_main_tasks_alone(base: BaseModel, tmp_path: Path) -> None:
    manifest = export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=False)
    offered = {"+".join(item.tasks): item for item in manifest.compositions}
    assert offered.keys() == {"summarize", "reply", *(item.name for item in COMPOSITIONS)}
    for name, item in offered.items():
        assert item.prompt == Composition.parse(name).prompt
        assert sum(item.weights) == pytest.approx(1)
        assert len(item.weights) == len(item.tasks)
        assert (item.recommended_mode == "calibrated") == (item.calibration is not None) == ("+" in name)
    assert {task.id for task in manifest.tasks} == {"summarize", "reply", "es", "witty"}


def test_recommendations_are_in_the_manifest(base: BaseModel, tmp_path: Path) -> None:
    name = COMPOSITIONS[0].name
    chosen = {
        "recommended_mode": "merge",
        "validation": {"merge.rouge_l": 0.5},
        "prompt_overrides": {"merge": "Sum up: {input}"},
    }
    write_recommendations({name: chosen})
    manifest = export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=False)
    offered = {"+".join(item.tasks): item for item in manifest.compositions}
    assert offered[name].model_dump(include=set(chosen)) == chosen
    assert offered[COMPOSITIONS[1].name].recommended_mode == "calibrated"


def test_every_committed_calibration_is_exported_by_default(base: BaseModel) -> None:
    assert {item.name for item in committed_compositions()} == {item.name for item in COMPOSITIONS}


def test_an_export_is_deterministic_but_for_the_commit(base: BaseModel, tmp_path: Path) -> None:
    def content(folder: Path) -> tuple[dict[str, bytes], dict[str, Any]]:
        export_bundle(base, COMPOSITIONS, folder, pack_base=True)
        files = _files(folder)
        manifest: dict[str, Any] = json.loads(files.pop("manifest.json"))
        assert manifest["tool"].pop("git_commit")
        return files, manifest

    assert content(tmp_path / "one") == content(tmp_path / "other")


def test_an_export_replaces_an_older_bundle_but_nothing_else(base: BaseModel, tmp_path: Path) -> None:
    export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=True)
    (tmp_path / "bundle" / "leftover").write_text("x")
    export_bundle(base, COMPOSITIONS[:1], tmp_path / "bundle", pack_base=False)
    verify_bundle(tmp_path / "bundle")
    precious = tmp_path / "photographs"
    precious.mkdir()
    (precious / "1.jpg").write_text("x")
    with pytest.raises(ToolchainError, match="photographs"):
        export_bundle(base, COMPOSITIONS, precious, pack_base=False)
    assert (precious / "1.jpg").exists()


@pytest.mark.parametrize("missing", ["adapter", "calibration", "base", "tokenizer", "terms"])
def test_an_export_names_what_is_missing_and_leaves_the_old_bundle(
    base: BaseModel, tmp_path: Path, missing: str
) -> None:
    export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=True)
    before = _files(tmp_path / "bundle")
    path = {
        "adapter": paths.ADAPTERS / "es" / "adapter_model.safetensors",
        "calibration": calibration_path(COMPOSITIONS[0], CalibrationMethod.LC_PLUS_PLUS),
        "base": base.path,
        "tokenizer": base.tokenizer_path,
        "terms": base.licence_paths()[0],
    }[missing]
    path.unlink()
    with pytest.raises(ToolchainError) as refused:
        export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=True)
    assert str(path) in str(refused.value)
    assert _files(tmp_path / "bundle") == before


def test_a_calibration_of_anything_else_is_not_exported(base: BaseModel, tmp_path: Path) -> None:
    def refusal(composition: Composition, base: BaseModel) -> str:
        with pytest.raises(ToolchainError) as refused:
            export_bundle(base, [composition], tmp_path / "bundle", pack_base=False)
        assert str(calibration_path(composition, CalibrationMethod.LC_PLUS_PLUS)) in str(refused.value)
        return str(refused.value)

    first, _, third = COMPOSITIONS
    calibrations = paths.CALIBRATIONS / "lc++"
    other_order = Composition.parse("summarize+es+witty")
    shutil.copy(calibrations / f"{third.name}.safetensors", calibrations / f"{other_order.name}.safetensors")
    assert third.name in refusal(other_order, base)
    base.path.write_bytes(b"another base")
    refusal(first, replace(base, sha256=sha256_file(base.path)))
    write_adapter(paths.ADAPTERS / "es", random_adapter(seed=99), "tiny")
    assert "es adapter" in refusal(first, base)


def test_a_damaged_base_is_not_exported(base: BaseModel, tmp_path: Path) -> None:
    base.path.write_bytes(b"damaged")
    with pytest.raises(ToolchainError, match=base.file):
        export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=True)


def test_nothing_to_export_is_an_error(base: BaseModel, tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="no calibration"):
        export_bundle(base, [], tmp_path / "bundle", pack_base=False)
