"""What a licence forbids to ship is not exported."""

import json
from pathlib import Path

import pytest

from toolchain import paths
from toolchain.adapters.corrections import CalibrationMethod
from toolchain.adapters.importing import IMPORT_LOG
from toolchain.adapters.lora import LOG_FILE
from toolchain.adapters.merging.calibrated import calibration_log_path
from toolchain.base_model.specification import BaseModel
from toolchain.bundle.may_ship import refuse_what_may_not_ship
from toolchain.errors import ToolchainError
from toolchain.recommendations import write_recommendations
from toolchain.tests.assets import put_calibration
from toolchain.tests.bundles import COMPOSITIONS, commit


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BaseModel:
    return commit(tmp_path, monkeypatch)


@pytest.mark.parametrize("method", [CalibrationMethod.LC_PLUS_PLUS, CalibrationMethod.LC_PLUS_PLUS_S])
def test_a_calibration_on_targets_that_forbid_it_does_not_ship(base: BaseModel, method: CalibrationMethod) -> None:
    composition = COMPOSITIONS[0]
    put_calibration(composition, method, base.sha256)
    write_recommendations({composition.name: {"calibration": method}})
    log = calibration_log_path(composition, method)
    for content, allowed in (
        ({"training_pairs": 3}, True),
        ({"targets": {"licence": ["CC BY 4.0", "CC0-1.0"]}}, True),
        ({"targets": {"licence": ["CC BY 4.0", "CC BY-NC 4.0"]}}, False),
        ([], False),
    ):
        log.write_text(json.dumps(content))
        if allowed:
            refuse_what_may_not_ship([composition])
            continue
        with pytest.raises(ToolchainError, match=r"under CC BY-NC 4\.0|no log") as refused:
            refuse_what_may_not_ship([composition])
        assert str(log) in str(refused.value)


@pytest.mark.usefixtures("base")
def test_an_imported_adapter_whose_licence_forbids_it_does_not_ship() -> None:
    log = paths.ADAPTERS / "es" / IMPORT_LOG
    for licence in (None, "CC0-1.0"):
        log.write_text(json.dumps({"source": "elsewhere", "licence": licence}))
        refuse_what_may_not_ship(COMPOSITIONS)
    log.write_text(json.dumps({"source": "elsewhere", "licence": "CC BY-NC-ND 4.0"}))
    with pytest.raises(ToolchainError, match=r"es/import_log\.json says that the adapter is under CC BY-NC-ND 4\.0"):
        refuse_what_may_not_ship(COMPOSITIONS)
    refuse_what_may_not_ship([item for item in COMPOSITIONS if "es" not in item.ids])


@pytest.mark.usefixtures("base")
def test_an_adapter_trained_on_texts_whose_licence_forbids_it_does_not_ship() -> None:
    log = paths.ADAPTERS / "es" / LOG_FILE
    own = json.loads(log.read_text(encoding="utf-8")) if log.is_file() else {}
    log.write_text(json.dumps(own | {"texts_licences": ["CC0-1.0"]}))
    refuse_what_may_not_ship(COMPOSITIONS)
    log.write_text(json.dumps(own | {"texts_licences": ["CC0-1.0", "CC BY-NC 4.0"]}))
    with pytest.raises(ToolchainError, match=r"es/training_log\.json says .* trained on texts under CC BY-NC 4\.0"):
        refuse_what_may_not_ship(COMPOSITIONS)
    log.write_text(json.dumps(own | {"texts_licences": "CC0-1.0"}))
    with pytest.raises(ToolchainError, match="is no log of an adapter"):
        refuse_what_may_not_ship(COMPOSITIONS)
