"""`evaluate --engine device` on the real core: a mode of the exported bundle and the same adapter alone say the same."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from toolchain.adapters.methods.registry import METHODS
from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs
from toolchain.evaluation.engines.device_engine import DeviceEngine
from toolchain.evaluation.engines.engine import Engine, Question
from toolchain.evaluation.engines.open_engine import open_engine
from toolchain.recommendations import shipped_calibration
from toolchain.tasks import Composition

COMPOSITION = Composition.parse("summarize+es")


@pytest.fixture
def engine() -> Iterator[Engine]:
    """As `evaluate` opens it."""
    with open_engine(DeviceEngine.id) as opened:
        yield opened


@pytest.mark.usefixtures("tandem", "base")
def test_the_calibrated_mode_is_its_composed_adapter(engine: Engine) -> None:
    pairs = composition_pairs(COMPOSITION, Split.VALIDATION)[:2]
    method = METHODS[shipped_calibration(COMPOSITION)]
    (prompt,) = engine.prompts(method, COMPOSITION).values()
    question = Question(method, COMPOSITION, prompt)
    assert isinstance(engine, DeviceEngine)
    assert engine.run(question).mode == "calibrated"
    alone = Question(replace(method, id="its adapter alone"), COMPOSITION, prompt)
    answers = [
        [answer.text for finished in engine.answers(asked, pairs) for answer in finished.values()]
        for asked in (question, alone)
    ]
    assert answers[0] == answers[1]
    assert all(answers[0])
