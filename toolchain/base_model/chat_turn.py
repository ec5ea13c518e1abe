"""What a chat template writes around a user's message, as ids: where the message is put in, no text of a user's can become a special token."""

from pathlib import Path
from typing import Any

from jinja2 import TemplateError
from tokenizers import Tokenizer

from toolchain.errors import ToolchainError
from toolchain.json_object import json_object

TEMPLATE_FILE = "chat_template.jinja"
_CONFIG_FILE = "tokenizer_config.json"
_MARK = "what-the-user-says"


def turn_ids(folder: Path, tokenizer: Tokenizer, bos: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The ids before (without BOS, which every prompt begins with) and after a user's message; none where the model has no template.

    Raises:
        ToolchainError: the template cannot be filled, or does not show a message as it is, once.
    """
    if not (folder / TEMPLATE_FILE).is_file() and not _config(folder).get("chat_template"):
        return (), ()
    before, mark, after = _shown(folder).partition(_MARK)
    if not mark or _MARK in after:
        raise _refused(folder, "it does not show a message once, as it is")
    start, end = (tokenizer.encode(text, add_special_tokens=False).ids for text in (before, after))
    return tuple(start[1:] if start[:1] == [bos] else start), tuple(end)


def _shown(folder: Path) -> str:
    from transformers import AutoTokenizer

    messages = [{"role": "user", "content": _MARK}]
    try:
        chat = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        return str(chat.apply_chat_template(messages, add_generation_prompt=True, tokenize=False))
    except (TemplateError, OSError, ValueError, TypeError, KeyError, ImportError) as error:
        raise _refused(folder, type(error).__name__) from None


def _config(folder: Path) -> dict[str, Any]:
    path = folder / _CONFIG_FILE
    return json_object(path, "is no JSON object in UTF-8: get the model anew") if path.is_file() else {}


def _refused(folder: Path, problem: str) -> ToolchainError:
    return ToolchainError(
        f"{folder} has a chat template that cannot be filled with one user's message ({problem}): "
        f"take {TEMPLATE_FILE}, or chat_template in {_CONFIG_FILE}, away for plain prompts"
    )
