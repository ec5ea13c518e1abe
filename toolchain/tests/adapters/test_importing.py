"""Importing: what PEFT computes with a foreign adapter, ours computes too; what would not be the same is refused with the reason."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

from toolchain import paths
from toolchain.adapters import peft_patterns
from toolchain.adapters.compose import compose, delta
from toolchain.adapters.files import (
    CONFIG_FILE,
    IMPORT_LOG,
    LOG_FILE,
    MODULES,
    TENSORS_FILE,
    adapter_hash,
    read_adapter,
    write_adapter,
)
from toolchain.adapters.foreign_factors import PICKLED_FILE
from toolchain.adapters.importing import Shapes, import_adapter, linear_shapes, read_foreign_adapter
from toolchain.adapters.linears import adapted_linears
from toolchain.adapters.safetensors_file import Array
from toolchain.errors import ToolchainError
from toolchain.tests.adapter_config import set_config
from toolchain.tests.refusals import refusal_of
from toolchain.tests.tiny import SPECIFICATION, random_adapter, tiny_model

SHAPES: Shapes = {name: (linear.out_features, linear.in_features) for name, linear in adapted_linears(tiny_model())}
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
FP16_ROUNDING = 2.0**-11

patterns = st.dictionaries(
    st.sampled_from(["q_proj", "layers.1.mlp.up_proj", ".*mlp.*", "down_proj"]), st.integers(1, 5)
)
"""In any order: of two that fit a linear the first counts, and PEFT writes them sorted."""
alphas = st.dictionaries(st.sampled_from(["q_proj", "layers.1.mlp.up_proj", "down_proj", ".*v_.*"]), st.integers(1, 5))
configs = st.fixed_dictionaries(
    {
        "r": st.integers(1, 5),
        "lora_alpha": st.integers(1, 40),
        "target_modules": st.lists(st.sampled_from(MODULES), min_size=1, unique=True),
    },
    optional={
        "rank_pattern": patterns,
        "alpha_pattern": alphas,
        "init_lora_weights": st.just("gaussian"),
        "layers_to_transform": st.sampled_from([[0], [1]]),
    },
)


def _train_elsewhere(
    folder: Path, seed: int, dtype: torch.dtype = torch.float32, size: float = 0.05, **given: Any
) -> Any:
    """A PEFT adapter of random factors, B of the given size, in `folder`; returns PEFT's own model, which has what was saved."""
    arguments = {"r": 2, "lora_alpha": 4, "target_modules": list(MODULES)} | given
    wrapped = get_peft_model(tiny_model(), LoraConfig(task_type="CAUSAL_LM", **arguments))
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, parameter in wrapped.named_parameters():
            if "lora_" in name:
                parameter.copy_((torch.randn_like(parameter) * (size if "lora_B" in name else 0.05)).to(dtype))
    wrapped.save_pretrained(folder)
    _rewrite(folder, lambda tensors: {name: tensor.to(dtype) for name, tensor in tensors.items()})
    set_config(folder, base_model_name_or_path=f"someone/{SPECIFICATION.name}")
    return wrapped


