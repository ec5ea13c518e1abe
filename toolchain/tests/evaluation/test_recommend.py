"""Recommendations: what validation chose, in the manifest's terms."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import MagicMock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain import paths, provenance
from toolchain.adapters.calibration_file import read_calibration, write_calibration
from toolchain.adapters.methods.calibrated import FROM_TWO_STEP, calibration_path
from toolchain.adapters.methods.method import Method
from toolchain.adapters.methods.registry import METHODS
from toolchain.bundle import manifest
from toolchain.data.benchmark import Split, conversations
from toolchain.data.pairs import Pair
from toolchain.errors import ToolchainError
from toolchain.evaluation.engines.engine import Answer, Engine, Question
from toolchain.evaluation.engines.prompts import prompt_variants
from toolchain.evaluation.paper import main_metric
from toolchain.evaluation.recommend import (
    MODES_BY_METHOD,
    better_calibration,
    comparable_calibrations,
    recommend,
    recommendation,
)
from toolchain.evaluation.result_file import Result
from toolchain.hashing import sha256_file
from toolchain.recommendations import (
    CALIBRATIONS,
    DEFAULT_CALIBRATION,
    TRUE_TO_TONE,
    recommendations_path,
    recommended,
    shipped_calibration,
    write_recommendations,
)
from toolchain.tasks import AUXILIARY_TASKS, TASKS, Composition
from toolchain.tests.tiny import silent

COMPOSITION = Composition.parse("summarize+es")
VARIANTS = prompt_variants(COMPOSITION)
COMPARED = (*MODES_BY_METHOD, *CALIBRATIONS)

scores = st.floats(0, 1)
chosen_prompts = st.fixed_dictionaries(
    {
        method: st.sampled_from(sorted(VARIANTS)) if METHODS[method].tunes_prompt else st.just("contract")
        for method in COMPARED
    }
)


def _result(
    rouge: dict[str, float],
    prompts: dict[str, str],
    chrf: dict[str, float] | None = None,
    name: str = COMPOSITION.name,
) -> Result:
    """What is reported of `name` is `rouge`; the metric that is reported of others, and another composition, say the opposite."""
    rows: list[dict[str, Any]] = []
    for method in COMPARED:
        measured = {
            "rouge_l": 1 - rouge[method],
            "weighted_rouge": 1 - rouge[method],
            main_metric(Composition.parse(name)): rouge[method],
            "chrf": chrf[method] if chrf else 0.2,
            "language": 1.0,
            "prompt": prompts[method],
        }
        rows += [
            {"method": method, "composition": name, "metric": metric, "value": value}
            for metric, value in measured.items()
        ]
        rows.append({"method": method, "composition": "reply+fr", "metric": "rouge_l", "value": 1 - rouge[method]})
    return Result({}, rows, [])


measured = st.fixed_dictionaries({method: scores for method in COMPARED})
calibrations = st.sampled_from(CALIBRATIONS)


@given(measured, calibrations, st.sampled_from(("summarize+es", "reply+de")))
def test_the_one_pass_that_is_best_in_what_is_reported_is_recommended(
    rouge: dict[str, float], calibration: str, name: str
) -> None:
    found = recommendation(_result(rouge, dict.fromkeys(COMPARED, "contract"), name=name), name, calibration)
    metric = main_metric(Composition.parse(name))
    modes = {"merge": rouge["merge"], "calibrated": rouge[calibration]}
    assert modes[found["recommended_mode"]] == max(modes.values())
    assert found["validation"][f"two-step.{metric}"] == rouge["two-step"]
    assert found["validation"][f"calibrated.{metric}"] == rouge[calibration]
    assert found["calibration"] == calibration


@pytest.mark.parametrize("name", ["summarize+witty", "reply+paraphrase", "summarize+witty+fr"])
def test_where_a_tone_is_asked_for_the_calibration_is_recommended(name: str) -> None:
    rouge = {method: 0.2 for method in COMPARED} | {"merge": 0.9}
    prompts = dict.fromkeys(COMPARED, "contract")
    assert recommendation(_result(rouge, prompts, name=name), name, "lc++")["recommended_mode"] == "calibrated"
    assert comparable_calibrations(Composition.parse(name)) == TRUE_TO_TONE
    assert comparable_calibrations(COMPOSITION) == CALIBRATIONS


@given(measured, measured, st.sampled_from(("summarize+es", "reply+de")))
def test_the_better_calibration_is_not_worse_in_both_metrics(
    rouge: dict[str, float], chrf: dict[str, float], name: str
) -> None:
    result = _result(rouge, dict.fromkeys(COMPARED, "contract"), chrf, name)
    better = better_calibration(result, name, CALIBRATIONS)
    for other in CALIBRATIONS:
        assert rouge[better] >= rouge[other] or chrf[better] >= chrf[other]
    assert better_calibration(result, name, [CALIBRATIONS[1]]) == CALIBRATIONS[1]


def test_one_wrong_language_in_thirty_outweighs_three_points_of_overlap() -> None:
    result = _result(dict.fromkeys(COMPARED, 0.2) | {"lc++": 0.23}, dict.fromkeys(COMPARED, "contract"))
    assert better_calibration(result, COMPOSITION.name, TRUE_TO_TONE) == "lc++"
    (language,) = (row for row in result.rows if (row["method"], row["metric"]) == ("lc++", "language"))
    language["value"] = 29 / 30
    assert better_calibration(result, COMPOSITION.name, TRUE_TO_TONE) == "lc++f"


class _EngineThatLikes:
    """Answers with the reference by the method that it likes, with a word by all others; keeps whom it was asked about."""

    id = "python"
    base: ClassVar[dict[str, str]] = {}

    def __init__(self, liked: str) -> None:
        self._liked = liked
        self.asked: set[str] = set()

    def prompts(self, _method: Method, composition: Composition) -> dict[str, str]:
        return {"contract": composition.prompt}

    def key(self, question: Question) -> str:
        return question.method.id

    def answers(self, question: Question, pairs: Sequence[Pair]) -> Iterator[dict[str, Answer]]:
        self.asked |= {pair.id for pair in pairs}
        yield {pair.id: Answer(pair.target if question.method.id == self._liked else "word") for pair in pairs}


def test_validation_alone_chooses_and_the_calibration_that_it_chose_is_named(assets: Path) -> None:
    engine = _EngineThatLikes("lc++f")
    found = recommend(engine, COMPOSITION, None, silent)
    assert engine.asked == {item.id for item in conversations(Split.VALIDATION)}
    assert (found["calibration"], found["recommended_mode"]) == ("lc++f", "calibrated")
    assert found["calibration_sha256"] == sha256_file(calibration_path(COMPOSITION, "lc++f"))


def test_a_calibration_that_is_replaced_meanwhile_is_not_recommended(assets: Path) -> None:
    replaced = calibration_path(COMPOSITION, "lc++f")

    def replaced_after_its_answers(line: str) -> None:
        if "lc++f" in line and "answered" in line:
            replaced.write_bytes(calibration_path(COMPOSITION, "lc++s").read_bytes())

    with pytest.raises(ToolchainError, match="changed while it was measured") as refused:
        recommend(_EngineThatLikes("lc++f"), COMPOSITION, None, replaced_after_its_answers)
    assert str(replaced) in str(refused.value)


def test_the_commit_of_a_recommendation_is_that_of_before_the_first_answer(
    assets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = ["before"]
    monkeypatch.setattr(provenance, "git_commit", lambda: commit[-1])
    assert recommend(_EngineThatLikes("lc++"), COMPOSITION, None, commit.append)["git_commit"] == "before"


@given(chosen_prompts, calibrations)
def test_a_mode_overrides_the_prompt_only_where_validation_chose_another(
    prompts: dict[str, str], calibration: str
) -> None:
    result = _result(dict.fromkeys(COMPARED, 0.5), prompts)
    overrides = recommendation(result, COMPOSITION.name, calibration)["prompt_overrides"]
    for method in (*MODES_BY_METHOD, calibration):
        mode = "calibrated" if method == calibration else method
        assert overrides.get(mode, COMPOSITION.prompt) == VARIANTS[prompts[method]]
    assert all(prompt != COMPOSITION.prompt for prompt in overrides.values())
    assert overrides.keys() <= set(manifest.MODES)


def test_what_was_recommended_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "CALIBRATIONS", tmp_path)
    assert shipped_calibration(COMPOSITION) == DEFAULT_CALIBRATION
    write_recommendations({COMPOSITION.name: {"calibration": "lc++s"}})
    assert shipped_calibration(COMPOSITION) == "lc++s"
    assert shipped_calibration(Composition.parse("reply+de")) == DEFAULT_CALIBRATION


@pytest.mark.usefixtures("assets")
def test_what_was_trained_without_references_ships_where_nothing_else_is_there() -> None:
    assert shipped_calibration(COMPOSITION) == DEFAULT_CALIBRATION
    calibration_path(COMPOSITION, DEFAULT_CALIBRATION).unlink()
    assert shipped_calibration(COMPOSITION) == FROM_TWO_STEP


def test_new_recommendations_join_the_known_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "CALIBRATIONS", tmp_path)
    write_recommendations({"summarize+es": {"recommended_mode": "merge"}, "reply+de": {"recommended_mode": "merge"}})
    path = write_recommendations({"summarize+es": {"recommended_mode": "calibrated"}})
    assert path == recommendations_path()
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "summarize+es": {"recommended_mode": "calibrated"},
        "reply+de": {"recommended_mode": "merge"},
    }


def test_what_several_recommend_at_once_is_all_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "CALIBRATIONS", tmp_path)
    names = [f"summarize+{auxiliary}" for auxiliary in AUXILIARY_TASKS]
    with ThreadPoolExecutor(len(names)) as several:
        list(several.map(lambda name: write_recommendations({name: {"recommended_mode": "merge"}}), names))
    assert json.loads(recommendations_path().read_text(encoding="utf-8")).keys() == set(names)


@pytest.mark.parametrize("content", ["<<<<<<< HEAD\n{}", "[]", '{"summarize+es": null}', "[" * 200_000])
def test_damaged_recommendations_are_named(assets: Path, content: str) -> None:
    recommendations_path().write_text(content)
    with pytest.raises(ToolchainError, match=r"recommendations\.json holds no recommendations"):
        recommended(Composition.parse("summarize+es"))


def test_a_task_alone_has_no_mode_to_recommend() -> None:
    engine = MagicMock(spec=Engine)
    with pytest.raises(ToolchainError, match="summarize is a single task"):
        recommend(engine, Composition.parse("summarize"), None, silent)
    engine.answers.assert_not_called()


@pytest.mark.usefixtures("assets")
@pytest.mark.parametrize("calibration", [None, FROM_TWO_STEP])
def test_what_has_no_reference_is_refused_before_a_calibration_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, calibration: str | None
) -> None:
    monkeypatch.setitem(TASKS, "friendly", replace(TASKS["witty"], id="friendly"))
    engine = MagicMock(spec=Engine)
    with pytest.raises(ToolchainError, match=r"conversations\.jsonl line \d+ has no summary\.friendly"):
        recommend(engine, Composition.parse("summarize+friendly"), calibration, silent)
    engine.answers.assert_not_called()


@pytest.mark.usefixtures("assets")
def test_a_calibration_of_another_adapter_is_left_out_and_told() -> None:
    told: list[str] = []
    for method in CALIBRATIONS:
        path = calibration_path(COMPOSITION, method)
        other = replace(read_calibration(path), adapter_sha256={"summarize": "0" * 64, "es": "0" * 64})
        write_calibration(path, other)
    with pytest.raises(ToolchainError, match=r"summarize\+es has no calibration of its adapters"):
        recommend(MagicMock(spec=Engine), COMPOSITION, None, told.append)
    assert ["is left out" in line and "another summarize adapter" in line for line in told] == [True] * len(
        CALIBRATIONS
    )
