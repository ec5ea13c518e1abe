"""The base's perplexity on our own texts in four languages: a wrong tokenizer or a broken weight shows there at once."""

import math
from collections.abc import Sequence

import torch
from torch.nn.functional import cross_entropy

from toolchain.base_model.load import LoadedBase
from toolchain.data.benchmark import single_texts
from toolchain.errors import ToolchainError

LANGUAGES = ("en", "es", "fr", "de")
SANE = 200.0
"""Above this, something is broken: the base is between 40 and 90 on these short texts; text through a wrong tokenizer gives far more."""


def perplexities(base: LoadedBase, texts: int = 60) -> dict[str, float]:
    """exp(mean negative log-likelihood of a token given BOS and those before it), for each language.

    Raises:
        ToolchainError: one of them is not sane.
    """
    samples = single_texts()[:texts]
    measured = {language: _perplexity(base, [text.variants[language] for text in samples]) for language in LANGUAGES}
    for language, value in measured.items():
        if not value < SANE:
            found = f"perplexity of {base.specification.name} on {language} is {value:.0f}"
            raise ToolchainError(f"{found}, expected below {SANE:.0f}: fetch the base again")
    return measured


def _perplexity(base: LoadedBase, texts: Sequence[str]) -> float:
    total, count = 0.0, 0
    with torch.no_grad():
        for text in texts:
            ids = torch.tensor(
                [[base.specification.bos_token_id, *base.tokenizer.encode(text, add_special_tokens=False).ids]]
            )
            logits = base.model(input_ids=ids, use_cache=False).logits[0, :-1].float()
            total += cross_entropy(logits, ids[0, 1:], reduction="sum").item()
            count += ids.shape[1] - 1
    return math.exp(total / count)
