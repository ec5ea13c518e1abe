"""Perplexity of the base: what it is, and that a broken base is told."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch

from toolchain.base_model import perplexity
from toolchain.base_model.load import LoadedBase
from toolchain.data.benchmark import single_texts
from toolchain.errors import ToolchainError
from toolchain.tests.tiny import BOS, logits


def test_it_is_the_exponential_of_the_mean_surprise(base: LoadedBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perplexity, "SANE", math.inf)
    found = perplexity.perplexities(base, texts=2)
    assert found.keys() == set(perplexity.LANGUAGES)
    for language, value in found.items():
        surprises = []
        for text in single_texts()[:2]:
            ids = [BOS, *base.tokenizer.encode(text.variants[language], add_special_tokens=False).ids]
            likelihoods = torch.log_softmax(logits(base, ids), dim=-1)
            surprises += [-likelihoods[place, ids[place + 1]].item() for place in range(len(ids) - 1)]
        assert value == pytest.approx(math.exp(sum(surprises) / len(surprises)), rel=1e-4)


@pytest.mark.parametrize("ours", [True, False])
def test_a_base_that_knows_nothing_is_refused(base: LoadedBase, monkeypatch: pytest.MonkeyPatch, ours: bool) -> None:
    monkeypatch.setattr(perplexity, "BASE_MODELS", {"tiny": base.specification} if ours else {})
    base.model.lm_head.weight.zero_()  # Every token is as likely as any other: the perplexity is the vocabulary's size.
    with pytest.raises(ToolchainError, match="perplexity of tiny on en is 259"):
        perplexity.perplexities(base, texts=1)


def test_an_imported_base_need_not_know_every_language(base: LoadedBase, monkeypatch: pytest.MonkeyPatch) -> None:
    english = {text.variants["en"] for text in single_texts()[:1]}

    def knows_english(_base: LoadedBase, texts: Sequence[str]) -> float:
        return 30.0 if set(texts) == english else 900.0

    monkeypatch.setattr(perplexity, "_perplexity", knows_english)
    assert perplexity.perplexities(base, texts=1) == {"en": 30.0, "es": 900.0, "fr": 900.0, "de": 900.0}
    monkeypatch.setattr(perplexity, "BASE_MODELS", {"tiny": base.specification})
    with pytest.raises(ToolchainError, match="perplexity of tiny on es is 900"):
        perplexity.perplexities(base, texts=1)


def test_languages_without_texts_are_left_out_and_none_at_all_is_refused(
    base: LoadedBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(perplexity, "SANE", math.inf)
    texts = [replace(text, variants={"en": text.variants["en"]}) for text in single_texts()[:2]]
    monkeypatch.setattr(perplexity, "single_texts", lambda: texts)
    assert perplexity.perplexities(base).keys() == {"en"}
    texts.clear()
    with pytest.raises(ToolchainError, match=r"single_texts\.jsonl holds no texts .* unset TANDEM_BENCHMARK"):
        perplexity.perplexities(base)
