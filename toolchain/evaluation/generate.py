"""Reference generation in PyTorch: greedy, batched, with the rules of text/1 for an answer."""

from collections.abc import Iterator, Sequence
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
                    changed = linear.weight + torch.from_numpy(delta(adapter, name))
                    linear.weight = torch.nn.Parameter(changed, requires_grad=False)
                if (added := adapter.tensors.get(f"{name}.bias")) is not None:
                    bias = torch.from_numpy(added.astype(np.float32))
                    changed = bias if linear.bias is None else linear.bias + bias
                    linear.bias = torch.nn.Parameter(changed, requires_grad=False)
        yield
    finally:
        for linear, (weight, own_bias) in originals.items():
            linear.weight, linear.bias = weight, own_bias


def generate_ids(base: LoadedBase, prompts: Sequence[list[int]], max_new_tokens: int) -> list[list[int]]:
    """Greedy continuations, EOS excluded, of prompts of any lengths (left-padded, one batch)."""
    spec = base.specification
    longest = max(len(prompt) for prompt in prompts)
    ids = torch.zeros(len(prompts), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, longest - len(prompt) :] = torch.tensor(prompt)
        mask[row, longest - len(prompt) :] = 1
    with torch.no_grad():
        output = base.model.generate(
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=max_new_tokens,
            do_sample=False,
            eos_token_id=list(spec.eos_token_ids),
            pad_token_id=0,
            logits_processor=[_Unrepeated(longest)],
            stopping_criteria=[_Ended(base, longest)],
        )
    continuations = []
    for row in output[:, longest:].tolist():
        end = next((index for index, token in enumerate(row) if token in spec.eos_token_ids), len(row))
        continuations.append(row[:end])
    return continuations


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


class _Unrepeated:
    """Never samples a token with which an answer would repeat itself."""

    def __init__(self, prompt_length: int) -> None:
        self.prompt_length = prompt_length

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        for row, answer in enumerate(input_ids[:, self.prompt_length :].tolist()):
            scores[row, list(repeating_tokens(answer))] = -torch.inf
        return scores


class _Ended:
    """Stops a row once its text ends the answer: what comes after is cut anyway."""

    def __init__(self, base: LoadedBase, prompt_length: int) -> None:
        self.base, self.prompt_length = base, prompt_length

    def __call__(self, input_ids: torch.Tensor, _scores: Any, **_: Any) -> torch.Tensor:
        rows = input_ids[:, self.prompt_length :].tolist()
        ended = [answer_has_ended(self.base.tokenizer.decode(row, skip_special_tokens=True)) for row in rows]
        return torch.tensor(ended, dtype=torch.bool)