def _rewrite(folder: Path, change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> None:
    save_file(change(load_file(folder / TENSORS_FILE)), folder / TENSORS_FILE, metadata={"format": "pt"})


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("importing")


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    _train_elsewhere(tmp_path / "foreign", seed=1)
    return tmp_path / "foreign"


def _refusal(folder: Path) -> str:
    return refusal_of(lambda: read_foreign_adapter(folder, SPECIFICATION, SHAPES))


@settings(max_examples=25)
@example({"rank_pattern": {"down_proj": 1, ".*mlp.*": 5}}, "fp32", 0.1, 0)
@given(configs, st.sampled_from(list(DTYPES)), st.sampled_from([1e-5, 1e-3, 0.1, 30.0]), st.integers(0, 999))
def test_the_imported_delta_is_pefts(scratch: Path, config: dict[str, Any], dtype: str, size: float, seed: int) -> None:
    wrapped = _train_elsewhere(scratch / "any", seed, DTYPES[dtype], size, **config)
    adapter = read_foreign_adapter(scratch / "any", SPECIFICATION, SHAPES)
    assert set(adapter.linears) == set(SHAPES)
    layers = dict(wrapped.get_base_model().named_modules())
    for name, shape in SHAPES.items():
        expected, sizes = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        if hasattr(layers[name], "get_delta_weight"):
            expected = layers[name].get_delta_weight("default").detach().numpy()
            sizes = _sizes(layers[name])
        # Each factor is rounded once; what is below fp16's normal numbers then is far below the largest.
        budget = 4 * FP16_ROUNDING * sizes + sizes.max() * 2.0**-10
        assert (np.abs(delta(adapter, name) - expected) <= budget).all(), name


def _sizes(layer: Any) -> Array:
    """|s|·|B|·|A| of a PEFT layer: what the rounding of its factors is in proportion to."""
    a, b = layer.lora_A["default"].weight.abs(), layer.lora_B["default"].weight.abs()
    return np.asarray((layer.scaling["default"] * (b @ a)).detach().numpy())


def test_an_fp16_adapter_is_taken_as_it_is(tmp_path: Path) -> None:
    ours = random_adapter(seed=3, rank=3, alpha=7)
    write_adapter(tmp_path / "ours", ours, SPECIFICATION.name)
    found = read_foreign_adapter(tmp_path / "ours", SPECIFICATION, SHAPES)
    write_adapter(tmp_path / "again", found, SPECIFICATION.name)
    assert adapter_hash(tmp_path / "again") == adapter_hash(tmp_path / "ours")


def test_an_adapter_of_some_linears_composes_with_one_of_all(tmp_path: Path) -> None:
    _train_elsewhere(tmp_path / "foreign", seed=1, r=3, target_modules=["q_proj", "v_proj"])
    partial = read_foreign_adapter(tmp_path / "foreign", SPECIFICATION, SHAPES)
    whole = random_adapter(seed=2)
    composed = compose([whole, partial], [0.5, 0.5])
    untouched = "model.layers.0.mlp.up_proj"
    np.testing.assert_allclose(delta(composed, untouched), delta(whole, untouched) / 2, atol=1e-3)


@pytest.mark.parametrize(
    "harmless",
    [
        {"init_lora_weights": "eva", "eva_config": {"rho": 2.0}},
        {"init_lora_weights": True, "corda_config": {"corda_method": "ipm"}},
        {"init_lora_weights": True, "lora_ga_config": {"direction": "ArB2r"}},
        {"ensure_weight_tying": True},
        *(
            {key: []}
            for key in ("layer_replication", "modules_to_save", "target_parameters", "trainable_token_indices")
        ),
    ],
)
def test_what_changes_nothing_is_taken(foreign: Path, harmless: dict[str, Any]) -> None:
    before = read_foreign_adapter(foreign, SPECIFICATION, SHAPES)
    set_config(foreign, **harmless)
    after = read_foreign_adapter(foreign, SPECIFICATION, SHAPES)
    assert all(np.array_equal(tensor, after.tensors[name]) for name, tensor in before.tensors.items())


AS_THEY_LIE: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "trainable": torch.nn.Parameter,
    "in columns": lambda tensor: tensor.t().contiguous().t(),
    "with the other sign": lambda tensor: torch.complex(tensor, -tensor).conj().imag,
}


@pytest.mark.parametrize("lie", AS_THEY_LIE)
def test_tensors_may_be_pickled_as_peft_did_before(foreign: Path, tmp_path: Path, lie: str) -> None:
    expected = read_foreign_adapter(foreign, SPECIFICATION, SHAPES)
    held = load_file(foreign / TENSORS_FILE)
    torch.save({name: AS_THEY_LIE[lie](tensor) for name, tensor in held.items()}, foreign / PICKLED_FILE)
    (foreign / TENSORS_FILE).unlink()
    found = read_foreign_adapter(foreign, SPECIFICATION, SHAPES)
    assert all(np.array_equal(tensor, found.tensors[name]) for name, tensor in expected.tensors.items())
    log = import_adapter(foreign, SPECIFICATION, SHAPES, tmp_path / "es", None, replace=False)
    assert len(log["source_sha256"]) == 64


