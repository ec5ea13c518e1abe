"""What validation says about a composition, for its entry in the manifest: each mode's prompt, the scores, the recommended mode."""

import json
from pathlib import Path
from typing import Any

from toolchain import paths
from toolchain.evaluation.prompts import prompt_variants
from toolchain.evaluation.result_file import Result
from toolchain.hashing import write_text_whole
from toolchain.tasks import Composition

SHIPPED_METHOD = "lc++"
METHODS_COMPARED = ("zero-shot", "merge", "two-step", SHIPPED_METHOD)
_MODE = {"zero-shot": "zero-shot", "merge": "merge", "two-step": "two-step", SHIPPED_METHOD: "calibrated"}
_ONE_PASS = ("merge", SHIPPED_METHOD)
_SCORES = ("rouge_l", "chrf", "language")


def recommendations_path() -> Path:
    """Where recommendations are committed; `export` puts them into the manifest."""
    return paths.CALIBRATIONS / SHIPPED_METHOD / "recommendations.json"


def recommendation(result: Result, name: str) -> dict[str, Any]:
    """The recommendation for composition `name` from an evaluation of `METHODS_COMPARED` on the validation split.

    The recommended mode is the one-pass mode with the best ROUGE-L: the user waits half as long as for two steps.
    """
    values = {(row["method"], row["metric"]): row["value"] for row in result.rows if row["composition"] == name}
    contract = Composition.parse(name).prompt
    variants = prompt_variants(Composition.parse(name))
    prompts = {_MODE[method]: variants[values[method, "prompt"]] for method in METHODS_COMPARED}
    return {
        "prompt_overrides": {
            mode: prompt for mode, prompt in prompts.items() if prompt != contract and mode != "two-step"
        },
        "validation": {
            f"{_MODE[method]}.{score}": values[method, score] for method in METHODS_COMPARED for score in _SCORES
        },
        "recommended_mode": _MODE[max(_ONE_PASS, key=lambda method: values[method, "rouge_l"])],
    }


def write_recommendations(new: dict[str, dict[str, Any]]) -> Path:
    """Add recommendations to the committed ones."""
    path = recommendations_path()
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    write_text_whole(path, json.dumps(known | new, indent=1, ensure_ascii=False) + "\n")
    return path
