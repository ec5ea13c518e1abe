"""Other bases: a model of each architecture is imported, trained on, calibrated, evaluated and exported; what cannot be is refused."""

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gguf import GGUFReader
from gguf.quants import dequantize

from toolchain import paths
from toolchain.adapters.calibration import train_calibration
from toolchain.adapters.corrections import CalibrationMethod
from toolchain.adapters.files import MODULES, Adapter, read_adapter
from toolchain.adapters.linears import adapted_linears
from toolchain.adapters.lora import LoraShape, train_lora
from toolchain.adapters.methods.calibrated import calibration_path
from toolchain.adapters.training import Schedule
from toolchain.base_model.commands import model_import
from toolchain.base_model.fetch import dequantise
from toolchain.base_model.from_folder import import_base
from toolchain.base_model.gguf_file import SCALED_FREQUENCIES
from toolchain.base_model.load import load_base
from toolchain.base_model.specification import base_model
from toolchain.bundle.export import export_bundle
from toolchain.bundle.verify import verify_bundle
from toolchain.data.benchmark import Split
from toolchain.errors import ToolchainError
from toolchain.evaluation.engines.python_engine import PythonEngine
from toolchain.evaluation.evaluate import Evaluation, evaluate
from toolchain.generation.generate import adapter_applied
from toolchain.tasks import Composition
from toolchain.tests.tiny import logits, silent
from toolchain.tests.tiny_bases import SHAPES, edit_config, import_tiny, tiny, write_tiny

COMPOSITION = Composition.parse("summarize+es")
NAME = "tiny-2.5-base"
IDS = [2, 50, 61, 72, 83, 94, 105]
RUNS_ON_DEVICE = {"llama": "qwen2", "scaled llama": "phi3", "qwen2": "qwen2"}
"""Which architecture the file says."""


