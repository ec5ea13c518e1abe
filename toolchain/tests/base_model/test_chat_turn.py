"""text/2: a base that was trained on turns of a chat is asked inside one, by ids that no text of a user's can become."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from toolchain.base_model.prompt import encode_turn
from toolchain.base_model.specification import base_model
from toolchain.bundle.manifest import Text
from toolchain.errors import ToolchainError
from toolchain.tests.tiny import BOS, EOS, SPECIFICATION, byte_tokenizer
from toolchain.tests.tiny_bases import import_tiny, put_template, write_tiny
from toolchain.text import TextError, encode_prompt

TEMPLATE = "<bos>U:{{ messages[0]['content'] }}<eos>{% if add_generation_prompt %}A:{% endif %}"
BYTES = byte_tokenizer()
PROMPT = "Say: {input} Said:"


def _ids(text: str) -> tuple[int, ...]:
    return tuple(BYTES.encode(text, add_special_tokens=False).ids)


pytestmark = pytest.mark.usefixtures("chosen_base")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_tiny(tmp_path / "qwen2", "qwen2")


@pytest.mark.parametrize("in_config", [True, False])
def test_an_imported_base_knows_its_turn(model: Path, in_config: bool) -> None:
    put_template(model, TEMPLATE, in_config=in_config)
    base = import_tiny(model)
    assert (base.turn_start_ids, base.turn_end_ids) == (_ids("U:"), (EOS, *_ids("A:")))
    assert base_model() == base


def test_a_template_that_writes_the_date_gives_the_same_turn_on_any_day(model: Path) -> None:
    """As Llama 3.2's does."""
    dated = "{% if not date_string is defined %}{% set date_string = strftime_now('%d %b %Y') %}{% endif %}{{ date_string }}"
    put_template(model, TEMPLATE.replace("U:", dated + "U:"))
    assert import_tiny(model).turn_start_ids == _ids("26 Jul 2024U:")
    put_template(model, TEMPLATE.replace("U:", "{{ strftime_now('%d') }}U:"))
    with pytest.raises(ToolchainError, match="it writes the day"):
        import_tiny(model)


def test_a_turn_that_leaves_no_room_is_refused(model: Path) -> None:
    put_template(model, TEMPLATE.replace("U:", "U" * 100))
    with pytest.raises(ToolchainError, match="take 104 of 96 tokens"):
        import_tiny(model)


def test_a_base_without_a_template_has_no_turn(model: Path) -> None:
    base = import_tiny(model)
    assert (base.turn_start_ids, base.turn_end_ids) == ((), ())


@pytest.mark.parametrize(
    "template",
    [
        "{{ raise_exception('no') }}",
        "{% if",
        "{{ messages[0]['content'] | upper }}",
        "{{ messages[0]['content'] }}{{ messages[0]['content'] }}<eos>",
        "[INST] {{ messages[0]['content'] }} [/INST]",
        "{{ 1 / 0 }}",
        "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
    ],
)
def test_a_template_that_cannot_hold_a_message_is_refused(model: Path, template: str) -> None:
    put_template(model, template)
    with pytest.raises(ToolchainError, match="chat template that cannot be used") as refused:
        import_tiny(model)
    assert str(model) in str(refused.value)
    assert "\n" not in str(refused.value)


@given(
    st.text("ab <eos>\n", min_size=1).filter(str.strip), st.lists(st.integers(3, 99), max_size=4), st.integers(20, 60)
)
def test_the_turn_stands_around_the_text_and_counts(text: str, turn: list[int], limit: int) -> None:
    plain = replace(SPECIFICATION, max_prompt_tokens=limit)
    start, end = tuple(turn), (EOS, *turn[:1])
    taken = len(start) + len(end)
    turned = replace(plain, turn_start_ids=start, turn_end_ids=end, max_prompt_tokens=limit + taken)
    expected = encode_prompt(BYTES, BOS, PROMPT, text, limit)
    found = encode_turn(BYTES, turned, PROMPT, text)
    assert found.ids == [BOS, *start, *expected.ids[1:], *end]
    assert found.input_truncated == expected.input_truncated
    assert encode_turn(BYTES, plain, PROMPT, text) == expected
    assert EOS not in expected.ids, "what a user writes is no special token"


@pytest.mark.parametrize(("version", "ids"), [("text/1", [3]), ("text/2", [])])
def test_a_turn_belongs_to_text_2(version: str, ids: list[int]) -> None:
    rules = {"bos_token_id": 2, "eos_token_ids": [1], "max_prompt_tokens": 9, "max_new_tokens": 9}
    with pytest.raises(ValidationError, match="turn"):
        Text.model_validate(rules | {"version": version, "turn_end_ids": ids})


def test_what_does_not_fit_beside_the_turn_is_refused() -> None:
    turned = replace(SPECIFICATION, turn_start_ids=(3, 4, 5), max_prompt_tokens=12)
    with pytest.raises(TextError, match="does not fit into 12 tokens"):
        encode_turn(BYTES, turned, PROMPT, "hello")
