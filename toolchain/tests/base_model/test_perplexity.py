"""Perplexity of the base: what it is, and that a broken base is told."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch

from toolchain.base_model import load, perplexity, specification
from toolchain.base_model.load import LoadedBase
from toolchain.cli import app
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


def test_a_surprise_beyond_all_numbers_is_an_infinite_perplexity(
    base: LoadedBase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    base.model.lm_head.weight.mul_(1e6)
    with pytest.raises(ToolchainError, match="perplexity of tiny on en is inf, expected below 200: import the model"):
        perplexity.perplexities(base, texts=1)
    monkeypatch.setattr(specification, "base_model", lambda _name: base.specification)
    monkeypatch.setattr(load, "load_base", lambda _specification: base)
    monkeypatch.setattr(perplexity, "_perplexity", lambda _base, texts: 30.0 if _english(texts) else math.inf)
    app(["model", "perplexity", "--texts", "1"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail) == {
        "en": 30,
        "es": None,
        "fr": None,
        "de": None,
    }


def _english(texts: Sequence[str]) -> bool:
    return set(texts) == {text.variants["en"] for text in single_texts()[:1]}


def test_an_imported_base_need_not_know_every_language(base: LoadedBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perplexity, "_perplexity", lambda _base, texts: 30.0 if _english(texts) else 900.0)
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
