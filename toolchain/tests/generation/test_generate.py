"""Reference generation: batches change nothing, and an adapter leaves no trace."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from toolchain.adapters.compose import delta
from toolchain.adapters.files import Adapter
from toolchain.adapters.linears import adapted_linears
from toolchain.base_model.load import LoadedBase
from toolchain.generation.generate import adapter_applied, generate, generate_ids
from toolchain.tests.tiny import BOS, EOS, PAD, SPECIFICATION, logits, random_adapter
from toolchain.text import answer_has_ended, cut_answer

IDS = [2, 50, 61, 72, 83]
prompts = st.lists(st.lists(st.integers(3, 258), max_size=20).map(lambda ids: [BOS, *ids]), min_size=1, max_size=7)


@settings(max_examples=6)
@given(batch=prompts, batch_size=st.integers(1, 8))
def test_answers_do_not_depend_on_the_batch(base_once: LoadedBase, batch: list[list[int]], batch_size: int) -> None:
    together = generate(base_once, batch, 8, batch_size)
    assert together == [generate(base_once, [prompt], 8)[0] for prompt in batch]


@settings(max_examples=6)
@given(batch=prompts)
def test_each_token_is_the_most_likely_one(base_once: LoadedBase, batch: list[list[int]]) -> None:
    for prompt, continuation in zip(batch, generate_ids(base_once, batch, 6), strict=True):
        made = [token for token in continuation if token != PAD]
        best = logits(base_once, prompt + made).argmax(-1)[len(prompt) - 1 :].tolist()
        assert best[: len(made)] == made
        text = base_once.tokenizer.decode(made, skip_special_tokens=True)
        assert len(made) == 6 or best[len(made)] == EOS or answer_has_ended(text)


@settings(max_examples=6)
@given(batch=prompts)
def test_answers_are_cut_as_text_1_says(base_once: LoadedBase, batch: list[list[int]]) -> None:
    for ids, answer in zip(generate_ids(base_once, batch, 8), generate(base_once, batch, 8, len(batch)), strict=True):
        assert EOS not in ids
        assert answer == cut_answer(base_once.tokenizer.decode(ids, skip_special_tokens=True))


def test_no_prompt_has_no_answer(base_once: LoadedBase) -> None:
    assert generate(base_once, [], 8) == []


@pytest.mark.parametrize("ending", [EOS, 40, 13], ids=["eos", "another eos", "line break"])
def test_generation_ends_where_the_answer_ends(base: LoadedBase, ending: int) -> None:
    base = replace(base, specification=replace(SPECIFICATION, eos_token_ids=(EOS, 40)))
    ended = base.tokenizer.encode("\n", add_special_tokens=False).ids[0] if ending == 13 else ending
    word = base.tokenizer.encode("x", add_special_tokens=False).ids[0]
    _answer_always(base, [word, word, ended])
    (ids,) = generate_ids(base, [IDS], 12)
    assert ids == ([word, word, ended] if ending == 13 else [word, word])
    assert generate(base, [IDS], 12) == ["xx"]


def test_an_answer_that_ends_leaves_the_batch_and_changes_no_other(base: LoadedBase) -> None:
    batch = [IDS, [*IDS, 61, 72], [*IDS, 61, 72, 83, 61]]

    def forward(
        _module: torch.nn.Module, _arguments: object, keywords: dict[str, torch.Tensor], output: object
    ) -> None:
        ended = keywords["position_ids"][:, -1] >= 9
        output.logits[ended, -1, EOS] = 1e4  # type: ignore[attr-defined]

    base.model.register_forward_hook(forward, with_kwargs=True)
    answers = generate_ids(base, batch, 8)
    assert [len(answer) for answer in answers] == [5, 3, 1]
    assert answers == [generate_ids(base, [prompt], 8)[0] for prompt in batch]


def test_no_answer_repeats_itself(base: LoadedBase) -> None:
    words = [base.tokenizer.encode(word, add_special_tokens=False).ids[0] for word in "xyz"]
    _answer_always(base, words * 10)
    (ids,) = generate_ids(base, [IDS], 12)
    # Six tokens in a row come once: the third round's last word would repeat the first six.
    assert ids[:8] == (words * 3)[:8]
    assert ids[8] != words[2]


def _answer_always(base: LoadedBase, ids: list[int]) -> None:
    """Make the model's head give `ids` one after another, whatever it is asked."""
    length = len(IDS)

    def forward(
        _module: torch.nn.Module, _arguments: object, keywords: dict[str, torch.Tensor], output: object
    ) -> None:
        position = int(keywords["position_ids"].max()) + 1 - length
        output.logits[:, -1] = 0  # type: ignore[attr-defined]
        output.logits[:, -1, ids[min(position, len(ids) - 1)]] = 1  # type: ignore[attr-defined]

    base.model.register_forward_hook(forward, with_kwargs=True)


def _weights(base: LoadedBase) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in base.model.state_dict().items()}


def _unchanged(base: LoadedBase, before: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(before[name], tensor) for name, tensor in base.model.state_dict().items())


def test_an_adapter_is_applied_and_then_gone(base: LoadedBase) -> None:
    before, plain = _weights(base), logits(base, IDS)
    with adapter_applied(base.model, random_adapter(seed=1)):
        assert not torch.allclose(logits(base, IDS), plain)
    assert _unchanged(base, before)
    with adapter_applied(base.model, None):
        assert _unchanged(base, before)


def test_an_adapter_on_bfloat16_is_rounded_once(base: LoadedBase) -> None:
    name, linear = next(iter(adapted_linears(base.model)))
    adapter = random_adapter(seed=1)
    base.model.to(torch.bfloat16)
    before = linear.weight
    wanted = (before.float() + torch.from_numpy(delta(adapter, name))).to(torch.bfloat16)
    with adapter_applied(base.model, adapter):
        assert torch.equal(linear.weight, wanted)
        assert linear.weight.dtype is torch.bfloat16
    assert linear.weight is before


def test_an_adapter_is_gone_after_an_error(base: LoadedBase) -> None:
    before = _weights(base)
    with pytest.raises(KeyError), adapter_applied(base.model, random_adapter(seed=1)):
        raise KeyError
    assert _unchanged(base, before)


def test_an_adapter_that_does_not_fit_leaves_the_weights_alone(base: LoadedBase) -> None:
    before = _weights(base)
    tensors = dict(random_adapter(seed=1).tensors)
    tensors["model.layers.2.mlp.down_proj.lora_A"] = np.zeros((2, 5), np.float16)
    with pytest.raises(RuntimeError), adapter_applied(base.model, Adapter(2, 4, tensors)):
        pass
    assert _unchanged(base, before)
