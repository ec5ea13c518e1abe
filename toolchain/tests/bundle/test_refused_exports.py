"""Nothing is exported that does not belong together, or that no device could compose."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from toolchain import paths
from toolchain.adapters.calibration_file import read_calibration, write_calibration
from toolchain.adapters.corrections import CalibrationMethod
from toolchain.adapters.files import write_adapter
from toolchain.adapters.methods.calibrated import calibration_path
from toolchain.base_model.specification import BaseSpecification
from toolchain.bundle.export import committed_compositions, export_bundle
from toolchain.errors import ToolchainError
from toolchain.hashing import sha256_file
from toolchain.recommendations import write_recommendations
from toolchain.tasks import Composition
from toolchain.tests.bundles import COMPOSITIONS, contents, leftovers
from toolchain.tests.tiny import random_adapter


def test_what_no_manifest_can_say_is_a_sentence(base: BaseSpecification, tmp_path: Path) -> None:
    for mistaken, compositions, named in (
        (replace(base, max_new_tokens=0), COMPOSITIONS, "max_new_tokens"),
        (base, [COMPOSITIONS[0]] * 2, "twice"),
    ):
        with pytest.raises(ToolchainError, match=named) as refused:
            export_bundle(mistaken, compositions, tmp_path / "bundle", pack_base=False)
        assert "\n" not in str(refused.value)
    write_recommendations({COMPOSITIONS[0].name: {"prompt_overrides": {"merge": "Sum up."}}})
    with pytest.raises(ToolchainError, match=r"prompt_overrides.*Sum up"):
        export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=False)
    assert not (tmp_path / "bundle").exists()
    assert not leftovers(tmp_path)


def test_a_damaged_log_of_an_adapter_is_named(base: BaseSpecification, tmp_path: Path) -> None:
    for content in ("{", "[]", '{"source": "x"}'):
        (paths.ADAPTERS / "es" / "import_log.json").write_text(content)
        with pytest.raises(ToolchainError, match=r"import_log\.json"):
            export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=False)


@pytest.mark.parametrize("missing", ["adapter", "calibration", "base", "tokenizer", "terms"])
def test_an_export_names_what_is_missing_and_leaves_the_old_bundle(
    base: BaseSpecification, tmp_path: Path, missing: str
) -> None:
    export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=True)
    before = contents(tmp_path / "bundle")
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
    assert contents(tmp_path / "bundle") == before


def test_a_calibration_of_anything_else_is_not_exported(base: BaseSpecification, tmp_path: Path) -> None:
    def refusal(composition: Composition, base: BaseSpecification) -> str:
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


def test_a_damaged_base_is_not_exported_and_what_makes_it_again_is_said(
    base: BaseSpecification, tmp_path: Path
) -> None:
    base.path.write_bytes(b"damaged")
    for packages, command in (((), "model import"), (("tiny==1.0.0",), "model get")):
        with pytest.raises(ToolchainError, match=f"{base.file}.*{command}"):
            export_bundle(replace(base, packages=packages), COMPOSITIONS, tmp_path / "bundle", pack_base=True)


def test_a_base_that_the_device_core_cannot_run_is_not_exported(base: BaseSpecification, tmp_path: Path) -> None:
    for compositions in (COMPOSITIONS, []):
        with pytest.raises(ToolchainError, match=r"tiny cannot be exported, .* it is another kind; .*--engine python"):
            export_bundle(
                replace(base, refusal="it is another kind"), compositions, tmp_path / "bundle", pack_base=False
            )


def test_a_tokenizer_of_something_else_is_not_exported(base: BaseSpecification, tmp_path: Path) -> None:
    base.tokenizer_path.write_bytes(b"another")
    with pytest.raises(ToolchainError, match=r"tokenizer\.json is missing, or not the tiny file"):
        export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=False)


def test_nothing_to_export_is_an_error(base: BaseSpecification, tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="no calibration"):
        export_bundle(base, [], tmp_path / "bundle", pack_base=False)


def test_a_calibration_that_no_device_can_compose_is_not_exported(base: BaseSpecification, tmp_path: Path) -> None:
    path = calibration_path(COMPOSITIONS[0], CalibrationMethod.LC_PLUS_PLUS)
    whole = read_calibration(path)
    first = whole.entries[0]
    assert first.p1 is not None
    wider = replace(first, p1=np.ones((len(first.p1), first.p1.shape[1] + 1), np.float16))
    for entries, said in (
        ((wider, *whole.entries[1:]), "different shapes"),
        (whole.entries[1:], "a single rank"),
    ):
        write_calibration(path, replace(whole, entries=entries))
        with pytest.raises(ToolchainError, match=f"cannot be composed: .*{said}") as refused:
            export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=False)
        assert str(path) in str(refused.value)
    weights = np.array([1e30, 0.5], dtype=np.float32)
    write_calibration(path, replace(whole, entries=tuple(replace(entry, weights=weights) for entry in whole.entries)))
    with pytest.raises(ToolchainError, match="not finite in fp16: train it again"):
        export_bundle(base, COMPOSITIONS[:1], tmp_path / "bundle", pack_base=False)
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize("name", ["notes", "summarize"])
def test_a_calibration_of_no_composition_is_named(base: BaseSpecification, name: str) -> None:
    (paths.CALIBRATIONS / "lc++" / f"{name}.safetensors").write_bytes(b"x")
    with pytest.raises(ToolchainError, match=rf"holds a calibration .*{name}.*move it away"):
        committed_compositions()
