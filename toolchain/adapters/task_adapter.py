"""The adapter of a task, as it lies among the assets."""

from toolchain import paths
from toolchain.adapters.compose import layer_of
from toolchain.adapters.files import (
    IMPORT_LOG,
    LOG_FILE,
    MODULES,
    Adapter,
    read_adapter,
    refuse_no_adapter,
)
from toolchain.base_model import specification
from toolchain.base_model.made_for import refuse_of_another_base
from toolchain.base_model.specification import BaseSpecification
from toolchain.errors import ToolchainError
from toolchain.json_object import json_object
from toolchain.log_file import logged


def task_adapter(task: str) -> Adapter:
    """The adapter of a task, if its log, where it has one, is of the base at hand.

    Raises:
        ToolchainError: it is missing or damaged, cannot be composed, or is of another base.
    """
    folder, base = paths.ADAPTERS / task, specification.base_model()
    refuse_no_adapter(task)
    adapter = read_adapter(folder)
    if bare := _not_adapted(adapter, _layers(base)):
        raise ToolchainError(
            f"{folder} has no factors for {bare}: an adapter here is on all linears, move it away and import it with "
            f"`toolchain adapter import DIR --task {task}`, which fills the others with zeros"
        )
    for path in (folder / LOG_FILE, folder / IMPORT_LOG):
        remedy = f"train the adapter for this one (`toolchain train lora {task}`), or import it anew"
        refuse_of_another_base(path, logged(path, "an adapter", "base_sha256"), base, remedy)
    return adapter


def _layers(base: BaseSpecification) -> int:
    """How many the base has; 0 where no copy of it for training is there to say so."""
    path = base.dequantised_path / "config.json"
    if not path.is_file():
        return 0
    config = json_object(path, f"is no JSON object: remove {base.dequantised_path}, and {base.remedy}")
    return int(config.get("num_hidden_layers", 0))


def _not_adapted(adapter: Adapter, layers: int) -> str | None:
    """The first linear of so many layers, or between others, that has no factors."""
    there = {(layer_of(name), name.rsplit(".", 1)[1]) for name in adapter.linears}
    layers = max(layers, 1 + max(layer for layer, _ in there))
    absent = ((layer, module) for layer in range(layers) for module in MODULES if (layer, module) not in there)
    return next((f"{module} of layer {layer}" for layer, module in absent), None)
