"""What an import says of where its adapter comes from: nothing that a log beside it says of licences is lost."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain import paths
from toolchain.adapters.adapter_logs import texts_licences
from toolchain.adapters.files import LOG_FILE, adapter_hash, write_adapter
from toolchain.adapters.importing import Shapes, import_adapter
from toolchain.adapters.linears import adapted_linears
from toolchain.bundle.may_ship import refuse_what_may_not_ship
from toolchain.errors import ToolchainError
from toolchain.log_file import logged, write_log
from toolchain.tests.adapter_config import set_config
from toolchain.tests.bundles import COMPOSITIONS, commit
from toolchain.tests.tiny import SPECIFICATION, random_adapter, tiny_model

SHAPES: Shapes = {name: (linear.out_features, linear.in_features) for name, linear in adapted_linears(tiny_model())}
TRAINED = {"training_pairs": 910, "git_commit": "0" * 40, "data": {"formality-control.train.telephony.en-es.en": "0"}}


def _import(source: Path, folder: Path, licence: str | None = None) -> dict[str, Any]:
    return import_adapter(source, SPECIFICATION, SHAPES, folder, licence, replace=True)


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """An adapter that was trained here, on texts."""
    folder = tmp_path / "ours"
    write_adapter(folder, random_adapter(seed=9), SPECIFICATION.name)
    write_log(folder / LOG_FILE, TRAINED | {"adapter_sha256": adapter_hash(folder), "texts_licences": ["CC-BY-NC-4.0"]})
    return folder


def test_the_licence_of_an_import_goes_on_where_none_is_given(ours: Path, tmp_path: Path) -> None:
    _import(ours, tmp_path / "nc", "CC BY-NC 4.0")
    again = _import(tmp_path / "nc", tmp_path / "es")
    other = _import(tmp_path / "nc", tmp_path / "fr", "CC0-1.0")
    assert (again["licence"], other["licence"]) == ("CC BY-NC 4.0", "CC0-1.0")


def test_no_import_takes_off_what_forbids_to_ship(ours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(tmp_path, monkeypatch)
    _import(ours, tmp_path / "once", "CC0-1.0")
    _import(tmp_path / "once", paths.ADAPTERS / "es", "CC0-1.0")
    with pytest.raises(ToolchainError, match=r"es/training_log\.json says .* trained on texts under CC-BY-NC-4\.0"):
        refuse_what_may_not_ship(COMPOSITIONS)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("origin")
    write_adapter(folder / "source", random_adapter(seed=9), SPECIFICATION.name)
    return folder


@given(st.lists(st.text(max_size=8)), st.dictionaries(st.text(max_size=8), st.text(max_size=8)))
def test_the_log_of_a_training_goes_on_as_that_of_the_imported_adapter(
    scratch: Path, licences: list[str], data: dict[str, str]
) -> None:
    said = TRAINED | {"texts_licences": licences, "data": data, "base_sha256": "of another copy of the base"}
    write_log(scratch / "source" / LOG_FILE, said)
    _import(scratch / "source", scratch / "es")
    now = {**SPECIFICATION.identity, "adapter_sha256": adapter_hash(scratch / "es")}
    assert logged(scratch / "es" / LOG_FILE, "an adapter") == said | now
    assert texts_licences(scratch / "es" / LOG_FILE) == licences


def test_a_log_of_other_weights_is_not_taken_for_these(ours: Path, tmp_path: Path) -> None:
    set_config(ours, lora_alpha=1)
    with pytest.raises(ToolchainError, match=rf"{LOG_FILE} is of an adapter with the hash") as refused:
        _import(ours, tmp_path / "es")
    assert adapter_hash(ours) in str(refused.value)
    assert not (tmp_path / "es").exists()


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"loss": 1}', json.dumps(TRAINED | {"texts_licences": "CC-BY-NC-4.0"})]
)
def test_a_log_that_is_none_of_ours_is_named(ours: Path, tmp_path: Path, content: str) -> None:
    (ours / LOG_FILE).write_text(content)
    with pytest.raises(ToolchainError, match=f"{LOG_FILE} is no log of an adapter") as refused:
        _import(ours, tmp_path / "es")
    assert "\n" not in str(refused.value)
