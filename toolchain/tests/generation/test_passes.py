"""Passes: every input is asked about as if it were alone, by the one who replies in it, and what an adapter answers is what the next reads."""

import pytest

from toolchain.base_model.load import LoadedBase
from toolchain.base_model.prompt import encode_turn
from toolchain.errors import ToolchainError
from toolchain.generation.generate import adapter_applied, generate
from toolchain.generation.passes import run_pass, run_passes
from toolchain.tests.tiny import random_adapter
from toolchain.text import Message

REPLY, REWRITE = "{input}\n{reply_speaker}:", "Say it in Spanish: {input}"
MESSAGES = (Message("Ana", "Hi."), Message("Ben", "Hello."), Message("Cleo", "Who's there?"))
SPEAKERS = ["Ana", "Ben", "Cleo"]


def test_every_input_is_asked_about_by_its_own_speaker(base_once: LoadedBase) -> None:
    spec = base_once.specification
    together = run_pass(base_once, random_adapter(1), REPLY, [MESSAGES] * 3, SPEAKERS)
    with adapter_applied(base_once.model, random_adapter(1)):
        prompts = [encode_turn(base_once.tokenizer, spec, REPLY, MESSAGES, speaker).ids for speaker in SPEAKERS]
        assert together == generate(base_once, prompts, spec.max_new_tokens)
    assert len(set(together)) > 1, "the random model answers speakers differently"


def test_an_adapter_reads_what_the_one_before_it_answered(base_once: LoadedBase) -> None:
    adapters = [random_adapter(1), random_adapter(2)]
    read, answers = run_passes(base_once, adapters, [REPLY, REWRITE], [MESSAGES] * 3, SPEAKERS)
    assert read == run_pass(base_once, adapters[0], REPLY, [MESSAGES] * 3, SPEAKERS)
    assert answers == run_pass(base_once, adapters[1], REWRITE, read)


def test_nothing_is_made_of_an_empty_answer(base_once: LoadedBase) -> None:
    first, second = run_pass(base_once, random_adapter(1), REWRITE, ["", "good morning"])
    assert (first, [second]) == ("", run_pass(base_once, random_adapter(1), REWRITE, ["good morning"]))


def test_an_input_that_cannot_be_asked_about_is_named_by_its_place(base_once: LoadedBase) -> None:
    secret = (Message("Ana", " "),)
    with pytest.raises(ToolchainError, match=r"^input 2 cannot be asked about") as refused:
        run_pass(base_once, None, REPLY, [MESSAGES, secret], ["Ana", "Ana"])
    assert "Ana" not in str(refused.value)
