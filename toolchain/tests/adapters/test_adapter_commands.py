"""What `adapter import` says beside its data: what is to be done, and only where it is."""

from pathlib import Path

import pytest

from toolchain import paths
from toolchain.adapters.commands import import_command
from toolchain.adapters.files import LOG_FILE, adapter_hash, write_adapter
from toolchain.base_model import specification
from toolchain.log_file import write_log
from toolchain.tests.tiny import SPECIFICATION, random_adapter, tiny_model

ANOTHER_CALIBRATION = "compositions with es need a new calibration"


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(paths, "ADAPTERS", tmp_path / "adapters")
    monkeypatch.setattr(specification, "base_model", lambda _name=None: SPECIFICATION)
    tiny_model().config.save_pretrained(SPECIFICATION.dequantised_path)
    write_adapter(tmp_path / "foreign", random_adapter(seed=9), SPECIFICATION.name)
    return tmp_path / "foreign"


def test_a_new_calibration_is_asked_for_where_the_tasks_adapter_became_another(
    foreign: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(out: Path | None = None) -> str:
        import_command(foreign, "es", "MIT", replace=True, out=out)
        return capsys.readouterr().err

    assert said(tmp_path / "elsewhere") == ""
    assert ANOTHER_CALIBRATION in said()
    assert said() == ""
    write_adapter(foreign, random_adapter(seed=8), SPECIFICATION.name)
    assert said(tmp_path / "elsewhere") == ""
    assert ANOTHER_CALIBRATION in said(paths.ADAPTERS / "." / "es")


def test_it_is_said_that_the_texts_of_its_training_forbid_to_ship_it(
    foreign: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = {"training_pairs": 9, "git_commit": "0" * 40, "data": {}, "texts_licences": ["CC-BY-NC-4.0"]}
    write_log(foreign / LOG_FILE, log | {"adapter_sha256": adapter_hash(foreign)})
    import_command(foreign, "es", "MIT")
    assert "(CC-BY-NC-4.0) forbids to ship it" in capsys.readouterr().err