@pytest.fixture(autouse=True)
def chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another base than the default one is chosen; its folders are where `paths` would put them in a new process."""
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TANDEM_BASE", NAME)
    for place in ("adapters", "calibrations", "results"):
        monkeypatch.setattr(paths, place.upper(), paths.cache() / place)


@pytest.mark.parametrize("name", ["../x", "A", ".."])
def test_what_no_base_can_be_named_is_refused_before_its_import_is_recommended(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_BASE", name)
    with pytest.raises(ToolchainError, match="a base cannot be named"):
        base_model()


def _places(base: str, cache: Path) -> list[Path]:
    """Where a new process that is told of `base` puts what it makes."""
    told = os.environ | {"TANDEM_BASE": base, "TANDEM_CACHE": str(cache), "PYTHONPATH": str(paths.REPOSITORY)}
    ask = "from toolchain import paths as p; print(p.ADAPTERS, p.CALIBRATIONS, p.RESULTS, p.DEMO_BUNDLE, p.models())"
    done = subprocess.run([sys.executable, "-c", ask], env=told, capture_output=True, text=True, check=True)
    return [Path(place) for place in done.stdout.split()]


def test_what_is_made_for_another_base_never_lands_among_what_is_committed(tmp_path: Path) -> None:
    assert all(place.parent == tmp_path / "bases" / "other" for place in _places("other", tmp_path))
    for unchosen in ("", paths.DEFAULT_BASE):
        *committed, models = _places(unchosen, tmp_path)
        assert all(place.is_relative_to(paths.REPOSITORY) for place in committed)
        assert models == tmp_path / "model"


@pytest.mark.parametrize("kind", SHAPES)
def test_a_base_is_trained_calibrated_evaluated_and_exported(kind: str, tmp_path: Path) -> None:
    imported = import_tiny(write_tiny(tmp_path / kind, kind))
    assert base_model() == imported
    short = Schedule(steps=2, batch_size=2, learning_rate=1e-2, evaluate_every=2)
    for task in COMPOSITION.tasks:
        log = train_lora(
            load_base(imported), task, short, LoraShape(rank=2, alpha=8, dropout=0), paths.ADAPTERS / task.id
        )
        assert log["base_sha256"] == imported.sha256
        assert all(map(math.isfinite, log["losses"]))
        assert len(read_adapter(paths.ADAPTERS / task.id).linears) == len(MODULES) * 2
    method = CalibrationMethod.LC_PLUS_PLUS
    train_calibration(load_base(imported), COMPOSITION, method, short, calibration_path(COMPOSITION, method))
    evaluation = Evaluation(["main", "merge", "lc++", "two-step"], [COMPOSITION.name], Split.TEST, limit=2, seed=0)
    result = evaluate(PythonEngine(load_base(imported)), evaluation, tmp_path / "cells", silent)
    assert {row["method"] for row in result.rows} >= set(evaluation.methods)
    if kind in RUNS_ON_DEVICE:
        manifest = export_bundle(imported, [COMPOSITION], tmp_path / "bundle", pack_base=True)
        assert verify_bundle(tmp_path / "bundle") == manifest
        assert (manifest.base.name, manifest.base.architecture, manifest.base.sha256) == (
            NAME,
            RUNS_ON_DEVICE[kind],
            imported.sha256,
        )
        assert (tmp_path / "bundle" / manifest.base.licence).read_text() == f"terms of {kind}"
    else:
        with pytest.raises(ToolchainError, match="mistral"):
            export_bundle(imported, [COMPOSITION], tmp_path / "bundle", pack_base=True)


@pytest.mark.parametrize("kind", RUNS_ON_DEVICE)
@pytest.mark.parametrize("tied", [True, False])
def test_the_file_that_ships_holds_what_is_trained_on(kind: str, tied: bool, tmp_path: Path) -> None:
    base = import_tiny(write_tiny(tmp_path / kind, kind, tie_word_embeddings=tied))
    state = load_base(base).model.state_dict()
    tensors = {item.name: dequantize(item.data, item.tensor_type) for item in GGUFReader(base.path).tensors}
    assert ("output.weight" in tensors) != tied
    shipped = {
        "token_embd.weight": ["model.embed_tokens.weight"],
        "output_norm.weight": ["model.norm.weight"],
        "blk.0.attn_output.weight": ["model.layers.0.self_attn.o_proj.weight"],
        "blk.0.ffn_norm.weight": ["model.layers.0.post_attention_layernorm.weight"],
        "blk.0.ffn_down.weight": ["model.layers.0.mlp.down_proj.weight"],
    }
    q, k, v = (f"model.layers.1.self_attn.{part}_proj" for part in "qkv")
    gate, up = (f"model.layers.1.mlp.{part}_proj.weight" for part in ("gate", "up"))
    if RUNS_ON_DEVICE[kind] == "phi3":
        shipped["blk.1.attn_qkv.weight"] = [f"{q}.weight", f"{k}.weight", f"{v}.weight"]
        shipped["blk.1.ffn_up.weight"] = [gate, up]
    else:
        shipped |= {
            "blk.1.attn_q.weight": [f"{q}.weight"],
            "blk.1.attn_k.bias": [f"{k}.bias"],
            "blk.1.ffn_up.weight": [up],
        }
    for name, trained in shipped.items():
        expected = [state[each].numpy() for each in trained if each in state] or [np.zeros_like(tensors[name])]
        assert np.array_equal(tensors[name], np.concatenate(expected)), name
    in_a_layer, beside = {"qwen2": (12, 2), "phi3": (6, 4)}[RUNS_ON_DEVICE[kind]]
    assert len(tensors) == 2 * in_a_layer + beside + (not tied)


@pytest.mark.parametrize("kind", RUNS_ON_DEVICE)
def test_an_output_layer_of_its_own_ships_though_the_configuration_says_that_it_is_tied(
    kind: str, tmp_path: Path
) -> None:
    folder = write_tiny(tmp_path / kind, kind, tie_word_embeddings=False)
    edit_config(folder, tie_word_embeddings=True)
    base = import_tiny(folder)
    trained = load_base(base).model
    shipped = {item.name: dequantize(item.data, item.tensor_type) for item in GGUFReader(base.path).tensors}
    assert np.array_equal(shipped["output.weight"], trained.lm_head.weight.numpy())
    assert not np.array_equal(shipped["output.weight"], shipped["token_embd.weight"])
    assert not trained.config.tie_word_embeddings


def test_the_copy_for_training_holds_what_the_file_that_ships_holds(tmp_path: Path) -> None:
    base = import_tiny(write_tiny(tmp_path / "qwen2", "qwen2"))
    shipped = load_base(base).model.state_dict()
    shutil.rmtree(base.dequantised_path)
    said: list[str] = []
    dequantise(base, said.append)
    copy = load_base(base).model.state_dict()
    assert copy.keys() == shipped.keys()
    assert all(torch.equal(copy[name], shipped[name]) for name in shipped)
    assert len(said) == 1


def test_a_copy_for_training_that_is_there_is_kept(tmp_path: Path) -> None:
    base = import_tiny(write_tiny(tmp_path / "qwen2", "qwen2"))
    base.path.unlink()
    dequantise(base, pytest.fail)


@pytest.mark.parametrize("scaling", SCALED_FREQUENCIES)
def test_the_file_says_how_rotary_frequencies_are_scaled(scaling: str, tmp_path: Path) -> None:
    rope = SHAPES["scaled llama"]["rope_parameters"] | {"rope_type": scaling}
    base = import_tiny(write_tiny(tmp_path / "llama", "scaled llama", rope_parameters=rope))
    rotary = load_base(base).model.model.rotary_emb
    reader = GGUFReader(base.path)
    factors = {item.name: item.data for item in reader.tensors if item.name.startswith("rope_factors")}
    unscaled = rope["rope_theta"] ** -(np.arange(8) / 8)
    assert len(factors) == 2
    for each in factors.values():
        assert np.allclose(unscaled / each, rotary.inv_freq)
    assert reader.fields["phi3.rope.scaling.attn_factor"].contents() == pytest.approx(rotary.attention_scaling)


@pytest.mark.parametrize(("original", "expected"), [(64, 104), (128, 128), (1024, 512)])
def test_the_engine_makes_tables_for_no_more_positions_than_are_read(
    original: int, expected: int, tmp_path: Path
) -> None:
    rope = SHAPES["scaled llama"]["rope_parameters"] | {"original_max_position_embeddings": original}
    base = import_tiny(write_tiny(tmp_path / "llama", "scaled llama", rope_parameters=rope))
    assert GGUFReader(base.path).fields["phi3.context_length"].contents() == expected


@pytest.mark.parametrize("kind", SHAPES)
def test_an_imported_base_computes_what_its_source_does(kind: str, tmp_path: Path) -> None:
    base = load_base(import_tiny(write_tiny(tmp_path / kind, kind)))
    with torch.no_grad():
        expected = tiny(kind)(input_ids=torch.tensor([IDS]), use_cache=False).logits[0]
    found = logits(base, IDS)
    rounded = 0.1 if kind in RUNS_ON_DEVICE else 1e-6
    assert (found - expected).abs().mean() < rounded * expected.std()


@pytest.fixture
def biased() -> tuple[torch.nn.Module, str]:
    """A model one of whose linears has a bias of its own, and that linear's name."""
    model = tiny("qwen2")
    return model, next(name for name, linear in adapted_linears(model) if linear.bias is not None)


