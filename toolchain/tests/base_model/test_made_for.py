"""What was made for a base is used with that base alone, and with it as it was asked then."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain import paths
from toolchain.adapters.calibration_data import target_data
from toolchain.adapters.calibration_file import Calibration, read_calibration, write_calibration
from toolchain.adapters.files import IMPORT_LOG, LOG_FILE
from toolchain.adapters.importing import import_adapter, linear_shapes
from toolchain.adapters.interpolation import POINTS, interpolate
from toolchain.adapters.lora import LoraShape, train_lora
from toolchain.adapters.methods.calibrated import calibration_path
from toolchain.adapters.methods.fitted import fit_method, fitted_log
from toolchain.adapters.methods.registry import METHODS
from toolchain.adapters.task_adapter import task_adapter
from toolchain.adapters.training import Schedule
from toolchain.adapters.two_step_targets import make_two_step_targets
from toolchain.base_model import specification
from toolchain.base_model.load import load_base
from toolchain.base_model.made_for import refuse_of_another_base
from toolchain.base_model.specification import GEMMA_3_270M, BaseSpecification
from toolchain.data.teacher_targets import Target, read_targets, targets_path, write_targets
from toolchain.data.unlabelled import first_of_each_split, of_the_benchmark
from toolchain.errors import ToolchainError
from toolchain.tasks import TASKS, Composition
from toolchain.tests.fitting import BUDGET
from toolchain.tests.tiny import EOS, SPECIFICATION, silent, tiny_base, tiny_model
from toolchain.tests.tiny_bases import import_tiny, put_template, write_tiny

COMPOSITION = Composition.parse("summarize+es")
TURNED = replace(SPECIFICATION, turn_end_ids=(EOS,))
ANOTHER = "with another chat template, tokenizer or limits of tokens"

ids = st.lists(st.integers(0, 9), max_size=3).map(tuple)
counts = st.integers(1, 3)
asked = st.fixed_dictionaries(
    {},
    optional={
        "max_prompt_tokens": counts,
        "max_new_tokens": counts,
        "bos_token_id": counts,
        "eos_token_ids": ids,
        "turn_start_ids": ids,
        "turn_end_ids": ids,
        "tokenizer_sha256": st.sampled_from(["2" * 64, "3" * 64]),
    },
)


@given(asked, asked)
def test_a_base_is_the_same_where_it_has_the_same_weights_and_is_asked_alike(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    first, second = replace(SPECIFICATION, **one), replace(SPECIFICATION, **other)
    if first == second:
        refuse_of_another_base(Path("log"), first.identity, second, "mend it")
    else:
        with pytest.raises(ToolchainError, match=rf"^log is of base tiny .*{ANOTHER} .*: import .* or mend it$"):
            refuse_of_another_base(Path("log"), first.identity, second, "mend it")
    with pytest.raises(ToolchainError, match=r"^log is of base 9+, not 1+ \(tiny\): mend it$"):
        refuse_of_another_base(Path("log"), first.identity | {"base_sha256": "9" * 64}, second, "mend it")


@given(asked)
def test_what_does_not_say_how_its_base_was_asked_is_taken_as_it_is(now: dict[str, Any]) -> None:
    base = replace(SPECIFICATION, **now)
    refuse_of_another_base(Path("log"), {"base_sha256": base.sha256}, base, "mend it")


def test_nothing_that_is_made_for_our_own_base_says_more_than_its_weights() -> None:
    assert GEMMA_3_270M.identity == {"base_sha256": GEMMA_3_270M.sha256}


@pytest.fixture
def now_turned(assets: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], BaseSpecification]:
    """Imports the base anew, with another chat template."""

    def turned() -> BaseSpecification:
        monkeypatch.setattr(specification, "base_model", lambda _name=None: TURNED)
        return TURNED

    return turned


def _adapter(assets: Path) -> Callable[[], object]:
    train_lora(tiny_base(), TASKS["es"], Schedule(1, 1, 0.01), LoraShape(2, 4, 0), paths.ADAPTERS / "es")
    return lambda: task_adapter("es")


def _imported(assets: Path) -> Callable[[], object]:
    tiny_model().config.save_pretrained(SPECIFICATION.dequantised_path)
    folder, place = paths.ADAPTERS / "es", paths.ADAPTERS / "fr"
    import_adapter(folder, SPECIFICATION, linear_shapes(SPECIFICATION), place, None, replace=False)
    return lambda: task_adapter("fr")


def _asked(calibration: Calibration, base: BaseSpecification) -> Calibration:
    return replace(calibration, base_text_sha256=base.asked["base_text_sha256"])


def _calibration(assets: Path) -> Callable[[], object]:
    path = calibration_path(COMPOSITION, "lc++")
    write_calibration(path, _asked(read_calibration(path), SPECIFICATION))
    return lambda: METHODS["lc++"].adapters(COMPOSITION)


def _fitting(assets: Path) -> Callable[[], object]:
    fit_method(METHODS["lorahub"], tiny_base, COMPOSITION, BUDGET)
    return lambda: fitted_log("lorahub", COMPOSITION)


def _two_step(assets: Path) -> Callable[[], object]:
    few = first_of_each_split(of_the_benchmark("single"), 1)
    origin = {"source": "benchmark/single", "licence": "CC BY 4.0"}
    make_two_step_targets(tiny_base(), COMPOSITION, few, assets / "t.jsonl", origin, silent)
    # An answer may be empty, and nothing is trained on that.
    rows = [json.loads(line) | {"target": "hola"} for line in (assets / "t.jsonl").read_text().splitlines()]
    (assets / "t.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return lambda: target_data(COMPOSITION, assets / "t.jsonl", "it")


def _teacher(assets: Path) -> Callable[[], object]:
    write_targets(COMPOSITION, [Target("1", "en", ("es",), "hola")])
    return lambda: read_targets(COMPOSITION)


MADE = {
    "an adapter": (_adapter, f"es/{LOG_FILE}"),
    "an adapter that was imported": (_imported, f"fr/{IMPORT_LOG}"),
    "a calibration": (_calibration, r"lc\+\+/summarize\+es.safetensors"),
    "a fitting": (_fitting, r"lorahub/summarize\+es.json"),
    "the targets of two steps": (_two_step, "t.jsonl"),
    "the targets of a teacher": (_teacher, r"targets/summarize\+es.jsonl"),
}


@pytest.mark.parametrize("what", MADE)
def test_what_was_made_with_another_chat_template_is_refused(
    assets: Path, now_turned: Callable[[], BaseSpecification], what: str
) -> None:
    make, named = MADE[what]
    use = make(assets)
    use()
    now_turned()
    with pytest.raises(ToolchainError, match=rf"{named} is of base tiny .*{ANOTHER}"):
        use()


def test_targets_are_not_added_to_those_of_another_chat_template(
    assets: Path, now_turned: Callable[[], BaseSpecification]
) -> None:
    _two_step(assets)
    turned = replace(tiny_base(), specification=now_turned())
    few = first_of_each_split(of_the_benchmark("single"), 2)
    with pytest.raises(ToolchainError, match=r"t\.jsonl holds records whose base_text_sha256 is"):
        make_two_step_targets(
            turned,
            COMPOSITION,
            few,
            assets / "t.jsonl",
            {"source": "benchmark/single", "licence": "CC BY 4.0"},
            silent,
        )


@pytest.mark.usefixtures("assets")
def test_calibrations_of_two_chat_templates_have_no_point_between_them() -> None:
    own = _asked(read_calibration(calibration_path(COMPOSITION, "lc++")), SPECIFICATION)
    shared = replace(own, method="lc++s")
    interpolate(own, shared, POINTS[0])
    with pytest.raises(ToolchainError, match="not of the same base"):
        interpolate(own, _asked(shared, TURNED), POINTS[0])


@pytest.mark.usefixtures("assets")
def test_targets_for_our_own_base_are_written_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(specification, "base_model", lambda _name=None: GEMMA_3_270M)
    write_targets(COMPOSITION, [Target("1", "en", ("es",), "hola")])
    (row,) = map(json.loads, targets_path(COMPOSITION).read_text().splitlines())
    assert row.keys() == {"id", "source", "target", "adapter_sha256"}


def test_an_adapter_fits_until_its_base_is_imported_with_another_template(
    chosen_base: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "ADAPTERS", tmp_path / "adapters")
    model = write_tiny(tmp_path / "qwen2", "qwen2")
    template = "<bos>{}{{{{ messages[0]['content'] }}}}<eos>"
    put_template(model, template.format("U:"))
    first = import_tiny(model)
    schedule, shape = Schedule(1, 1, 0.01), LoraShape(2, 4, 0)
    train_lora(load_base(first), TASKS["es"], schedule, shape, paths.ADAPTERS / "es")
    put_template(model, template.format("User: "))
    assert import_tiny(model).sha256 == first.sha256
    with pytest.raises(ToolchainError, match=f"{LOG_FILE} is of base tiny-base .*{ANOTHER}"):
        task_adapter("es")
    put_template(model, template.format("U:"))
    assert import_tiny(model) == first
    assert task_adapter("es").rank == 2
