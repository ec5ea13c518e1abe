"""The device engine: what it asks of the core, what it keeps, and what it does when the core fails.

The core here is a script that speaks `tandem run --json`; tests/test_evaluate_on_device.py holds the engine to the real one.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from toolchain import paths
from toolchain.adapters.corrections import CalibrationMethod
from toolchain.adapters.files import write_adapter
from toolchain.adapters.methods.calibrated import FURTHER
from toolchain.adapters.methods.registry import METHODS
from toolchain.base_model import specification
from toolchain.data.benchmark import Split
from toolchain.data.pairs import Pair, composition_pairs
from toolchain.errors import ToolchainError
from toolchain.evaluation.engines.device_core import STATISTICS, DeviceCore, Run
from toolchain.evaluation.engines.device_engine import DeviceEngine
from toolchain.evaluation.engines.engine import Question
from toolchain.evaluation.engines.timing import paired_times
from toolchain.evaluation.evaluate import Evaluation, evaluate
from toolchain.recommendations import write_recommendations
from toolchain.tasks import Composition
from toolchain.tests.assets import put_calibration
from toolchain.tests.bundles import commit
from toolchain.tests.tiny import random_adapter, silent
from toolchain.text import Message

COMPOSITION = Composition.parse("summarize+es")
EVALUATION = Evaluation(["main", "lc++", "two-step"], [COMPOSITION.name], Split.TEST, limit=3, seed=0)

_CORE = """#!/usr/bin/env python3
import json, os, sys
options = dict(zip(sys.argv[3::2], sys.argv[4::2]))
lines = [json.loads(line) for line in sys.stdin]
with open(os.path.join(os.path.dirname(__file__), "runs.jsonl"), "a") as log:
    speakers = [line.get("reply_speaker") for line in lines]
    print(json.dumps({"options": options, "ids": [line["id"] for line in lines], "speakers": speakers}), file=log)
marked = lambda how: os.path.exists(os.path.join(os.path.dirname(__file__), how))
answered = lines[::-1] if marked("swapped") else lines[:-1] if marked("short") else lines + lines[-1:] * marked("talkative")
if marked("garbled"):
    print("ready")
for number, line in enumerate(answered):
    if marked("refusing"):
        print(json.dumps({"id": line["id"], "error": {"kind": "engine", "message": "no room"}}))
        continue
    if marked("broken") and number == 1:
        sys.exit("error[engine-generate]: out of memory")
    stopped = marked("stopped") and number == 1
    spent = {"calibrated": 10, "two-step": 40}.get(options["--mode"], 1)
    row = dict.fromkeys(STATISTICS, spent) | {"id": line["id"], "text": f"{options['--mode']} {line['id']}"}
    print(json.dumps(row | {"finish_reason": "cancelled" if stopped else "stop"}), flush=True)
    if stopped:
        sys.exit(130)
"""


class Core:
    """A script, and what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.program = folder / "tandem"
        self.program.write_text(_CORE.replace("STATISTICS", repr(STATISTICS)), encoding="utf-8")
        self.program.chmod(0o755)

    @property
    def runs(self) -> list[dict[str, Any]]:
        """One entry for each process."""
        log = self.folder / "runs.jsonl"
        return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.is_file() else []

    @property
    def speakers(self) -> list[str | None]:
        """For whom each conversation was to be replied."""
        return [speaker for run in self.runs for speaker in run["speakers"]]

    def fails(self, how: str, fails: bool) -> None:
        """Whether it dies at its second conversation (`broken`), is stopped in the middle of it (`stopped`), or answers otherwise than asked."""
        mark = self.folder / how
        mark.touch() if fails else mark.unlink()


@pytest.fixture
def core(tmp_path: Path) -> Core:
    return Core(tmp_path / "core")