def test_an_added_bias_comes_on_top_of_the_bases_own(biased: tuple[torch.nn.Module, str]) -> None:
    model, name = biased
    linear = model.get_submodule(name)
    own = linear.bias.clone()  # type: ignore[operator]
    added = np.full(own.shape, 0.5, np.float32)
    with adapter_applied(model, Adapter(1, 1, {f"{name}.bias": added})):
        assert torch.equal(linear.bias, own + 0.5)  # type: ignore[arg-type]
    assert torch.equal(linear.bias, own)  # type: ignore[arg-type]


def test_what_an_interrupted_import_leaves_is_no_base(tmp_path: Path) -> None:
    folder = write_tiny(tmp_path / "qwen2", "qwen2")
    (folder / "LICENSE").unlink()
    (folder / "LICENSES").mkdir()
    with pytest.raises(ToolchainError, match="LICENSE"):
        import_tiny(folder)
    with pytest.raises(ToolchainError, match="model import"):
        base_model()


def test_a_base_of_another_name_than_the_chosen_one_is_unknown(tmp_path: Path) -> None:
    import_tiny(write_tiny(tmp_path / "qwen2", "qwen2"))
    assert base_model().name == NAME
    with pytest.raises(ToolchainError, match="gemma-9"):
        base_model("gemma-9")


def test_a_damaged_specification_is_named(tmp_path: Path) -> None:
    import_tiny(write_tiny(tmp_path / "qwen2", "qwen2"))
    for damaged in ("[]", "{", "[" * 100_000):
        (paths.models() / "base.json").write_text(damaged)
        with pytest.raises(ToolchainError, match=r"base\.json is no specification of a base"):
            base_model()


def test_ends_are_those_that_it_generates_with_and_the_last_stands_for_a_beginning(tmp_path: Path) -> None:
    """As of Qwen2.5, whose configuration knows one end alone and no beginning."""
    folder = write_tiny(tmp_path / "qwen2", "qwen2", bos_token_id=None)
    (folder / "generation_config.json").write_text('{"eos_token_id": [7, 5]}')
    base = import_tiny(folder)
    assert (base.bos_token_id, base.eos_token_ids) == (5, (7, 5))
    fields = GGUFReader(base.path).fields
    assert [fields[f"tokenizer.ggml.{name}_token_id"].contents() for name in ("bos", "eos")] == [5, 7]


def test_a_models_terms_and_its_own_notice_go_with_it(tmp_path: Path) -> None:
    folder = write_tiny(tmp_path / "qwen2", "qwen2")
    (folder / "NOTICE").write_text("By Ana.")
    terms, notice = import_tiny(folder).licence_paths()
    assert terms.read_text() == "terms of qwen2"
    assert notice.read_text() == f"By Ana.\n{NAME}: converted by Tandem from qwen2; terms: {terms.name}\n"


