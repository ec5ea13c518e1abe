"""Passes of adapters over many inputs, one after another: what two steps, and whatever else hands answers on, are made of."""

from collections.abc import Sequence
from importlib.metadata import version
from inspect import getsourcefile
from pathlib import Path

from toolchain import text
from toolchain.adapters.files import Adapter
from toolchain.adapters.processes import launched, on_device
from toolchain.base_model.load import LoadedBase
from toolchain.base_model.prompt import encode_turn
from toolchain.errors import ToolchainError
from toolchain.generation.generate import adapter_applied, generate
from toolchain.hashing import sha256_file
from toolchain.text import Input, TextError

KEPT_AT_ONCE = 48
"""Inputs that go through all passes before their answers are kept: an adapter is put on the base once for each, a kill loses at most one."""
SEQUENCES_A_BATCH = 16
"""Of targets that adapters make."""


def run_pass(
    base: LoadedBase,
    adapter: Adapter | None,
    template: str,
    inputs: Sequence[Input],
    speakers: Sequence[str | None] | None = None,
    batch_size: int = 8,
) -> list[str]:
    """Greedy answers of text/1 to `template` filled with each input; an empty text, which has nothing to hand on, is answered with "".

    `speakers` are those who reply, where the template asks for a reply.

    Raises:
        ToolchainError: an input cannot become a prompt; named by its place, its text stays private.
    """
    spec = base.specification
    waiting = [index for index, source in enumerate(inputs) if not isinstance(source, str) or source]
    prompts = [
        _prompt(base, template, inputs[index], speakers[index] if speakers else None, index) for index in waiting
    ]
    answers = [""] * len(inputs)
    with adapter_applied(base.model, adapter), on_device(base.model, launched().device):
        for index, answer in zip(waiting, generate(base, prompts, spec.max_new_tokens, batch_size), strict=True):
            answers[index] = answer
    return answers


def _prompt(base: LoadedBase, template: str, source: Input, speaker: str | None, index: int) -> list[int]:
    try:
        return encode_turn(base.tokenizer, base.specification, template, source, speaker).ids
    except TextError as error:
        raise ToolchainError(f"input {index + 1} cannot be asked about ({error.kind}): {error}") from None


def run_passes(
    base: LoadedBase,
    adapters: Sequence[Adapter | None],
    templates: Sequence[str],
    inputs: Sequence[Input],
    speakers: Sequence[str | None] | None = None,
    batch_size: int = 8,
) -> tuple[list[Input], list[str]]:
    """A pass for each adapter with its template, each over the answers of the one before: what the last one read, and its answers."""
    read, answers = list(inputs), [""] * len(inputs)
    for index, (adapter, template) in enumerate(zip(adapters, templates, strict=True)):
        if index:
            read = list(answers)
        answers = run_pass(base, adapter, template, read, speakers, batch_size)
    return read, answers


def decoding_rules() -> tuple[str, ...]:
    """The text rules, and whatever else makes answers of prompts: the code that generates, and the versions of what computes."""
    return text_rules(), sha256_file(Path(str(getsourcefile(generate)))), version("torch"), version("transformers")


def text_rules() -> str:
    """SHA-256 of the text rules: an edit of them makes other answers."""
    return sha256_file(Path(text.__file__))
