"""Recommendations: what validation chose, in the manifest's terms."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain import paths
from toolchain.adapters.merging.registry import METHODS
from toolchain.bundle.manifest import MODES
from toolchain.evaluation.prompts import prompt_variants
from toolchain.evaluation.recommend import (
    METHODS_COMPARED,
    SHIPPED_METHOD,
    recommendation,
    recommendations_path,
    write_recommendations,
)
from toolchain.evaluation.result_file import Result
from toolchain.tasks import Composition

COMPOSITION = Composition.parse("summarize+es")
VARIANTS = prompt_variants(COMPOSITION)

scores = st.floats(0, 1)
chosen_prompts = st.fixed_dictionaries(
    {
        method: st.sampled_from(sorted(VARIANTS)) if METHODS[method].tunes_prompt else st.just("contract")
        for method in METHODS_COMPARED
    }
)


def _result(rouge: dict[str, float], prompts: dict[str, str]) -> Result:
    rows: list[dict[str, Any]] = []
    for method in METHODS_COMPARED:
        measured = {"rouge_l": rouge[method], "chrf": 0.2, "language": 1.0, "prompt": prompts[method]}
        rows += [
            {"method": method, "composition": COMPOSITION.name, "metric": metric, "value": value}
            for metric, value in measured.items()
        ]
        rows.append({"method": method, "composition": "reply+de", "metric": "rouge_l", "value": 1 - rouge[method]})
    return Result({}, rows, [])


@given(st.fixed_dictionaries({method: scores for method in METHODS_COMPARED}), chosen_prompts)
def test_the_best_of_one_pass_is_recommended(rouge: dict[str, float], prompts: dict[str, str]) -> None:
    found = recommendation(_result(rouge, prompts), COMPOSITION.name)
    modes = {"merge": rouge["merge"], "calibrated": rouge[SHIPPED_METHOD]}
    assert modes[found["recommended_mode"]] == max(modes.values())
    assert found["validation"]["two-step.rouge_l"] == rouge["two-step"]
    assert found["validation"]["calibrated.rouge_l"] == rouge[SHIPPED_METHOD]


@given(chosen_prompts)
def test_a_mode_overrides_the_prompt_only_where_validation_chose_another(prompts: dict[str, str]) -> None:
    overrides = recommendation(_result(dict.fromkeys(METHODS_COMPARED, 0.5), prompts), COMPOSITION.name)[
        "prompt_overrides"
    ]
    for method in METHODS_COMPARED:
        mode = "calibrated" if method == SHIPPED_METHOD else method
        assert overrides.get(mode, COMPOSITION.prompt) == VARIANTS[prompts[method]]
    assert all(prompt != COMPOSITION.prompt for prompt in overrides.values())
    assert overrides.keys() <= set(MODES)


def test_new_recommendations_join_the_known_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "CALIBRATIONS", tmp_path)
    write_recommendations({"summarize+es": {"recommended_mode": "merge"}, "reply+de": {"recommended_mode": "merge"}})
    path = write_recommendations({"summarize+es": {"recommended_mode": "calibrated"}})
    assert path == recommendations_path()
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "summarize+es": {"recommended_mode": "calibrated"},
        "reply+de": {"recommended_mode": "merge"},
    }
