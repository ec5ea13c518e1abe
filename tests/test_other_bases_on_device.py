"""Other bases on the device core: a tiny Qwen2, a tiny Llama written as one, or scaled as a Phi-3, answer as PyTorch does, adapters and all."""

import json
import string
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import Run
from transformers import AutoModelForCausalLM

from toolchain import paths
from toolchain.adapters.calibration_file import Calibration, read_calibration, write_calibration
from toolchain.adapters.compose import compose
from toolchain.adapters.corrections import CalibrationMethod, attach
from toolchain.adapters.files import Adapter, adapter_hash, read_adapter, write_adapter
from toolchain.adapters.linears import adapted_linears
from toolchain.adapters.methods.calibrated import calibration_path
from toolchain.base_model.from_folder import import_base
from toolchain.base_model.load import LoadedBase, load_base
from toolchain.base_model.prompt import encode_turn
from toolchain.base_model.specification import BaseSpecification
from toolchain.bundle.export import export_bundle
from toolchain.generation.generate import adapter_applied, generate
from toolchain.tasks import Composition
from toolchain.tests.tiny import byte_tokenizer
from toolchain.tests.tiny_bases import write_tiny
from toolchain.text import Message

NAME = "tiny-base"
COMPOSITION = Composition.parse("summarize+es")
CONVERSATIONS = [
    [Message("Ana", f"Shall we meet at {hour}?"), Message("Ben", f"Better at {hour + 1}, I am late.")]
    for hour in range(8)
]
LOGIT_GAP = 0.25
"""In standard deviations of a position's logits: 8-bit arithmetic may break a near-tie the other way, and nothing else."""


TURN = "<bos>U:{{ messages[0]['content'] }}<eos>A:"


@pytest.fixture(params=["qwen2", "llama", "scaled llama", "llama with turns"])
def base(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BaseSpecification:
    """An imported model that writes letters only (bytes that are no text could not be compared), adapters and a calibration for it."""
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TANDEM_BASE", NAME)
    for place in ("adapters", "calibrations"):
        monkeypatch.setattr(paths, place.upper(), paths.cache() / place)
    # Less wild than in other tests: what 8-bit arithmetic rounds must not grow from layer to layer.
    kind, _, turns = request.param.partition(" with ")
    folder = write_tiny(tmp_path / kind, kind, initializer_range=0.12, tie_word_embeddings=False)
    if turns:
        (folder / "chat_template.jinja").write_text(TURN)
        (folder / "tokenizer_config.json").write_text(
            '{"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<bos>"}'
        )
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    letters = byte_tokenizer().encode(string.ascii_letters, add_special_tokens=False).ids
    with torch.no_grad():
        others = torch.ones(model.config.vocab_size, dtype=torch.bool)
        others[letters] = False
        model.lm_head.weight[others] = 0
    model.save_pretrained(folder)
    base = import_base(folder, NAME, max_prompt_tokens=256, max_new_tokens=16, progress=lambda _line: None)
    assert bool(base.turn_start_ids and base.turn_end_ids) == bool(turns)
    _put_adapters(base)
    return base


def _put_adapters(base: BaseSpecification) -> None:
    model, random = load_base(base).model, np.random.default_rng(0)
    for task in COMPOSITION.ids:
        tensors = {}
        for name, linear in adapted_linears(model):
            tensors[f"{name}.lora_A"] = random.standard_normal((4, linear.in_features)) * 0.15
            tensors[f"{name}.lora_B"] = random.standard_normal((linear.out_features, 4)) * 0.15
        write_adapter(paths.ADAPTERS / task, Adapter(4, 8, tensors), base.name)
    corrections = attach(model, CalibrationMethod.LC_PLUS_PLUS)
    with torch.no_grad():
        for parameter in corrections.parameters():
            parameter.copy_(torch.from_numpy(random.standard_normal(parameter.shape) * 0.2))
    hashes = {task: adapter_hash(paths.ADAPTERS / task) for task in COMPOSITION.ids}
    entries = corrections.entries(model.config.num_hidden_layers)
    method = CalibrationMethod.LC_PLUS_PLUS
    calibration = Calibration(method, COMPOSITION.name, base.sha256, hashes, entries)
    write_calibration(calibration_path(COMPOSITION, method), calibration)


def _answers(run_tandem: Run, bundle: Path, mode: str) -> list[str]:
    messages = [[{"speaker": item.speaker, "text": item.text} for item in each] for each in CONVERSATIONS]
    lines: list[dict[str, Any]] = [{"id": index, "conversation": each} for index, each in enumerate(messages)]
    asked = ("--task", "summarize", "--into", "es", "--mode", mode, "--json")
    done = run_tandem("run", "--bundle", bundle, *asked, lines=lines)
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["text"] for line in done.stdout.splitlines()]


def _references(base: LoadedBase, adapter: Adapter | None) -> list[str]:
    with adapter_applied(base.model, adapter):
        return generate(base, _prompts(base.specification), base.specification.max_new_tokens)


def _prompts(base: BaseSpecification) -> list[list[int]]:
    return [encode_turn(byte_tokenizer(), base, COMPOSITION.prompt, each).ids for each in CONVERSATIONS]


def _gap(base: LoadedBase, prompt: list[int], reference: str, answer: str) -> float:
    """0 if they are the same; else how far apart the reference's logits are where they part, which may be where one ends."""
    end = base.specification.eos_token_ids[0]
    ours, theirs = ([*base.tokenizer.encode(text, add_special_tokens=False).ids, end] for text in (reference, answer))
    parted = next((index for index, pair in enumerate(zip(ours, theirs, strict=False)) if len(set(pair)) > 1), None)
    if parted is None:
        return 0.0
    with torch.no_grad():
        logits = base.model(torch.tensor([prompt + ours[:parted]])).logits[0, -1]
    return float((logits[ours[parted]] - logits[theirs[parted]]) / logits.std())


def test_the_device_answers_as_pytorch_does(base: BaseSpecification, run_tandem: Run, tmp_path: Path) -> None:
    export_bundle(base, [COMPOSITION], tmp_path / "bundle", pack_base=True)
    loaded = load_base(base)
    adapters = [read_adapter(paths.ADAPTERS / task) for task in COMPOSITION.ids]
    calibration = read_calibration(calibration_path(COMPOSITION, CalibrationMethod.LC_PLUS_PLUS))
    modes = {
        "zero-shot": None,
        "merge": compose(adapters, [0.5, 0.5]),
        "calibrated": compose(adapters, [0.5, 0.5], calibration),
    }
    said = {}
    for mode, adapter in modes.items():
        said[mode] = _answers(run_tandem, tmp_path / "bundle", mode)
        references = _references(loaded, adapter)
        with adapter_applied(loaded.model, adapter):
            cases = zip(_prompts(base), references, said[mode], strict=True)
            gaps = [_gap(loaded, *case) for case in cases]
        print(f"{mode}: gaps at the first difference (0: none): {[round(gap, 3) for gap in gaps]}")
        assert max(gaps) < LOGIT_GAP
        assert all(answer.isalpha() for answer in said[mode])
    assert len({tuple(answers) for answers in said.values()}) == len(modes), "adapters and calibration must show"
