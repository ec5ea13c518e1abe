"""The main tasks alone have the scores that a result file of the validation split gives them, and no others."""

from typing import Any

import pytest

from toolchain import paths
from toolchain.adapters.files import adapter_hash
from toolchain.base_model.specification import BaseSpecification
from toolchain.bundle.export import export_bundle
from toolchain.bundle.measured_alone import RESULT_FILE
from toolchain.evaluation.result_file import RESULT_FORMAT, Result, write_result
from toolchain.tests.bundles import COMPOSITIONS

VALUES = {"rouge_l": 0.25, "weighted_rouge": 0.125, "chrf": 0.375, "language": 1.0, "copy_rate": 0.5}


def _measure(base: BaseSpecification, **said: Any) -> None:
    engine = {"split": "validation", "engine": "python-bf16"}
    meta = {
        "format": RESULT_FORMAT,
        **engine,
        "base": base.name,
        **base.identity,
        "limit": None,
        "git_commit": "0" * 40,
    }
    hashes = {task: adapter_hash(paths.ADAPTERS / task) for task in ("summarize", "reply")}
    rows = [
        {"method": method, "composition": task, **engine, "metric": metric, "value": value, "interval": [0, 1], "n": 30}
        for task in hashes
        for method in ("zero-shot", "main")
        for metric, value in VALUES.items()
    ]
    write_result(paths.RESULTS / RESULT_FILE, Result(meta | {"adapter_sha256": hashes} | said, rows, []))


def _exported(base: BaseSpecification) -> tuple[dict[str, dict[str, float]], list[str]]:
    """The scores of the main tasks alone in the manifest, and their lines of the model card."""
    bundle = paths.RESULTS.parent / "bundle"
    manifest = export_bundle(base, COMPOSITIONS, bundle, pack_base=False)
    scores = {item.tasks[0]: item.validation for item in manifest.compositions if len(item.tasks) == 1}
    card = (bundle / "MODEL_CARD.md").read_text(encoding="utf-8").splitlines()
    return scores, [line for line in card if line.startswith(tuple(f"| {task} | none |" for task in scores))]


def test_a_bundle_says_how_good_the_main_tasks_are_alone(base: BaseSpecification) -> None:
    _measure(base)
    scores, lines = _exported(base)
    assert scores == {
        task: {
            f"{mode}.{metric}": VALUES[metric]
            for mode in ("zero-shot", "merge")
            for metric in (main, "chrf", "language")
        }
        for task, main in (("summarize", "rouge_l"), ("reply", "weighted_rouge"))
    }
    assert [line.split(" | ")[-1] for line in lines] == [
        "; ".join(f"{mode}: {main}, chrf 37.5, language 100.0" for mode in ("merge", "zero-shot")) + " |"
        for main in ("rouge_l 25.0", "weighted_rouge 12.5")
    ]


@pytest.mark.parametrize(
    "said",
    [
        {"split": "test"},
        {"limit": 2},
        {"base_sha256": "0" * 64},
        {"adapter_sha256": {"summarize": "0" * 64, "reply": "0" * 64}},
    ],
    ids=str,
)
def test_scores_of_anything_else_are_left_out(base: BaseSpecification, said: dict[str, Any]) -> None:
    _measure(base, **said)
    scores, lines = _exported(base)
    assert scores == {"summarize": {}, "reply": {}}
    assert all(line.endswith("| not measured |") for line in lines)
