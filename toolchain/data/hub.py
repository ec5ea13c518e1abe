"""Dialogues of the Hugging Face hub: one file of a dataset repository, fetched when it is named, kept in the cache."""

import re
from collections.abc import Callable
from pathlib import Path

from toolchain import paths
from toolchain.base_model.hub import asked_of_hub
from toolchain.errors import ToolchainError

PREFIX = "hub:"
_FILE = re.compile(r"([\w.-]+/[\w.-]+)/(.+)")


def dialogue_file(source: str, progress: Callable[[str], None]) -> Path:
    """The file itself, or that of `hub:OWNER/NAME/FILE`; one that is in the cache is not fetched again.

    Raises:
        ToolchainError: it names no file of a repository, or the hub does not give it.
    """
    if not source.startswith(PREFIX):
        return Path(source)
    if not (named := _FILE.fullmatch(source.removeprefix(PREFIX))):
        raise ToolchainError(f"{source!r} names no file of the hub: want {PREFIX}OWNER/NAME/FILE")
    repository, name = named.groups()
    folder = paths.cache() / "dialogues" / repository
    if (kept := folder / name).is_file():
        return kept
    from huggingface_hub import hf_hub_download

    progress(f"downloading {name} of {repository}")
    with asked_of_hub(repository, "give a local file"):
        return Path(hf_hub_download(repository, name, repo_type="dataset", local_dir=folder))
