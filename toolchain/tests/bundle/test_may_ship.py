"""What a licence forbids to ship is not exported."""

import json
import re

import pytest

from toolchain import paths
from toolchain.adapters.corrections import CalibrationMethod
from toolchain.adapters.files import IMPORT_LOG, LOG_FILE, adapter_hash, write_adapter
from toolchain.adapters.methods.calibrated import calibration_log_path, calibration_path
from toolchain.base_model.specification import BaseSpecification
from toolchain.bundle import may_ship
from toolchain.bundle.manifest import ManifestAdapter
from toolchain.bundle.may_ship import refuse_what_may_not_ship
from toolchain.bundle.model_card import model_card
from toolchain.data.benchmark import UNSTATED
from toolchain.errors import ToolchainError
from toolchain.hashing import sha256_file
from toolchain.recommendations import write_recommendations
from toolchain.tests.assets import put_calibration
from toolchain.tests.bundles import COMPOSITIONS
from toolchain.tests.tiny import random_adapter


@pytest.mark.parametrize("method", [CalibrationMethod.LC_PLUS_PLUS, CalibrationMethod.LC_PLUS_PLUS_S])
def test_a_calibration_on_targets_that_forbid_it_does_not_ship(
    base: BaseSpecification, method: CalibrationMethod
) -> None:
    composition = COMPOSITIONS[0]
    put_calibration(composition, method, base.sha256)
    write_recommendations({composition.name: {"calibration": method}})
    log = calibration_log_path(composition, method)
    found = sha256_file(calibration_path(composition, method))
    named = {"calibration_sha256": {composition.name: found} if method is CalibrationMethod.LC_PLUS_PLUS_S else found}
    for content, allowed in (
        ({"training_pairs": 3}, True),
        ({"adapter_licences": ["CC BY 4.0", "CC0-1.0"]}, True),
        ({"adapter_licences": ["CC BY 4.0", "CC BY-NC 4.0"]}, False),
        ({"adapter_licences": "CC BY 4.0"}, False),
        ({"start_targets": {"licence": ["CC BY-NC 4.0"]}}, False),
        ({"targets": {"licence": ["CC BY 4.0", "CC0-1.0"]}}, True),
        ({"targets": {"licence": ["CC BY 4.0", "CC BY-NC 4.0"]}}, False),
        ({"benchmark_licence": ["CC BY 4.0", "CC BY-NC 4.0"]}, False),
        ([], False),
    ):
        log.write_text(json.dumps({**content, **named} if isinstance(content, dict) else content))
        if allowed:
            refuse_what_may_not_ship([composition])
            continue
        with pytest.raises(ToolchainError, match=r"under CC BY-NC 4\.0|no log") as refused:
            refuse_what_may_not_ship([composition])
        assert str(log) in str(refused.value)


def test_what_goes_on_from_a_calibration_of_which_too_little_is_known_is_told_to_begin_there(
    base: BaseSpecification,
) -> None:
    composition, method = COMPOSITIONS[0], CalibrationMethod.LC_PLUS_PLUS
    put_calibration(composition, method, base.sha256)
    found = sha256_file(calibration_path(composition, method))
    told = {"calibration_sha256": found, "adapter_licences": ["CC BY 4.0", UNSTATED]}
    calibration_log_path(composition, method).write_text(json.dumps(told))
    with pytest.raises(ToolchainError, match=r"goes on from one whose log does not tell .* train that one again"):
        refuse_what_may_not_ship([composition])


@pytest.mark.usefixtures("base")
def test_nothing_that_a_benchmark_forbids_to_ship_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(may_ship, "licences", lambda: ["CC BY 4.0"])
    refuse_what_may_not_ship(COMPOSITIONS)
    for licence, found in (("CC BY-NC 4.0", "under CC BY-NC 4.0"), (UNSTATED, "whose licence is not stated")):
        monkeypatch.setattr(may_ship, "licences", lambda licence=licence: ["CC BY 4.0", licence])
        with pytest.raises(ToolchainError, match=rf"has data {found}: what is trained on it may not ship"):
            refuse_what_may_not_ship(COMPOSITIONS)


@pytest.mark.usefixtures("base")
def test_a_calibration_without_its_log_does_not_ship() -> None:
    log = calibration_log_path(COMPOSITIONS[0], CalibrationMethod.LC_PLUS_PLUS)
    refuse_what_may_not_ship(COMPOSITIONS)
    log.unlink()
    with pytest.raises(
        ToolchainError, match=r"summarize\+es\.json is missing, so it is not known under which licences"
    ):
        refuse_what_may_not_ship(COMPOSITIONS)


@pytest.mark.parametrize("method", [CalibrationMethod.LC_PLUS_PLUS, CalibrationMethod.LC_PLUS_PLUS_S])
def test_a_log_of_another_calibration_lets_nothing_ship(base: BaseSpecification, method: CalibrationMethod) -> None:
    composition, another = COMPOSITIONS[:2]
    for item in (composition, another):
        put_calibration(item, method, base.sha256)
    write_recommendations({composition.name: {"calibration": method}})
    path, log = calibration_path(composition, method), calibration_log_path(composition, method)
    hashes = {item.name: sha256_file(calibration_path(item, method)) for item in (composition, another)}
    log.write_text(
        json.dumps(
            {"calibration_sha256": hashes if method == CalibrationMethod.LC_PLUS_PLUS_S else hashes[composition.name]}
        )
    )
    refuse_what_may_not_ship([composition])
    path.write_bytes(calibration_path(another, method).read_bytes())
    with pytest.raises(
        ToolchainError, match=rf"{re.escape(log.name)} is of a calibration with the hash {hashes[composition.name]}"
    ):
        refuse_what_may_not_ship([composition])
    for nothing in ({}, {"calibration_sha256": {another.name: hashes[another.name]}}, {"calibration_sha256": None}):
        log.write_text(json.dumps(nothing))
        with pytest.raises(
            ToolchainError, match=rf"{re.escape(log.name)} does not say by its hash which calibration it is of"
        ):
            refuse_what_may_not_ship([composition])


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


@pytest.mark.parametrize("name", [LOG_FILE, IMPORT_LOG])
def test_a_log_of_other_weights_lets_nothing_ship(base: BaseSpecification, name: str) -> None:
    folder = paths.ADAPTERS / "es"
    trained = {"training_pairs": 910, "git_commit": "0" * 40, "data": {}}
    told = {"source": "elsewhere", "licence": "CC0-1.0"} if name == IMPORT_LOG else trained
    (folder / name).write_text(json.dumps(told | {"adapter_sha256": adapter_hash(folder)}))
    adapters = {"es": ManifestAdapter(path="adapters/es", rank=2, sha256=adapter_hash(folder))}
    refuse_what_may_not_ship(COMPOSITIONS)
    assert "elsewhere" in model_card(base, adapters, []) or "910 pairs" in model_card(base, adapters, [])
    write_adapter(folder, random_adapter(seed=9), "tiny")
    for asked in (lambda: refuse_what_may_not_ship(COMPOSITIONS), lambda: model_card(base, adapters, [])):
        with pytest.raises(ToolchainError, match=rf"es/{name} is of an adapter with the hash .*{adapter_hash(folder)}"):
            asked()