class _Runs:
    """What pickles can do when they are opened."""

    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("opened",)


@pytest.mark.parametrize(
    "held",
    [
        _Runs(),
        {"x": _Runs()},
        [torch.zeros(1)],
        {"x": 1},
        {"x": torch.eye(2).to_sparse()},
        {"x": torch.empty(2, device="meta")},
        {"x": torch.zeros(1, dtype=torch.bfloat16).expand(8, 10**15)},
    ],
)
def test_a_pickle_of_anything_else_is_refused_and_not_run(
    foreign: Path, held: object, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(held, foreign / PICKLED_FILE)
    (foreign / TENSORS_FILE).unlink()
    assert "no pickle of tensors alone" in _refusal(foreign)
    (foreign / PICKLED_FILE).write_bytes(b"torn")
    assert "no pickle of tensors alone" in _refusal(foreign)
    assert capsys.readouterr().out == ""


def test_names_may_lack_the_wrappers_prefix_and_carry_the_adapters_name(foreign: Path) -> None:
    plain = read_foreign_adapter(foreign, SPECIFICATION, SHAPES)
    _rewrite(
        foreign,
        lambda tensors: {
            name.removeprefix("base_model.model.").replace(".weight", ".default.weight"): tensor
            for name, tensor in tensors.items()
        },
    )
    again = read_foreign_adapter(foreign, SPECIFICATION, SHAPES)
    for name, tensor in plain.tensors.items():
        np.testing.assert_array_equal(again.tensors[name], tensor)


REFUSED: dict[str, dict[str, Any]] = {
    "DoRA": {"use_dora": True},
    "rsLoRA": {"use_rslora": True},
    "biases (lora_bias": {"lora_bias": True},
    "biases (bias: 'all'": {"bias": "all"},
    "modules_to_save": {"modules_to_save": ["lm_head"]},
    "layer_replication": {"layer_replication": [[0, 1]]},
    "transposed (fan_in_fan_out": {"fan_in_fan_out": True},
    "aLoRA": {"alora_invocation_tokens": [5]},
    "trainable_token_indices": {"trainable_token_indices": [5]},
    "target_parameters": {"target_parameters": ["mlp.experts"]},
    "init_lora_weights: 'pissa'": {"init_lora_weights": "pissa"},
    "init_lora_weights: 'corda'": {"init_lora_weights": "corda", "corda_config": {"corda_method": "ipm"}},
    "of_the_future": {"of_the_future": 1},
    "not a LoRA": {"peft_type": "IA3"},
    "'r'": {"r": 0},
    "has '8' as 'r'": {"r": "8"},
    "has '16' as 'lora_alpha'": {"lora_alpha": "16"},
    "has nan as 'lora_alpha'": {"lora_alpha": float("nan")},
    "lora_alpha": {"lora_alpha": 1e300},
    "too large for fp16": {"lora_alpha": 1e30},
    "meta-llama/Llama-3.2-1B": {"base_model_name_or_path": "meta-llama/Llama-3.2-1B"},
    "tiny-it": {"base_model_name_or_path": "tiny-it"},
    "config.json says 3": {"r": 3},
    "rank_pattern has -1": {"rank_pattern": {"q_proj": -1}},
    "alpha_pattern's '(' is no regular expression": {"alpha_pattern": {"(": 2}},
    "a positive number is wanted": {"alpha_pattern": {"q_proj": 1e300}},
    "rank_pattern is []": {"rank_pattern": []},
    "alpha_pattern is 'abc'": {"alpha_pattern": "abc"},
    "by its target_modules PEFT leaves out": {"target_modules": ["q_proj"]},
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_cannot_be_composed_is_refused_with_its_reason(foreign: Path, reason: str) -> None:
    set_config(foreign, **REFUSED[reason])
    message = _refusal(foreign)
    assert reason in message
    assert str(foreign) in message


def test_a_pattern_that_takes_ages_is_refused(foreign: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peft_patterns, "_MATCH_SECONDS", 0.01)
    set_config(foreign, alpha_pattern={"(.*)" * 8 + r"\3\4(?<!j)": 2})
    assert "takes too long to match" in _refusal(foreign)


def _first(change: Callable[[torch.Tensor], torch.Tensor], *kinds: str) -> Callable[[Path], None]:
    """Change the first factor of each kind."""

    def rewrite(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        names = [next(name for name in sorted(tensors) if kind in name) for kind in kinds]
        return tensors | {name: change(tensors[name]).contiguous() for name in names}

    return lambda foreign: _rewrite(foreign, rewrite)


def _renamed(old: str, new: str) -> Callable[[Path], None]:
    def rename(foreign: Path) -> None:
        _rewrite(foreign, lambda tensors: {name.replace(old, new): tensor for name, tensor in tensors.items()})

    return rename


def _pipe(path: Path) -> None:
    """Put what keeps its reader waiting in the place of a file."""
    path.unlink()
    os.mkfifo(path)


DAMAGED: dict[str, Callable[[Path], object]] = {
    "not finite": _first(lambda tensor: tensor.fill_(float("nan")), "lora_B"),
    "too large for fp16": _first(lambda tensor: tensor.fill_(1e9), "lora_A", "lora_B"),
    "another base's adapter": _first(lambda tensor: torch.cat([tensor, tensor]), "lora_B"),
    "which tiny does not have": _renamed("layers.2.", "layers.7."),
    "only q_proj": _renamed("q_proj", "qkv_proj"),
    "only one LoRA factor": lambda foreign: _rewrite(foreign, lambda tensors: dict(sorted(tensors.items())[1:])),
    "no LoRA factor": _renamed("lora_A.weight", "lora_magnitude_vector"),
    "torch.int8": _first(lambda tensor: tensor.to(torch.int8), "lora_B"),
    "torch.float64: save the factors in fp32, bf16 or fp16": _first(torch.Tensor.double, "lora_B"),
    "changes nothing": lambda foreign: _rewrite(
        foreign, lambda tensors: {name: one * ("lora_A" in name) for name, one in tensors.items()}
    ),
    "ranks 0": _first(lambda tensor: tensor[:0], "lora_A"),
    "config.json is no regular file": lambda foreign: _pipe(foreign / CONFIG_FILE),
    "safetensors is no regular file": lambda foreign: _pipe(foreign / TENSORS_FILE),
    "no tensors": lambda foreign: _rewrite(foreign, lambda _: {}),
    "under two names": lambda foreign: _rewrite(
        foreign,
        lambda tensors: tensors | {name.removeprefix("base_model.model."): 2 * one for name, one in tensors.items()},
    ),
    "is missing": lambda foreign: (foreign / TENSORS_FILE).unlink(),
    "no readable": lambda foreign: (foreign / TENSORS_FILE).write_bytes(b"PK\3\4"),
    "is not JSON": lambda foreign: (foreign / CONFIG_FILE).write_bytes(b"{"),
    "'lora_alpha' is there twice": lambda foreign: (foreign / CONFIG_FILE).write_text(
        (foreign / CONFIG_FILE).read_text().replace("{", '{"lora_alpha": 1, ', 1)
    ),
}


@pytest.mark.parametrize("reason", DAMAGED)
def test_what_is_damaged_or_does_not_fit_is_refused_by_name(foreign: Path, reason: str) -> None:
    DAMAGED[reason](foreign)
    message = _refusal(foreign)
    assert reason in message
    assert str(foreign) in message


def test_a_scale_that_float32_does_not_hold_for_the_highest_rank_is_refused(tmp_path: Path) -> None:
    _train_elsewhere(tmp_path / "foreign", seed=1, rank_pattern={"q_proj": 1})
    set_config(tmp_path / "foreign", alpha_pattern={"q_proj": 3e38})
    assert "float32 does not hold" in _refusal(tmp_path / "foreign")


def test_a_rank_above_what_any_linear_holds_is_refused(tmp_path: Path) -> None:
    highest = max(map(min, SHAPES.values()))
    for rank in (highest, highest + 1):
        _train_elsewhere(tmp_path / str(rank), seed=1, target_modules=["v_proj"], r=rank)
    assert read_foreign_adapter(tmp_path / str(highest), SPECIFICATION, SHAPES).rank == highest
    message = _refusal(tmp_path / str(highest + 1))
    assert f"the rank {highest + 1}" in message
    assert f"above {highest}" in message


def test_files_may_be_links_as_in_hugging_faces_cache(foreign: Path, tmp_path: Path) -> None:
    expected = read_foreign_adapter(foreign, SPECIFICATION, SHAPES)
    (tmp_path / "snapshot").mkdir()
    for name in (CONFIG_FILE, TENSORS_FILE):
        (tmp_path / "snapshot" / name).symlink_to(foreign / name)
    found = read_foreign_adapter(tmp_path / "snapshot", SPECIFICATION, SHAPES)
    assert all(np.array_equal(tensor, found.tensors[name]) for name, tensor in expected.tensors.items())


def test_an_import_is_an_adapter_of_ours_with_its_origin(foreign: Path, tmp_path: Path) -> None:
    folder = tmp_path / "adapters" / "es"
    log = import_adapter(foreign, SPECIFICATION, SHAPES, folder, "CC0-1.0", replace=False)
    read_adapter(folder)
    assert {path.name for path in folder.iterdir()} == {CONFIG_FILE, TENSORS_FILE, IMPORT_LOG}
    assert json.loads((folder / IMPORT_LOG).read_text(encoding="utf-8")) == log
    assert (log["source"], log["licence"], log["adapter_sha256"]) == ("foreign", "CC0-1.0", adapter_hash(folder))
    assert log["source_sha256"] == adapter_hash(foreign)
    before = adapter_hash(folder)
    _train_elsewhere(foreign, seed=2)
    with pytest.raises(ToolchainError, match="--replace"):
        import_adapter(foreign, SPECIFICATION, SHAPES, folder, None, replace=False)
    assert adapter_hash(folder) == before
    (folder / LOG_FILE).write_text("{}", encoding="utf-8")
    import_adapter(foreign, SPECIFICATION, SHAPES, folder, None, replace=True)
    assert adapter_hash(folder) != before
    assert not (folder / LOG_FILE).exists()
    set_config(foreign, use_dora=True)
    with pytest.raises(ToolchainError):
        import_adapter(foreign, SPECIFICATION, SHAPES, folder, None, replace=True)
    assert [path.name for path in folder.parent.iterdir()] == ["es"]
    read_adapter(folder)


def test_a_linear_counts_where_neither_factor_is_zero(foreign: Path, tmp_path: Path) -> None:
    _first(torch.zeros_like, "q_proj.lora_A", "v_proj.lora_B")(foreign)
    log = import_adapter(foreign, SPECIFICATION, SHAPES, tmp_path / "es", None, replace=False)
    assert log["linears"] == len(SHAPES) - 2


def test_the_bases_shapes_are_read_without_its_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path))
    for packages, command in (((), "toolchain model import"), (("tiny==1.0.0",), "toolchain model get")):
        with pytest.raises(ToolchainError, match=command):
            linear_shapes(replace(SPECIFICATION, packages=packages))
    tiny_model().config.save_pretrained(SPECIFICATION.dequantised_path)
    assert linear_shapes(SPECIFICATION) == SHAPES
    assert SPECIFICATION.dequantised_path.parent == paths.models()


def test_the_name_of_the_dequantised_copy_or_of_a_snapshot_is_the_bases_too(foreign: Path) -> None:
    snapshots = [f"/home/a/hub/models--{name}/snapshots/{'0a' * 20}" for name in ("google--tiny", "Tiny", "a--other")]
    for name in (None, "x/TINY/", str(SPECIFICATION.dequantised_path), *snapshots[:2], f"{snapshots[0]}/"):
        set_config(foreign, base_model_name_or_path=name)
        read_foreign_adapter(foreign, SPECIFICATION, SHAPES)
    with pytest.raises(ToolchainError, match="tiny"):
        read_foreign_adapter(foreign, replace(SPECIFICATION, name="large"), SHAPES)
    set_config(foreign, base_model_name_or_path=snapshots[2])
    assert "models--a--other/snapshots" in _refusal(foreign)
