"""What is said of an engine before it answers."""

import pytest

from toolchain.base_model.load import LoadedBase
from toolchain.errors import ToolchainError
from toolchain.evaluation.engines import open_engine
from toolchain.evaluation.engines.python_engine import PYTHON, PYTHON_BF16
from toolchain.tests.tiny import tiny_base


def test_an_unknown_engine_is_told_with_those_that_there_are() -> None:
    with (
        pytest.raises(ToolchainError, match="unknown engine 'torch': choose from python, python-bf16, device"),
        open_engine.open_engine("torch"),
    ):
        pass


@pytest.mark.parametrize(
    ("engine", "slow", "told"), [(PYTHON_BF16, True, True), (PYTHON_BF16, False, False), (PYTHON, True, False)]
)
def test_a_faster_engine_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], engine: str, slow: bool, told: bool
) -> None:
    def load_base(_specification: object) -> LoadedBase:
        return tiny_base()

    monkeypatch.setattr(open_engine, "load_base", load_base)
    monkeypatch.setattr(open_engine, "is_slow_on", lambda _device: slow)
    with open_engine.open_engine(engine) as opened:
        assert opened.id == engine
    assert (f"--engine {PYTHON} " in capsys.readouterr().err) is told
