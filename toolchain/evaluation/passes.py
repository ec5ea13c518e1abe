"""One pass of one adapter over many inputs: what two steps, and whatever else hands answers on, are made of."""

from collections.abc import Sequence

from toolchain.adapters.files import Adapter
from toolchain.base_model.load import LoadedBase
from toolchain.evaluation.generate import adapter_applied, generate
from toolchain.text import Input, encode_prompt


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
    """
    spec = base.specification
    waiting = [index for index, source in enumerate(inputs) if not isinstance(source, str) or source]
    prompts = [
        encode_prompt(
            base.tokenizer,
            spec.bos_token_id,
            template,
            inputs[index],
            spec.max_prompt_tokens,
            speakers[index] if speakers else None,
        ).ids
        for index in waiting
    ]
    answers = [""] * len(inputs)
    with adapter_applied(base.model, adapter):
        for index, answer in zip(waiting, generate(base, prompts, spec.max_new_tokens, batch_size), strict=True):
            answers[index] = answer
    return answers
