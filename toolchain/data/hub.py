"""Dialogues of the Hugging Face hub: one file of a dataset repository, fetched when it is named, kept in the cache."""

import re
from collections.abc import Callable
from pathlib import Path

from toolchain import paths
from toolchain.base_model.hub import asked_of_hub
from toolchain.errors import ToolchainError

PREFIX = "hub:"
_REPOSITORY = r"[\w.-]+/[\w.-]+"
_FILE = re.compile(rf"({_REPOSITORY})/(.+)")
_READ = (".json", ".jsonl", ".csv")


def dialogue_file(source: str, progress: Callable[[str], None]) -> Path:
    """The file itself, or that of `hub:OWNER/NAME/FILE`; one that is in the cache is not fetched again.

    Raises:
        ToolchainError: it is a pipe or a device, it names no file of a repository (those of `hub:OWNER/NAME` are listed), or the hub does not
            give it.
    """
    if not source.startswith(PREFIX):
        return _read_twice(Path(source))
    if re.fullmatch(_REPOSITORY, asked := source.removeprefix(PREFIX)):
        raise ToolchainError(f"{source!r} names no file of the hub: {_choices(asked)}")
    if not (named := _FILE.fullmatch(asked)):
        raise ToolchainError(f"{source!r} names no file of the hub: want {PREFIX}OWNER/NAME/FILE")
    repository, name = named.groups()
    folder = paths.cache() / "dialogues" / repository
    if (kept := folder / name).is_file():
        return kept
    from huggingface_hub import hf_hub_download

    progress(f"downloading {name} of {repository}")
    with asked_of_hub(repository, "give a local file"):
        return Path(hf_hub_download(repository, name, repo_type="dataset", local_dir=folder))


def _read_twice(path: Path) -> Path:
    """A file of this machine; not a pipe, which would be empty where its hash is taken after its dialogues."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise ToolchainError(f"{path} is a pipe or a device, not a file: save it to a file first, and give that")
    return path


def _choices(repository: str) -> str:
    """Which files of a repository may be meant."""
    from huggingface_hub import list_repo_files

    with asked_of_hub(repository, "give a local file"):
        names = [name for name in list_repo_files(repository, repo_type="dataset") if name.endswith(_READ)]
    if not names:
        return f"it has none that ends in {', '.join(_READ)}; give a local file"
    return f"give {' or '.join(f'{PREFIX}{repository}/{name}' for name in names)}"
