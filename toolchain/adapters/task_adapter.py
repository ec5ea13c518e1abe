"""The adapter of a task, as it lies among the assets."""

from toolchain import paths
from toolchain.adapters.files import Adapter, read_adapter
from toolchain.adapters.importing import IMPORT_LOG
from toolchain.adapters.lora import LOG_FILE
from toolchain.base_model import specification
from toolchain.errors import ToolchainError
from toolchain.log_file import logged


def task_adapter(task: str) -> Adapter:
    """The adapter of a task, if its log, where it has one, is of the base at hand.

    Raises:
        ToolchainError: it is missing or damaged, cannot be composed, or is of another base.
    """
    folder, base = paths.ADAPTERS / task, specification.base_model()
    adapter = read_adapter(folder)
    for path in (folder / LOG_FILE, folder / IMPORT_LOG):
        if (log := logged(path, "an adapter", "base_sha256")) and (made_for := log["base_sha256"]) != base.sha256:
            raise ToolchainError(
                f"{path} is of base {made_for}, not {base.sha256} ({base.name}): "
                f"train the adapter for this one (`toolchain train lora {task}`), or import it anew"
            )
    return adapter
