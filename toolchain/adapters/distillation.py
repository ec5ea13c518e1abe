"""Soft targets: what the auxiliary adapter, which reads the intermediate text, would write at each token of a target.

A calibration that learns them beside the target itself over-fits less: they hold what else would have been right (Hinton et al. 2015,
arXiv 1503.02531).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch

from toolchain.adapters.examples import Example, SoftTarget, collate, encode_pairs
from toolchain.adapters.task_adapter import task_adapter
from toolchain.base_model.load import LoadedBase
from toolchain.data.pairs import Pair
from toolchain.errors import ToolchainError
from toolchain.generation.generate import adapter_applied
from toolchain.tasks import Task

_LIKELIEST = 64
_BATCH = 12


def with_soft_targets(
    base: LoadedBase, task: Task, pairs: Sequence[Pair], examples: Sequence[Example], progress: Callable[[str], None]
) -> list[Example]:
    """The examples of `pairs`, each with the distributions of `task`'s adapter on the pair's intermediate text.

    Raises:
        ToolchainError: a pair has no intermediate text.
    """
    asked = [_asked(base, task, pair, example) for pair, example in zip(pairs, examples, strict=True)]
    order = sorted(range(len(asked)), key=lambda index: asked[index].length)
    soft: list[SoftTarget | None] = [None] * len(asked)
    with adapter_applied(base.model, task_adapter(task.id)), torch.no_grad():
        for start in range(0, len(order), _BATCH):
            progress(f"soft targets by {task.id}: {start} of {len(order)}")
            chosen = order[start : start + _BATCH]
            for index, target in zip(chosen, _soft_targets(base, [asked[index] for index in chosen]), strict=True):
                soft[index] = target
    return [replace(example, soft=target) for example, target in zip(examples, soft, strict=True)]


def _asked(base: LoadedBase, task: Task, pair: Pair, example: Example) -> Example:
    if pair.intermediate is None:
        raise ToolchainError(f"{pair.id} has no text that {task.id} could have been given: it cannot be distilled")
    asked = replace(pair, source=pair.intermediate, reply_speaker=None)
    prompt = encode_pairs(base, task.prompt, [asked])[0].prompt
    return Example(prompt, example.target)


def _soft_targets(base: LoadedBase, examples: Sequence[Example]) -> list[SoftTarget]:
    batch = collate(examples)
    hidden = base.model.model(input_ids=batch.ids, use_cache=False).last_hidden_state
    found = []
    for row, example in enumerate(examples):
        first = len(example.prompt) - 1
        logits = base.model.lm_head(hidden[row, first : first + len(example.target)]).float()
        likeliest, tokens = logits.topk(min(_LIKELIEST, logits.shape[-1]))
        probabilities = (likeliest - logits.logsumexp(-1, keepdim=True)).exp()
        found.append(SoftTarget(tokens.numpy().astype(np.int64), probabilities.numpy().astype(np.float32)))
    return found