@pytest.fixture
def engine(core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DeviceEngine:
    base = commit(tmp_path, monkeypatch)
    return DeviceEngine(DeviceCore(core.program), base, tmp_path / "bundles")


def test_each_method_runs_in_its_mode_or_from_its_one_adapter(core: Core, engine: DeviceEngine, tmp_path: Path) -> None:
    evaluate(engine, EVALUATION, tmp_path / "cells", silent)
    asked = {(run["options"]["--mode"], run["options"]["--task"], run["options"]["--into"]) for run in core.runs}
    assert asked == {("merge", "main", "none"), ("calibrated", "summarize", "es"), ("two-step", "summarize", "es")}


def test_times_are_of_pairs_in_alternating_order_after_a_warm_up(
    core: Core, engine: DeviceEngine, tmp_path: Path
) -> None:
    result = evaluate(engine, EVALUATION, tmp_path / "cells", silent)
    timed = [run for run in core.runs if run["ids"][0] is None]
    assert all(len(run["ids"]) == 2 for run in timed)
    modes = [run["options"]["--mode"] for run in timed]
    assert modes == ["calibrated", "two-step", "two-step", "calibrated", "calibrated", "two-step"]
    assert [run["ids"][1] for run in timed[::2]] == [run["ids"][1] for run in timed[1::2]]
    rows = {(row["method"], row["metric"]): row for row in result.rows}
    assert rows["lc++", "prefill_ms + decode_ms / two-step (median)"]["value"] == pytest.approx(10 / 40)
    assert rows["lc++", "faster than two-step"]["value"] == 1
    assert rows["two-step", "peak_rss_bytes"]["value"] == 40


@pytest.mark.parametrize(("how", "told"), [("broken", "out of memory"), ("stopped", "was stopped in conversation")])
def test_a_run_that_died_goes_on_with_the_next_conversation(
    core: Core, engine: DeviceEngine, tmp_path: Path, how: str, told: str
) -> None:
    evaluation = replace(EVALUATION, methods=["lc++"])
    whole = evaluate(engine, evaluation, tmp_path / "whole", silent)
    core.fails(how, True)
    for _ in range(2):
        with pytest.raises(ToolchainError, match=told):
            evaluate(engine, evaluation, tmp_path / "resumed", silent)
    core.fails(how, False)
    resumed = evaluate(engine, evaluation, tmp_path / "resumed", silent)
    assert (resumed.rows, resumed.answers) == (whole.rows, whole.answers)
    assert core.runs[-1]["ids"] == [whole.answers[-1]["id"]], "what was answered before is not asked again"


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("swapped", "what it was not asked"),
        ("talkative", "what it was not asked"),
        ("short", "left conversations unanswered"),
        ("garbled", "no JSON object"),
    ],
)
def test_a_core_that_answers_otherwise_than_asked_is_refused(
    core: Core, engine: DeviceEngine, tmp_path: Path, how: str, told: str
) -> None:
    core.fails(how, True)
    with pytest.raises(ToolchainError, match=told):
        evaluate(engine, replace(EVALUATION, methods=["lc++"]), tmp_path / "cells", silent)


def test_another_program_answers_anew(core: Core, engine: DeviceEngine, tmp_path: Path) -> None:
    question = Question(METHODS["lc++"], COMPOSITION, COMPOSITION.prompt)
    before = engine.key(question)
    core.program.write_text(core.program.read_text(encoding="utf-8") + "# rebuilt\n", encoding="utf-8")
    rebuilt = DeviceEngine(DeviceCore(core.program), engine._base, tmp_path / "others")
    assert rebuilt.key(question) != before


def test_a_mode_is_asked_with_the_manifests_prompt_and_another_prompt_answers_anew(engine: DeviceEngine) -> None:
    other = "Sum up: {input}"
    write_recommendations({COMPOSITION.name: {"prompt_overrides": {"merge": other}}})
    found = {name: [*engine.prompts(METHODS[name], COMPOSITION).values()] for name in ("merge", "lc++")}
    assert found == {"merge": [other], "lc++": [COMPOSITION.prompt]}
    keys = {engine.key(Question(METHODS["main"], COMPOSITION, template)) for template in (other, COMPOSITION.prompt)}
    assert len(keys) == 2


