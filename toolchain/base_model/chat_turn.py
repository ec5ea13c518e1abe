"""What a chat template writes around a user's message, as ids: a user's text, which holds no special tokens, cannot end the turn."""

from pathlib import Path

from tokenizers import Tokenizer

from toolchain.errors import ToolchainError, on_one_line
from toolchain.json_object import json_object
from toolchain.text_file import file_text

TEMPLATE_FILE = "chat_template.jinja"
_CONFIG_FILE = "tokenizer_config.json"
_MARK = "what-the-user-says"
_DAY = "26 Jul 2024"
"""For templates that write the `date_string` they are given, as Llama 3's, their own default: the ids must be the same tomorrow."""

Turn = tuple[tuple[int, ...], tuple[int, ...]]
"""The ids before and after a user's message."""


def turn_ids(folder: Path, tokenizer: Tokenizer, bos: int) -> Turn:
    """The turn (without BOS, which every prompt begins with); empty where the model has no template.

    Raises:
        ToolchainError: the template cannot be filled, does not show a message as it is, once, or is not encoded as its pieces are; or nothing
            behind the message is a special token, so that a text could look like the turn's end.
    """
    if not (template := _template(folder)):
        return (), ()
    if "strftime_now" in template and "date_string" not in template:
        raise _refused(folder, "it writes the day, which adapters would be trained with and be asked without")
    whole = _shown(folder)
    before, mark, after = whole.partition(_MARK)
    if not mark or _MARK in after:
        raise _refused(folder, "it does not show a message once, as it is")
    start, said, end, together = (_ids(tokenizer, text) for text in (before, mark, after, whole))
    if start + said + end != together:
        raise _refused(folder, "what stands around a message is encoded otherwise with it than without it")
    special = {token.content for token in tokenizer.get_added_tokens_decoder().values() if token.special}
    if not any(tokenizer.id_to_token(index) in special for index in end):
        raise _refused(folder, "no special token ends a turn, so that a user's text could end it")
    return (start[1:] if start[:1] == (bos,) else start), end


def _ids(tokenizer: Tokenizer, text: str) -> tuple[int, ...]:
    return tuple(tokenizer.encode(text, add_special_tokens=False).ids)


def _shown(folder: Path) -> str:
    from transformers import AutoTokenizer

    messages = [{"role": "user", "content": _MARK}]
    try:
        chat = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        return str(chat.apply_chat_template(messages, add_generation_prompt=True, tokenize=False, date_string=_DAY))
    except Exception as error:  # A template is a foreign program.
        raise _refused(folder, on_one_line(error)) from None


def _template(folder: Path) -> str:
    """Its text, or of several those; empty where there is none."""
    file, config = folder / TEMPLATE_FILE, folder / _CONFIG_FILE
    if file.is_file():
        return file_text(file, "get the model anew")
    said = json_object(config, "is no JSON object in UTF-8: get the model anew") if config.is_file() else {}
    return str(said.get("chat_template") or "")


def _refused(folder: Path, problem: str) -> ToolchainError:
    return ToolchainError(
        f"{folder} has a chat template that cannot be used ({problem}): "
        f"take {TEMPLATE_FILE}, or chat_template in {_CONFIG_FILE}, away for plain prompts"
    )
