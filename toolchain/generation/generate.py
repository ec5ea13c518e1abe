"""Reference generation in PyTorch: greedy, batched, with the rules of text/1 for an answer."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from toolchain.adapters.compose import delta
from toolchain.adapters.files import Adapter
from toolchain.adapters.linears import adapted_linears
from toolchain.base_model.load import LoadedBase
from toolchain.text import answer_has_ended, cut_answer, repeating_tokens


@contextmanager
def adapter_applied(model: Any, adapter: Adapter | None) -> Iterator[None]:
    """Add an adapter to the weights for the length of the block, then put the very same weights back.

    A bias that a method adds (`<linear>.bias` [d_out]) is there for the length of the block too, on top of the base's own where it has one.
    """
    if adapter is None:
        yield
        return
    originals: dict[torch.nn.Linear, tuple[Any, Any]] = {}
    try:
        with torch.no_grad():
            for name, linear in adapted_linears(model):
                originals[linear] = linear.weight, linear.bias
                if f"{name}.lora_A" in adapter.tensors:
                    changed = linear.weight.float() + torch.from_numpy(delta(adapter, name))
                    linear.weight = torch.nn.Parameter(changed.to(linear.weight.dtype), requires_grad=False)
                if (added := adapter.tensors.get(f"{name}.bias")) is not None:
                    bias = torch.from_numpy(added.astype(np.float32)).to(linear.weight.dtype)
                    changed = bias if linear.bias is None else linear.bias + bias
                    linear.bias = torch.nn.Parameter(changed, requires_grad=False)
        yield
    finally:
        for linear, (weight, own_bias) in originals.items():
            linear.weight, linear.bias = weight, own_bias


Choice = Callable[[torch.Tensor, Sequence[list[int]]], list[int]]
"""The next token of each row, of logits [rows, vocabulary] and the answers so far."""


def generate_ids(base: LoadedBase, prompts: Sequence[list[int]], max_new_tokens: int) -> list[list[int]]:
    """Greedy continuations, EOS excluded, of prompts of any lengths (left-padded, one batch, which an answer leaves when it ends)."""
    ends = base.specification.eos_token_ids
    found = continuations(base, prompts, max_new_tokens, _most_likely)
    return [answer[:-1] if answer and answer[-1] in ends else answer for answer in found]


def continuations(
    base: LoadedBase, prompts: Sequence[list[int]], max_new_tokens: int, choose: Choice, copies: int = 1
) -> list[list[int]]:
    """`copies` continuations of each prompt, one after another, with the EOS where one ends so; each prompt is read once."""
    ids, mask = _left_padded(prompts)
    answers: list[list[int]] = [[] for _ in range(len(prompts) * copies)]
    rows = list(range(len(answers)))
    cache = None
    with torch.no_grad():
        for _ in range(max_new_tokens):
            positions = (mask.cumsum(-1) - 1).clamp(min=0)[:, -ids.shape[1] :]
            output = base.model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=positions,
                cache=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            logits = output.logits[:, -1]
            if cache is None and copies > 1:
                output.cache.batch_repeat_interleave(copies)
                logits, mask = (item.repeat_interleave(copies, 0) for item in (logits, mask))
            cache = output.cache
            tokens = choose(logits, [answers[row] for row in rows])
            going_on = [index for index, row in enumerate(rows) if not _ends(base, answers[row], tokens[index])]
            if not going_on:
                break
            if len(going_on) < len(rows):
                cache.batch_select_indices(torch.tensor(going_on))
                mask = mask[going_on]
            rows = [rows[index] for index in going_on]
            ids = torch.tensor([[tokens[index]] for index in going_on])
            mask = torch.cat([mask, torch.ones_like(ids)], dim=-1)
    return answers


def generate(base: LoadedBase, prompts: Sequence[list[int]], max_new_tokens: int, batch_size: int = 8) -> list[str]:
    """Answers of text/1, in the prompts' order; batches hold prompts of similar length."""
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    answers = [""] * len(prompts)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        for index, ids in zip(
            chosen, generate_ids(base, [prompts[index] for index in chosen], max_new_tokens), strict=True
        ):
            answers[index] = cut_answer(base.tokenizer.decode(ids, skip_special_tokens=True))
    return answers


def _left_padded(prompts: Sequence[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and attention mask, both [prompts, longest]."""
    longest = max(len(prompt) for prompt in prompts)
    ids = torch.zeros(len(prompts), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, longest - len(prompt) :] = torch.tensor(prompt)
        mask[row, longest - len(prompt) :] = 1
    return ids, mask


def _most_likely(logits: torch.Tensor, answers: Sequence[list[int]]) -> list[int]:
    """The best token of each row of logits [rows, vocabulary], never one with which its answer would repeat itself."""
    scores = logits.clone()
    for row, answer in enumerate(answers):
        scores[row, list(repeating_tokens(answer))] = -torch.inf
    return scores.argmax(-1).tolist()


def _ends(base: LoadedBase, answer: list[int], token: int) -> bool:
    """Add the token to the answer; whether the answer ends with it. What comes after a text's end is cut anyway."""
    answer.append(token)
    if token in base.specification.eos_token_ids:
        return True
    return answer_has_ended(base.tokenizer.decode(answer, skip_special_tokens=True))
