"""The adapter of a task, as it lies among the assets."""

import json

from toolchain import paths
from toolchain.adapters.files import Adapter, read_adapter
from toolchain.adapters.importing import IMPORT_LOG
from toolchain.adapters.lora import LOG_FILE
from toolchain.base_model import specification
from toolchain.errors import ToolchainError


def task_adapter(task: str) -> Adapter:
    """The adapter of a task, if its log, where it has one, is of the base at hand.

    Raises:
        ToolchainError: it is missing or damaged, cannot be composed, or is of another base.
    """
    folder, base = paths.ADAPTERS / task, specification.base_model()
    adapter = read_adapter(folder)
    for path in (folder / LOG_FILE, folder / IMPORT_LOG):
        if path.is_file() and (made_for := _base_of(path.read_text(encoding="utf-8"))) != base.sha256:
            raise ToolchainError(
                f"{path} is of base {made_for}, not {base.sha256} ({base.name}): "
                f"train the adapter for this one (`toolchain train lora {task}`), or import it anew"
            )
    return adapter


def _base_of(log: str) -> str | None:
    try:
        return str(json.loads(log)["base_sha256"])
    except (ValueError, KeyError, TypeError):
        return None
