"""A prompt as a base reads it: text/1 and, for a base that was trained on turns of a chat (text/2), the ids of its user's turn around it."""

from dataclasses import replace

from tokenizers import Tokenizer

from toolchain.base_model.specification import BaseSpecification
from toolchain.text import Input, Prompt, TextError, encode_prompt


def encode_turn(
    tokenizer: Tokenizer, base: BaseSpecification, template: str, source: Input, reply_speaker: str | None = None
) -> Prompt:
    """The prompt's ids within `base.max_prompt_tokens`: BOS, the turn's start, the text, the turn's end.

    Raises:
        TextError: `input-empty`, `reply-speaker-missing`, `prompt-too-long`.
    """
    start, end = base.turn_start_ids, base.turn_end_ids
    limit = base.max_prompt_tokens - len(start) - len(end)
    try:
        prompt = encode_prompt(tokenizer, base.bos_token_id, template, source, limit, reply_speaker)
    except TextError as error:
        if error.kind != "prompt-too-long":
            raise
        whole = f"the prompt does not fit into {base.max_prompt_tokens} tokens even without the input"
        raise TextError(error.kind, whole) from None
    bos, *text = prompt.ids
    return replace(prompt, ids=[bos, *start, *text, *end])
