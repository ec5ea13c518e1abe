"""Which linears a configuration chooses: those that PEFT adapts, and no factors of others are taken."""

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import LoraConfig, get_peft_model
from peft.utils.other import get_pattern_key

from toolchain.adapters import peft_patterns
from toolchain.adapters.files import MODULES
from toolchain.adapters.linears import adapted_linears
from toolchain.adapters.peft_patterns import alpha_for, refuse_left_out
from toolchain.errors import ToolchainError
from toolchain.tests.tiny import tiny_model

LINEARS = [name for name, _ in adapted_linears(tiny_model())]
PATH = Path("adapter_config.json")

some_names = st.lists(
    st.sampled_from([*MODULES, "proj", "mlp.up_proj", "layers.1.mlp.down_proj", *LINEARS[:3]]), min_size=1, unique=True
)
expressions = st.sampled_from(
    ["all-linear", "ALL-LINEAR", r".*\.(q|v)_proj", r"model\.layers\.[12].*proj", "q_proj", "", ".*proj"]
)
layers = st.none() | st.integers(-1, 3) | st.lists(st.integers(-1, 3))
layer_lists = st.sampled_from([None, [], "", "layers", ["h", "layers"], ["h"], r"model\.layers"])
configs = st.fixed_dictionaries(
    {"target_modules": some_names | expressions},
    optional={
        "exclude_modules": st.none() | some_names | expressions,
        "layers_to_transform": layers,
        "layers_pattern": layer_lists,
    },
)


def _adapted_by_peft(config: dict[str, Any]) -> set[str]:
    try:
        wrapped = get_peft_model(tiny_model(), LoraConfig(task_type="CAUSAL_LM", **config))
    except ValueError:  # It takes no such configuration, or it would adapt nothing.
        return set()
    modules = wrapped.get_base_model().named_modules()
    return {name for name, module in modules if hasattr(module, "lora_A")} & set(LINEARS)


def _taken(config: dict[str, Any], linear: str) -> bool:
    try:
        refuse_left_out(PATH, config, [linear], LINEARS)
    except ToolchainError:
        return False
    return True


@settings(max_examples=40)
@given(configs)
def test_factors_of_what_peft_adapts_are_taken_and_of_nothing_else(config: dict[str, Any]) -> None:
    assert {linear for linear in LINEARS if _taken(config, linear)} == _adapted_by_peft(config)


@given(st.dictionaries(st.sampled_from(["q_proj", "v_proj", ".*mlp.*", "down_proj"]), st.integers(1, 3)))
def test_an_alpha_that_depends_on_the_order_of_keys_is_refused_and_any_other_is_pefts(pattern: dict[str, int]) -> None:
    for linear in LINEARS:
        by_peft = {pattern.get(get_pattern_key(keys, linear), 7) for keys in permutations(pattern)}
        config = {"lora_alpha": 7, "alpha_pattern": pattern}
        if len(by_peft) > 1:
            with pytest.raises(ToolchainError, match=f"{PATH}: alpha_pattern has {min(by_peft)} and .* for {linear}, "):
                alpha_for(PATH, config, linear)
        else:
            assert {alpha_for(PATH, config, linear)} == by_peft


@pytest.mark.parametrize(
    "config",
    [
        {"target_modules": 5},
        {"target_modules": None},
        {"target_modules": ["q_proj", 5]},
        {"target_modules": "("},
        {"target_modules": list(MODULES), "exclude_modules": {"q_proj": 1}},
        {"target_modules": list(MODULES), "exclude_modules": ")"},
        {"target_modules": list(MODULES), "layers_to_transform": "0"},
        {"target_modules": list(MODULES), "layers_to_transform": True},
        {"target_modules": list(MODULES), "layers_to_transform": [0], "layers_pattern": 1},
        {"target_modules": list(MODULES), "layers_to_transform": [0], "layers_pattern": "(.*)*x"},
    ],
)
def test_what_chooses_no_linears_is_named(config: dict[str, Any]) -> None:
    key = list(config)[-1]
    with pytest.raises(ToolchainError, match=f"{PATH}: {key}('s| is) ") as refused:
        refuse_left_out(PATH, config, LINEARS, LINEARS)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("key", ["target_modules", "exclude_modules"])
def test_an_expression_that_takes_ages_is_refused(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peft_patterns, "_MATCH_SECONDS", 0.01)
    config = {"target_modules": list(MODULES)} | {key: "(.*)" * 8 + r"\3\4(?<!j)"}
    with pytest.raises(ToolchainError, match=f"{key}.* takes too long to match"):
        refuse_left_out(PATH, config, LINEARS, LINEARS)
