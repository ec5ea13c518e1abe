"""What an export reads: a base in a cache, adapters and calibrations where committed ones would be."""

from dataclasses import replace
from pathlib import Path

import pytest

from toolchain import paths
from toolchain.adapters.corrections import CalibrationMethod
from toolchain.adapters.methods.calibrated import calibration_log_path, calibration_path
from toolchain.base_model.specification import BaseSpecification
from toolchain.hashing import sha256_file
from toolchain.log_file import write_log
from toolchain.tasks import Composition
from toolchain.tests.assets import put_adapters, put_calibration
from toolchain.tests.tiny import SPECIFICATION, byte_tokenizer

COMPOSITIONS = [Composition.parse(name) for name in ("summarize+es", "reply+witty", "summarize+witty+es")]


def _put_base(cache: Path) -> BaseSpecification:
    """A base whose files are there; nothing of a bundle looks into them."""
    models = cache / "model"
    models.mkdir(parents=True)
    (models / SPECIFICATION.file).write_bytes(b"GGUF and tensors")
    byte_tokenizer().save(str(models / "tokenizer.json"))
    (models / SPECIFICATION.terms_file).write_text("terms")
    (models / SPECIFICATION.notice_file).write_text("notice")
    return replace(
        SPECIFICATION,
        sha256=sha256_file(models / SPECIFICATION.file),
        tokenizer_sha256=sha256_file(models / "tokenizer.json"),
    )


def commit(folder: Path, patch: pytest.MonkeyPatch) -> BaseSpecification:
    """Adapters and calibrations where committed ones would be, for a base in a cache."""
    patch.setenv("TANDEM_CACHE", str(folder / "cache"))
    patch.setattr(paths, "ADAPTERS", folder / "adapters")
    patch.setattr(paths, "CALIBRATIONS", folder / "calibrations")
    patch.setattr(paths, "RESULTS", folder / "results")
    base = _put_base(folder / "cache")
    put_adapters(Composition.parse("summarize+es+witty"))
    put_adapters(Composition.parse("reply+witty"))
    for composition in COMPOSITIONS:
        put_calibration(composition, CalibrationMethod.LC_PLUS_PLUS, base.sha256)
        path = calibration_path(composition, CalibrationMethod.LC_PLUS_PLUS)
        told = {"composition": composition.name, "calibration_sha256": sha256_file(path)}
        write_log(calibration_log_path(composition, CalibrationMethod.LC_PLUS_PLUS), told)
    return base


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder, by their path in it."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def leftovers(folder: Path) -> list[Path]:
    """What an export that ended half-way would leave beside its bundle."""
    return [path for path in folder.iterdir() if path.name.endswith((".partial", ".replaced"))]
