"""The base's perplexity on our own texts in four languages: a wrong tokenizer or a broken weight shows there at once."""

import math
from collections.abc import Sequence

import torch
from torch.nn.functional import cross_entropy

from toolchain import paths
from toolchain.base_model.load import LoadedBase
from toolchain.base_model.specification import BASE_MODELS
from toolchain.data.benchmark import SINGLE_TEXTS, single_texts
from toolchain.errors import ToolchainError

LANGUAGES = ("en", "es", "fr", "de")
SANE = 200.0
"""Above this, something is broken: the base is between 40 and 90 on these short texts; text through a wrong tokenizer gives far more.

Our own base is held to it in every language, an imported one in English alone: it may well not know the others (SmolLM2 is above it on
German), and a wrong tokenizer or a broken weight shows in English too.
"""


def perplexities(base: LoadedBase, texts: int = 60) -> dict[str, float]:
    """exp(mean negative log-likelihood of a token given BOS and those before it), for each language that the benchmark's first texts have.

    Raises:
        ToolchainError: one that the base is held to is not sane, or there are no texts.
    """
    samples = [text.variants for text in single_texts()[:texts]]
    written = {language: [text[language] for text in samples if language in text] for language in LANGUAGES}
    measured = {language: _perplexity(base, texts) for language, texts in written.items() if texts}
    if not measured:
        raise ToolchainError(
            f"{paths.BENCHMARK / SINGLE_TEXTS} holds no texts to measure the base on: unset TANDEM_BENCHMARK, which names that folder"
        )
    ours = base.specification.name in BASE_MODELS
    for language in LANGUAGES if ours else LANGUAGES[:1]:
        if language in measured and not measured[language] < SANE:
            found = f"perplexity of {base.specification.name} on {language} is {measured[language]:.0f}"
            remedy = "fetch the base again" if ours else "import the model again, with its own tokenizer"
            raise ToolchainError(f"{found}, expected below {SANE:.0f}: {remedy}")
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
    try:
        return math.exp(total / count)
    except OverflowError:
        return math.inf