def test_what_ships_is_one_method_for_the_length_of_a_run(
    engine: DeviceEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(specification, "base_model", lambda _name=None: engine._base)
    put_calibration(COMPOSITION, CalibrationMethod.LC_PLUS_PLUS, engine._base.sha256, committed_as=FURTHER)

    def recommended_meanwhile(_line: str) -> None:
        write_recommendations({COMPOSITION.name: {"calibration": FURTHER}})

    asked = replace(EVALUATION, methods=["lc++", FURTHER, "two-step"])
    result = evaluate(engine, asked, tmp_path / "cells", recommended_meanwhile)
    modes = {row["method"]: row["answer"].split()[0] for row in result.answers}
    assert modes == {"lc++": "calibrated", FURTHER: "merge", "two-step": "two-step"}, "the bundle holds LC++"
    assert {row["method"] for row in result.rows if row["metric"] == "faster than two-step"} == {"lc++"}


def test_a_bundle_of_what_ships_only_since_then_answers_nothing(core: Core, engine: DeviceEngine) -> None:
    put_calibration(COMPOSITION, CalibrationMethod.LC_PLUS_PLUS, engine._base.sha256, committed_as=FURTHER)
    assert engine.shipped(COMPOSITION) == "lc++"
    write_recommendations({COMPOSITION.name: {"calibration": FURTHER}})
    with pytest.raises(ToolchainError, match=r"what ships of summarize\+es changed while it was evaluated"):
        engine.key(Question(METHODS["lc++"], COMPOSITION, COMPOSITION.prompt))
    assert core.runs == []


def test_what_was_replaced_since_its_key_was_told_answers_nothing(core: Core, engine: DeviceEngine) -> None:
    question = Question(METHODS["main"], COMPOSITION, COMPOSITION.prompt)
    engine.key(question)
    write_adapter(paths.ADAPTERS / "summarize", random_adapter(seed=99), "tiny")
    with pytest.raises(ToolchainError, match=r"what main makes of summarize\+es changed while it was evaluated"):
        next(engine.answers(question, composition_pairs(COMPOSITION, Split.TEST)[:1]))
    assert core.runs == []


def test_times_are_kept_one_by_one_and_for_what_was_timed(
    core: Core, engine: DeviceEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = [Question(METHODS[name], COMPOSITION, COMPOSITION.prompt) for name in ("lc++", "two-step")]
    pairs = composition_pairs(COMPOSITION, Split.TEST)[:3]
    first = paired_times(engine, questions, pairs[:2], tmp_path, silent)
    (kept,) = tmp_path.glob("*.times.*")
    asked = len(core.runs)
    assert paired_times(engine, questions, pairs[:2], tmp_path, silent) == first
    assert len(core.runs) == asked
    kept.write_text(json.dumps({pairs[0].id: first[0]}))
    paired_times(engine, questions, pairs[:2], tmp_path, silent)
    assert {run["ids"][1] for run in core.runs[asked:]} == {pairs[1].id}
    monkeypatch.setattr(engine, "key", lambda _question: "another bundle")
    asked = len(core.runs)
    paired_times(engine, questions, pairs[:2], tmp_path, silent)
    assert len(core.runs) == asked + 4


def test_a_core_is_told_who_replies_and_what_it_refuses_is_told(core: Core, tmp_path: Path) -> None:
    run = Run(tmp_path, tmp_path, "reply", "es", "two-step")
    for pair in (Pair("1", (Message("Ana", "Hi"),), "Ben", "x"), Pair("2", (Message("Ana", "Hi"),), None, "x")):
        assert len([*DeviceCore(core.program).answers(run, [pair])]) == 1
    assert core.speakers == ["Ben", None]
    core.fails("refusing", True)
    with pytest.raises(ToolchainError, match="refused conversation 1: no room"):
        [*DeviceCore(core.program).answers(run, [Pair("1", "text", None, "x")])]


@pytest.mark.parametrize("passes", [0, 2])
def test_what_is_no_single_lora_is_refused_before_anything_is_answered(
    engine: DeviceEngine, core: Core, tmp_path: Path, passes: int
) -> None:
    several = replace(METHODS["main"], make=lambda composition: [*METHODS["main"].make(composition)] * passes)
    with pytest.raises(ToolchainError, match="no single plain LoRA: evaluate it with --engine python"):
        engine.key(Question(several, COMPOSITION, COMPOSITION.prompt))
    with pytest.raises(ToolchainError, match=r"in-context cannot answer summarize\+es: .*no single plain LoRA"):
        evaluate(engine, replace(EVALUATION, methods=["lc++", "in-context"]), tmp_path / "cells", silent)
    assert core.runs == []


def test_a_task_alone_is_left_to_pytorch(engine: DeviceEngine) -> None:
    with pytest.raises(ToolchainError, match="--engine python"):
        engine.prompts(METHODS["main"], Composition.of("es"))


def test_a_core_that_is_not_built_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="make build"):
        DeviceCore(tmp_path / "tandem").sha256()
