"""Log probabilities of tokens without the [tokens, vocabulary] matrix of all logits, which with 262k rows takes half of a step.

The vocabulary is gone through once, in slices, and the forward pass makes the gradient of the normaliser too, as Cut Cross-Entropy
(arXiv 2411.09009) and Liger Kernel (arXiv 2410.10989) do it in kernels of their own. Sums so far are scaled anew where a slice has a higher
logit (arXiv 1805.02867).
"""

from typing import Any

import torch

SLICE = 4096
"""Rows of the head at once: with a few hundred tokens their logits stay in a processor's cache."""


def log_probabilities(head: torch.nn.Linear, hidden: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """log p(token), float32 [n, k], of tokens [n, k] after the final hidden states [n, d], whose gradient alone is made: the head is
    frozen, and has no bias.

    Under autocast hidden states and head are in its dtype, and so are the logits that the normaliser adds up.
    """
    weight, device = head.weight, hidden.device.type
    dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else weight.dtype
    with torch.autocast(device, enabled=False):
        hidden = hidden.to(dtype)
        chosen = torch.einsum("nd,nkd->nk", hidden.float(), weight[tokens].to(dtype).float())
        return chosen - _LogNormaliser.apply(hidden, weight)[:, None]  # type: ignore[no-any-return]


class _LogNormaliser(torch.autograd.Function):
    """log Σ exp(W h), float32 [n], for h [n, d] and W [vocabulary, d]; its gradient is softmax(W h) W."""

    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        highest = torch.full((len(hidden), 1), -torch.inf, device=hidden.device)
        total = torch.zeros_like(highest)
        gradient = torch.zeros_like(hidden, dtype=torch.float32) if ctx.needs_input_grad[0] else None
        for first in range(0, len(weight), SLICE):
            rows = weight[first : first + SLICE].to(hidden.dtype)
            logits = (hidden @ rows.T).float()
            higher = torch.maximum(highest, logits.amax(-1, keepdim=True))
            shares, smaller = logits.sub_(higher).exp_(), (highest - higher).exp()
            total = total * smaller + shares.sum(-1, keepdim=True)
            if gradient is not None:
                gradient = gradient * smaller + shares.to(hidden.dtype) @ rows
            highest = higher
        if gradient is not None:
            ctx.save_for_backward((gradient / total).to(hidden.dtype))
        return (total.log() + highest)[:, 0]

    @staticmethod
    def backward(ctx: Any, *outer: torch.Tensor) -> tuple[torch.Tensor, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * outer[0][:, None].to(gradient.dtype), None
