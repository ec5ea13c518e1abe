"""The methods under comparison: which prompts and adapters each of them applies."""

import re
from dataclasses import replace

import numpy as np
import pytest

from toolchain import paths
from toolchain.adapters.calibration_file import read_calibration, write_calibration
from toolchain.adapters.compose import compose
from toolchain.adapters.corrections import CalibrationMethod
from toolchain.adapters.files import Adapter, read_adapter, write_adapter
from toolchain.adapters.methods import calibrated
from toolchain.adapters.methods.calibrated import calibration_path
from toolchain.adapters.methods.in_context import SHOTS
from toolchain.adapters.methods.method import Method
from toolchain.adapters.methods.registry import METHODS, method_named
from toolchain.adapters.methods.scope import trained_with
from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs
from toolchain.errors import NotFinite, ToolchainError
from toolchain.evaluation.engines.prompts import prompt_variants
from toolchain.tasks import TASKS, Composition
from toolchain.tests.tiny import random_adapter
from toolchain.text import render_prompt

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
        "in-context": [None],
        "main": [first],
        "auxiliary": [second],
        "merge": [compose([first, second], [0.5, 0.5])],
        "two-step": [first, second],
    }
    for trained, calibration in calibrations.items():
        expected[trained] = [compose([first, second], [0.5, 0.5], calibration)]
    for name, adapters in expected.items():
        found = METHODS[name].adapters(COMPOSITION)
        assert len(found) == len(adapters), name
        for one, other in zip(found, adapters, strict=True):
            assert one is None if other is None else _same(one, other), name


def test_two_step_asks_each_task_alone_and_the_others_ask_for_all_at_once() -> None:
    for name, method in METHODS.items():
        if name == "in-context":
            continue
        templates = list(method.templates(COMPOSITION, "asked for: {input}"))
        expected = [task.prompt for task in COMPOSITION.tasks] if name == "two-step" else ["asked for: {input}"]
        assert templates == expected


def test_what_was_trained_with_a_prompt_keeps_it() -> None:
    # Their fitting chooses weights and settings of a merge, and sees no prompt but the composition's.
    without_a_prompt = {"ties", "dare", "lorahub", "lm-cocktail"}
    learned = {name for name, method in METHODS.items() if method.fit} - without_a_prompt | calibrated.IDS
    assert {name for name, method in METHODS.items() if method.tunes_prompt} == set(METHODS) - learned - {
        "two-step",
        "in-context",
    }


@pytest.mark.parametrize("name", ["summarize+es", "reply+witty"])
def test_examples_stand_before_the_question(name: str) -> None:
    composition = Composition.parse(name)
    (template,) = METHODS["in-context"].templates(composition, composition.prompt)
    assert template.endswith("\n\n" + composition.prompt)
    examples = template.removesuffix(composition.prompt)
    assert "{" not in examples, "a placeholder in an example would be filled by the user's text"
    pairs = composition_pairs(composition, Split.CALIBRATION)
    solved = [f"{render_prompt(composition.prompt, pair.source, pair.reply_speaker)} {pair.target}" for pair in pairs]
    shown = [example for example in solved if example in examples]
    assert len(shown) == SHOTS
    assert max(map(len, shown)) <= min(
        len(example) for example in solved if example not in shown and "{" not in example
    )


def test_prompt_variants_are_the_contracts_and_mixtures() -> None:
    for name in ("summarize", "es"):
        assert prompt_variants(Composition.of(name)) == {"contract": TASKS[name].prompt}
    for name in ("summarize+es", "reply+witty", "summarize+witty+fr"):
        composition = Composition.parse(name)
        variants = prompt_variants(composition)
        assert variants["contract"] == composition.prompt
        assert variants["main"] == composition.tasks[0].prompt
        assert all(variant.count("{input}") == 1 for variant in variants.values())
        asked = composition.tasks[-1].phrase
        said = {kind: tuple(asked in part for part in variant.split("{input}")) for kind, variant in variants.items()}
        assert said["contract"] == (True, True)
        assert (said["cue-only"], said["request-only"], said["main"]) == ((False, True), (True, False), (False, False))
        assert variants["auxiliary-request"].startswith(composition.tasks[-1].prompt.split("{input}")[0])


def test_a_repeat_applies_what_its_seed_trained_and_seed_0_stays_what_ships() -> None:
    other = replace(read_calibration(calibration_path(COMPOSITION, "lc")), method=CalibrationMethod.LC)
    write_calibration(calibration_path(trained_with(COMPOSITION, 1), "lc++"), other)
    (found,) = method_named("lc++@1").adapters(COMPOSITION)
    (lc,) = METHODS["lc"].adapters(COMPOSITION)
    assert lc is not None
    assert _same(found, lc)
    (shipped,) = method_named("lc++").adapters(COMPOSITION)
    assert not _same(shipped, lc)
    assert trained_with(COMPOSITION, 0) is COMPOSITION


@pytest.mark.parametrize(
    "name", ["unheard-of", "merge@1", "lc++@", "lc++@0", "lc++@01", "lc++@x", "lc++-shared@1", "dare@1", "@1"]
)
def test_what_is_no_method_or_no_seed_of_one_is_refused(name: str) -> None:
    with pytest.raises(ToolchainError, match=re.escape(repr(name))):
        method_named(name)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("tensor", ["lora_A", "lora_B", "bias"])
def test_a_method_that_makes_a_number_that_is_not_finite_does_not_answer(tensor: str, number: float) -> None:
    adapter = random_adapter(0)
    linear = adapter.linears[-1]
    last = np.zeros_like(adapter.tensors.get(f"{linear}.{tensor}", np.zeros(3, np.float16)))
    last.flat[-1] = number
    damaged = replace(adapter, tensors=adapter.tensors | {f"{linear}.{tensor}": last})
    said = re.escape(f"damaged of summarize+es makes numbers of {linear} that are not finite in fp16")
    with pytest.raises(NotFinite, match=said):
        Method("damaged", lambda _composition: [None, adapter, damaged]).adapters(COMPOSITION)


def test_a_calibration_that_makes_numbers_beyond_fp16_does_not_answer() -> None:
    path = calibration_path(COMPOSITION, "lc++f")
    trained = read_calibration(path)
    weights = np.array([1e30, 0.5], dtype=np.float32)
    write_calibration(path, replace(trained, entries=tuple(replace(item, weights=weights) for item in trained.entries)))
    with pytest.raises(NotFinite, match=r"lc\+\+f of summarize\+es makes numbers of .* not finite in fp16"):
        METHODS["lc++f"].adapters(COMPOSITION)


def test_a_calibration_answers_for_its_own_composition_adapters_and_base_alone() -> None:
    trained = read_calibration(calibration_path(COMPOSITION, "lc++"))
    write_calibration(calibration_path(COMPOSITION, "lc++"), replace(trained, composition="summarize+fr"))
    with pytest.raises(ToolchainError, match=r"for summarize\+fr"):
        METHODS["lc++"].adapters(COMPOSITION)
    write_calibration(calibration_path(COMPOSITION, "lc++"), replace(trained, base_sha256="9" * 64))
    with pytest.raises(ToolchainError, match="of base 9"):
        METHODS["lc++"].adapters(COMPOSITION)
    write_calibration(calibration_path(COMPOSITION, "lc++"), trained)
    write_adapter(paths.ADAPTERS / "es", random_adapter(9), "tiny")
    with pytest.raises(ToolchainError, match="another es adapter"):
        METHODS["lc++"].adapters(COMPOSITION)
