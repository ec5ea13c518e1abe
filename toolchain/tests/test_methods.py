"""The methods under comparison: which prompts and adapters each of them applies."""

import numpy as np
import pytest

from toolchain import paths
from toolchain.adapters.calibration import CalibrationMethod
from toolchain.adapters.calibration_file import read_calibration
from toolchain.adapters.compose import compose
from toolchain.adapters.files import Adapter, read_adapter
from toolchain.evaluation.methods import METHODS, calibration_path, prompt_variants
from toolchain.tasks import Composition

COMPOSITION = Composition.parse("summarize+es")
pytestmark = pytest.mark.usefixtures("assets")


def _same(found: Adapter | None, expected: Adapter) -> bool:
    return (
        found is not None
        and found.scale == expected.scale
        and found.tensors.keys() == expected.tensors.keys()
        and all(np.array_equal(found.tensors[name], tensor) for name, tensor in expected.tensors.items())
    )


def test_each_method_applies_what_it_is_named_after() -> None:
    first, second = (read_adapter(paths.ADAPTERS / task) for task in COMPOSITION.ids)
    calibrations = {method: read_calibration(calibration_path(COMPOSITION, method)) for method in CalibrationMethod}
    expected: dict[str, list[Adapter | None]] = {
        "zero-shot": [None],
        "main": [first],
        "merge": [compose([first, second], [0.5, 0.5])],
        "two-step": [first, second],
    }
    for trained, calibration in calibrations.items():
        expected[trained] = [compose([first, second], [0.5, 0.5], calibration)]
    for name, method in METHODS.items():
        found = method.adapters(COMPOSITION)
        assert len(found) == len(expected[name]), name
        for one, other in zip(found, expected[name], strict=True):
            assert one is None if other is None else _same(one, other), name


def test_two_step_asks_each_task_alone_and_the_others_ask_for_all_at_once() -> None:
    for name, method in METHODS.items():
        templates = list(method.templates(COMPOSITION, "asked for: {input}"))
        expected = [task.prompt for task in COMPOSITION.tasks] if name == "two-step" else ["asked for: {input}"]
        assert templates == expected


def test_what_was_trained_with_a_prompt_keeps_it() -> None:
    assert {name for name, method in METHODS.items() if method.tunes_prompt} == {"zero-shot", "main", "merge"}


def test_prompt_variants_are_the_contracts_and_mixtures() -> None:
    for name in ("summarize+es", "reply+witty", "summarize"):
        composition = Composition.parse(name)
        variants = prompt_variants(composition)
        assert variants["contract"] == composition.prompt
        assert variants["main"] == composition.tasks[0].prompt
        assert all(variant.count("{input}") == 1 for variant in variants.values())
