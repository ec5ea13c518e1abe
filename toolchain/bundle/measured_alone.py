"""How good the main tasks of a bundle are alone, on the validation split: as a result file says it."""

from toolchain import paths
from toolchain.base_model.specification import BaseSpecification
from toolchain.bundle.manifest import Mode
from toolchain.data.benchmark import Split
from toolchain.evaluation.paper import reported
from toolchain.evaluation.result_file import read_result
from toolchain.tasks import Composition

RESULT_FILE = "tasks.validation.python-bf16.jsonl"
_MODES: dict[str, Mode] = {"zero-shot": "zero-shot", "main": "merge"}
"""By method. The merge of a task alone is its adapter."""


def validation_alone(task: str, base: BaseSpecification, adapter_sha256: str) -> dict[str, float]:
    """`<mode>.<metric>`, as a manifest has it; nothing where that was not measured of this base and adapter on the whole split.

    Raises:
        ToolchainError: the result file is damaged.
    """
    path = paths.RESULTS / RESULT_FILE
    if not path.is_file():
        return {}
    result = read_result(path)
    measured = {key: result.meta.get(key) for key in ("split", "limit", *base.identity)}
    of_the_adapter = result.meta.get("adapter_sha256", {}).get(task) == adapter_sha256
    if not of_the_adapter or measured != {"split": Split.VALIDATION, "limit": None, **base.identity}:
        return {}
    values = {(row["method"], row["metric"]): row["value"] for row in result.rows if row["composition"] == task}
    return {
        f"{mode}.{score}": values[method, score]
        for method, mode in _MODES.items()
        for score in reported(Composition.of(task))
        if (method, score) in values
    }
