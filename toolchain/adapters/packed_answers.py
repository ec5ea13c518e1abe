"""Several answers to one prompt in one row: the prompt is read once, and each answer sees it and itself alone (tree attention)."""

from collections.abc import Sequence
from typing import Any

import torch

_PROMPT, _PAD = 0, -1


def predicting_states(model: Any, prompts: Sequence[list[int]], answers: Sequence[Sequence[list[int]]]) -> torch.Tensor:
    """The final hidden state [tokens, d] before each token of each answer, in their order, for one list of answers a prompt.

    The same as of every answer in a row of its own behind its prompt, for layers of full and of sliding attention.
    """
    ids, positions, owners = _rows(prompts, answers)
    hidden = model.model(
        input_ids=ids,
        position_ids=positions,
        attention_mask=_masks(model.config, positions, owners),
        use_cache=False,
    ).last_hidden_state
    return torch.cat(
        [
            hidden[row, place]
            for row, (prompt, given) in enumerate(zip(prompts, answers, strict=True))
            for place in _places(len(prompt), [len(answer) for answer in given])
        ]
    )


def _rows(
    prompts: Sequence[list[int]], answers: Sequence[Sequence[list[int]]]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, positions, and to which answer each belongs (1 and on, or _PROMPT or _PAD), all int64 [rows, longest]."""
    longest = max(len(prompt) + sum(map(len, given)) for prompt, given in zip(prompts, answers, strict=True))
    ids = torch.zeros(len(prompts), longest, dtype=torch.long)
    positions, owners = torch.zeros_like(ids), torch.full_like(ids, _PAD)
    for row, (prompt, given) in enumerate(zip(prompts, answers, strict=True)):
        filled = 0
        for owner, part in enumerate([prompt, *given]):
            start = len(prompt) if owner else 0
            place = slice(filled, filled + len(part))
            ids[row, place] = torch.tensor(part)
            positions[row, place] = torch.arange(start, start + len(part))
            owners[row, place] = owner if owner else _PROMPT
            filled += len(part)
    return ids, positions, owners


def _places(prompt: int, lengths: Sequence[int]) -> list[list[int]]:
    """Where in a row the states stand that predict the tokens of each answer: the prompt's last one, then the answer's own."""
    places, start = [], prompt
    for length in lengths:
        places.append([prompt - 1, *range(start, start + length - 1)])
        start += length
    return places


def _masks(config: Any, positions: torch.Tensor, owners: torch.Tensor) -> Any:
    """Who sees whom, bool [rows, 1, length, length]; by kind of layer where the model has several kinds of attention."""
    place = torch.arange(positions.shape[1], device=positions.device)
    before = place[:, None] >= place[None, :]
    own = (owners[:, None, :] == _PROMPT) | (owners[:, None, :] == owners[:, :, None])
    full = (before & own)[:, None]
    kinds = set(getattr(config, "layer_types", None) or ())
    if "sliding_attention" not in kinds:
        return full
    near = positions[:, :, None] - positions[:, None, :] < config.sliding_window
    return {"full_attention": full, "sliding_attention": full & near[:, None]}
