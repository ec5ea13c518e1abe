"""The logs beside an adapter, of its training and of its import: which weights they are of, and which licences they state."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from toolchain import paths
from toolchain.adapters.files import IMPORT_LOG, LOG_FILE, adapter_hashes
from toolchain.errors import ToolchainError
from toolchain.log_file import logged, logged_texts


def stated_licence(log: Path) -> str | None:
    """The licence that the log of an import states; None where it states none, or is not there.

    Raises:
        ToolchainError: the log is damaged.
    """
    stated = logged(log, "an import").get("licence")
    return str(stated) if stated else None


def texts_licences(log: Path) -> list[str]:
    """The licences of the texts that an adapter with this log was trained on, beside our own and CoCoA-MT.

    Raises:
        ToolchainError: the log is damaged.
    """
    return logged_texts(log, "an adapter", "texts_licences", "restore it, or train the adapter again")


def stated_licences(tasks: Iterable[str]) -> list[str]:
    """All licences that the logs beside the adapters of tasks state: of imports, and of texts that they were trained on.

    Raises:
        ToolchainError: a log is damaged or of other weights; or there is no adapter.
    """
    found: set[str] = set()
    for task in tasks:
        refuse_logs_of_other_weights(task)
        stated = stated_licence(paths.ADAPTERS / task / IMPORT_LOG)
        found.update(texts_licences(paths.ADAPTERS / task / LOG_FILE), [stated] if stated else [])
    return sorted(found)


def refuse_logs_of_other_weights(task: str) -> None:
    """See that each log beside the adapter of a task that names the adapter that it is of names this one.

    Raises:
        ToolchainError: one names another, or is damaged; or there is no adapter.
    """
    found = adapter_hashes([task])[task]
    remedy = f"restore the adapter, or train (`toolchain train lora {task}`) or import it anew"
    for name in (LOG_FILE, IMPORT_LOG):
        path = paths.ADAPTERS / task / name
        refuse_log_of_other_weights(path, logged(path, "an adapter"), found, remedy)


def refuse_log_of_other_weights(path: Path, log: dict[str, Any], found: str, remedy: str) -> None:
    """Raise ToolchainError where the log at `path` names the adapter that it is of, and that is not the one with the hash `found` beside it."""
    named = log.get("adapter_sha256")
    if named is not None and named != found:
        raise ToolchainError(f"{path} is of an adapter with the hash {named}, the one beside it has {found}: {remedy}")