def test_the_notice_names_the_model_that_lies_in_the_hubs_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_tiny(tmp_path / "models--ana--qwen-2" / "snapshots" / ("0" * 40), "qwen2")
    monkeypatch.chdir(folder)
    assert "converted by Tandem from ana/qwen-2; terms" in import_tiny(Path()).licence_paths()[1].read_text()


@pytest.mark.parametrize(("prompt", "answer"), [(2, 102), (96, 8), (103, 1), (97, 8), (96, 9), (10**6, 1)])
def test_a_base_reads_and_writes_no_more_than_it_has_positions(prompt: int, answer: int, tmp_path: Path) -> None:
    folder = write_tiny(tmp_path / "qwen2", "qwen2", max_position_embeddings=104)
    if fits := prompt + answer <= 104:
        assert import_base(folder, NAME, prompt, answer, silent).max_prompt_tokens == prompt
    else:
        said = f"config.json says max_position_embeddings 104, .* of {prompt} .* of {answer} tokens take {prompt + answer}: give"
        with pytest.raises(ToolchainError, match=said):
            import_base(folder, NAME, prompt, answer, silent)
    assert paths.models().exists() == fits


NOT_ON_DEVICE: dict[str, tuple[str, dict[str, Any]]] = {
    "frequencies that depend on the length": (
        "llama",
        {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 2.0}},
    ),
    "scaled frequencies beside biases": ("qwen2", {"rope_parameters": SHAPES["scaled llama"]["rope_parameters"]}),
    "biases elsewhere": ("llama", {"attention_bias": True}),
    "heads of another width": ("llama", {"head_dim": 32}),
    "a width that Q8_0 does not divide": ("qwen2", {"intermediate_size": 80}),
}


@pytest.mark.parametrize("what", NOT_ON_DEVICE)
def test_what_the_engine_cannot_run_is_imported_for_pytorch_and_not_exported(what: str, tmp_path: Path) -> None:
    kind, changed = NOT_ON_DEVICE[what]
    base = import_tiny(write_tiny(tmp_path / kind, kind, **changed))
    assert base.refusal
    expected = tiny(kind, **changed).state_dict()
    found = load_base(base).model.state_dict()
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items()), "nothing is rounded in vain"


@pytest.mark.parametrize("kind", SHAPES)
def test_an_import_prints_whether_the_device_core_runs_it(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model_import(write_tiny(tmp_path / kind, kind), None, 96, 8)
    printed = json.loads(capsys.readouterr().out)
    assert printed["runs_on_device"] is (kind in RUNS_ON_DEVICE)
    assert printed["refusal"] == base_model().refusal
    assert (printed["refusal"] is None) == printed["runs_on_device"]


def _damage(folder: Path, what: str) -> None:
    tokenizer = folder / "tokenizer.json"
    match what:
        case "no config":
            (folder / "config.json").unlink()
        case "an unknown architecture":
            edit_config(folder, model_type="gpt2")
        case "no tokenizer":
            tokenizer.unlink()
        case "a Unigram tokenizer":
            tokenizer.write_text(json.dumps({"model": {"type": "Unigram", "vocab": []}}))
        case "another model's tokenizer":
            edit_config(folder, vocab_size=100)
        case "no weights":
            (folder / "model.safetensors").unlink()
        case "an unknown activation":
            edit_config(folder, hidden_act="unheard-of")
        case "no heads":
            edit_config(folder, num_attention_heads=0)
        case "an unknown dtype":
            edit_config(folder, dtype="unheard-of")
        case "no end":
            (folder / "generation_config.json").unlink(missing_ok=True)
            edit_config(folder, eos_token_id=None)
        case "an empty list of ends":
            edit_config(folder, bos_token_id=None)
            (folder / "generation_config.json").write_text('{"eos_token_id": []}')


DAMAGED = {
    "no config": "config.json",
    "an unknown architecture": 'gpt2.*"Another base"',
    "no tokenizer": "tokenizer.json",
    "a Unigram tokenizer": "Unigram",
    "another model's tokenizer": "another model's",
    "no weights": "could not be loaded",
    "an unknown activation": "unheard-of",
    "no heads": "config.json says num_attention_heads 0",
    "an unknown dtype": "config.json is no configuration .*unheard-of",
    "no end": "EOS",
    "an empty list of ends": r"EOS \[\]",
}


@pytest.mark.parametrize("what", DAMAGED)
def test_an_import_says_what_is_wrong(what: str, tmp_path: Path) -> None:
    folder = write_tiny(tmp_path / "qwen2", "qwen2")
    _damage(folder, what)
    with pytest.raises(ToolchainError, match=DAMAGED[what]):
        import_tiny(folder)


@pytest.mark.parametrize("name", ["../elsewhere", "A", "", ".hidden"])
def test_a_name_is_no_path(name: str, tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="named"):
        import_base(tmp_path, name, 96, 8, silent)
