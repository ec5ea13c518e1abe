"""Calibration without compositional data: two-step's own answers on unlabelled conversations, made again and again to the same file."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from toolchain import paths
from toolchain.adapters import two_step_targets
from toolchain.adapters.calibration import train_calibration
from toolchain.adapters.calibration_data import target_data
from toolchain.adapters.calibration_file import read_calibration
from toolchain.adapters.corrections import CalibrationMethod
from toolchain.adapters.files import adapter_hash, read_adapter, write_adapter
from toolchain.adapters.methods.calibrated import FROM_TWO_STEP, calibration_path
from toolchain.adapters.methods.registry import METHODS
from toolchain.adapters.training import Schedule
from toolchain.adapters.two_step_targets import make_two_step_targets, two_step_path
from toolchain.base_model import load, specification
from toolchain.base_model.load import LoadedBase
from toolchain.cli import app
from toolchain.data import benchmark
from toolchain.data.benchmark import Split, conversations, single_conversations, unlabelled_conversations
from toolchain.data.dialogue_targets import make_targets
from toolchain.data.dialogues import Dialogue
from toolchain.data.local_model import LocalModel
from toolchain.data.target_records import target_record
from toolchain.data.unlabelled import BENCHMARK_SOURCES, Unlabelled, first_of_each_split, of_dialogues, of_the_benchmark
from toolchain.errors import ToolchainError
from toolchain.evaluation.engines import open_engine
from toolchain.evaluation.reporting.costs import budget_of
from toolchain.generation import passes
from toolchain.generation.generate import adapter_applied, generate
from toolchain.generation.passes import run_pass
from toolchain.tasks import Composition
from toolchain.tests.tiny import BOS, SPECIFICATION, random_adapter, silent, tiny_base
from toolchain.text import Message, encode_prompt

COMPOSITION = Composition.parse("summarize+es")
ORIGIN = {"source": "benchmark/single", "licence": "CC BY 4.0"}
FEW = first_of_each_split(of_the_benchmark("single"), 3)


@pytest.fixture
def short_base(base: LoadedBase, assets: Path, monkeypatch: pytest.MonkeyPatch) -> LoadedBase:
    monkeypatch.setattr(two_step_targets, "KEPT_AT_ONCE", 2)
    short = replace(SPECIFICATION, max_new_tokens=3)
    monkeypatch.setattr(specification, "base_model", lambda _name=None: short)
    return replace(base, specification=short)


def _make(
    base: LoadedBase, out: Path, items: Sequence[Unlabelled] = FEW, progress: Callable[[str], None] = silent
) -> int:
    return make_two_step_targets(base, COMPOSITION, items, out, ORIGIN, progress)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_target_is_the_second_adapters_answer_to_the_firsts(short_base: LoadedBase, assets: Path) -> None:
    assert _make(short_base, assets / "t") == len(FEW)
    rows = _rows(assets / "t")
    assert [(row["id"], row["split"]) for row in rows] == [(item.id, item.split) for item in FEW]
    hashes = {task: adapter_hash(paths.ADAPTERS / task) for task in COMPOSITION.ids}
    for row, item in zip(rows, FEW, strict=True):
        read: Any = item.messages
        for task in COMPOSITION.tasks:
            before = read
            prompt = encode_prompt(short_base.tokenizer, BOS, task.prompt, read, SPECIFICATION.max_prompt_tokens).ids
            with adapter_applied(short_base.model, read_adapter(paths.ADAPTERS / task.id)):
                (read,) = generate(short_base, [prompt], 3)
        assert (row["intermediate"], row["target"]) == (before, read)
        assert (row["source"], row["licence"], row["teacher"]) == (*ORIGIN.values(), "two-step")
        assert (row["adapter_sha256"], row["base_sha256"]) == (hashes, SPECIFICATION.sha256)


@pytest.mark.parametrize("left", ["nothing", "half a line", "half a batch", "a batch and half a line"])
def test_a_run_killed_at_any_moment_ends_with_the_same_file(short_base: LoadedBase, assets: Path, left: str) -> None:
    whole, path = assets / "whole", assets / "t"
    _make(short_base, whole)
    lines = whole.read_bytes().splitlines(keepends=True)
    kept = {"nothing": 0, "half a line": 0, "half a batch": 1, "a batch and half a line": 2}[left]
    path.write_bytes(b"".join(lines[:kept]) + (lines[kept][:-9] if "line" in left else b""))
    assert _make(short_base, path) == len(FEW) - kept
    assert path.read_bytes() == whole.read_bytes()
    assert _make(short_base, path) == 0


def test_a_kill_between_batches_loses_no_finished_one(short_base: LoadedBase, assets: Path) -> None:
    begun: list[str] = []

    def killed_at_the_third(line: str) -> None:
        begun.append(line)
        if len(begun) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _make(short_base, assets / "t", progress=killed_at_the_third)
    assert [row["id"] for row in _rows(assets / "t")] == [item.id for item in FEW[:4]]


def test_a_conversation_stands_in_the_same_batch_in_whichever_run_it_is_made(
    short_base: LoadedBase, assets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def counted(*given: Any) -> list[str]:
        asked.append(len(given[3]))
        return run_pass(*given)

    monkeypatch.setattr(passes, "run_pass", counted)
    _make(short_base, assets / "t", FEW[:2])
    (assets / "t").write_bytes((assets / "t").read_bytes().splitlines(keepends=True)[0])
    asked.clear()
    _make(short_base, assets / "t", FEW[:2])
    assert asked == [2, 2], "one conversation is missing, but its whole batch is made, once for each adapter"


@pytest.mark.parametrize("change", ["adapter", "licence", "text_rules"])
def test_a_file_of_something_else_is_not_added_to(
    short_base: LoadedBase, assets: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    _make(short_base, assets / "t", FEW[:1])
    before = (assets / "t").read_bytes()
    origin = dict(ORIGIN)
    if change == "adapter":
        write_adapter(paths.ADAPTERS / "es", random_adapter(9), "tiny")
    elif change == "licence":
        origin["licence"] = "CC BY-NC 4.0"
    else:
        monkeypatch.setattr(two_step_targets, "text_rules", lambda: "0" * 64)
    with pytest.raises(ToolchainError, match=change) as refused:
        make_two_step_targets(short_base, COMPOSITION, FEW, assets / "t", origin, silent)
    assert str(assets / "t") in str(refused.value)
    assert (assets / "t").read_bytes() == before


def test_a_calibration_is_trained_on_them_and_on_no_reference(short_base: LoadedBase, assets: Path) -> None:
    path = two_step_path(COMPOSITION, "single")
    _make(short_base, path)
    data = target_data(COMPOSITION, path, "x")
    assert [pair.id for pair in (*data.training, *data.validation)] == [
        row["id"] for row in _rows(path) if row["target"]
    ]
    assert all(pair.intermediate for pair in data.training), "so that --distillation works"
    target = calibration_path(COMPOSITION, FROM_TWO_STEP)
    schedule = Schedule(steps=2, batch_size=2, learning_rate=0.01, evaluate_every=2, distillation=0.5)
    log = train_calibration(short_base, COMPOSITION, CalibrationMethod.LC_PLUS_PLUS, schedule, target, data)
    assert read_calibration(target).composition == COMPOSITION.name
    assert log["targets"] == {
        "file": path.name,
        "source": [ORIGIN["source"]],
        "licence": [ORIGIN["licence"]],
        "teacher": ["two-step"],
    }
    assert path.name in log["data"]
    assert budget_of(log).endswith("on targets of two-step")
    assert len(METHODS[FROM_TWO_STEP].adapters(COMPOSITION)) == 1


def test_the_commands_make_them_train_on_them_and_evaluate(
    short_base: LoadedBase, assets: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        load, "load_base", lambda *_given, **_named: replace(tiny_base(), specification=short_base.specification)
    )
    monkeypatch.setattr(open_engine, "load_base", lambda _specification: short_base)
    calibration_path(COMPOSITION, FROM_TWO_STEP).unlink()

    def run(*given: str) -> str:
        app(given, standalone_mode=False)
        return capsys.readouterr().out

    made = json.loads(run("data", "two-step", COMPOSITION.name, "--limit", "2"))
    assert made == {"targets": str(two_step_path(COMPOSITION, "single")), "made": 4}
    assert json.loads(run("data", "two-step", COMPOSITION.name, "--limit", "2"))["made"] == 0
    run("train", "calibration", COMPOSITION.name, "--two-step", "--steps", "1", "--batch-size", "2")
    assert read_calibration(calibration_path(COMPOSITION, FROM_TWO_STEP)).composition == COMPOSITION.name
    out = str(assets / "results.jsonl")
    assert FROM_TWO_STEP in run("evaluate", "--methods", f"two-step,{FROM_TWO_STEP}", "--limit", "1", "--out", out)


def test_records_of_the_benchmark_say_every_licence_of_it(
    short_base: LoadedBase, assets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "load_base", lambda *_given, **_named: short_base)
    monkeypatch.setattr(benchmark, "licences", lambda: ["CC BY 4.0", "CC BY-NC 4.0"])
    given = ["--source", "calibration", "--limit", "1", "--out", str(assets / "t")]
    app(["data", "two-step", COMPOSITION.name, *given], standalone_mode=False)
    rows = _rows(assets / "t")
    assert [row["split"] for row in rows] == [Split.CALIBRATION, Split.VALIDATION]
    assert {(row["source"], row["licence"]) for row in rows} == {("benchmark/calibration", "CC BY 4.0; CC BY-NC 4.0")}
    assert not any("source_sha256" in row for row in rows)


def test_targets_that_do_not_fit_are_refused(short_base: LoadedBase, assets: Path) -> None:
    path = assets / "t"
    with pytest.raises(ToolchainError, match=r"make it with `toolchain data two-step`"):
        target_data(COMPOSITION, path, "toolchain data two-step")
    _make(short_base, path, FEW[-1:])
    with pytest.raises(ToolchainError, match="no target to train on"):
        target_data(COMPOSITION, path, "x")
    with pytest.raises(ToolchainError, match=r"summarize\+es, not of summarize\+fr"):
        target_data(Composition.parse("summarize+fr"), path, "x")
    (assets / "twice").write_bytes(path.read_bytes() * 2)
    with pytest.raises(ToolchainError, match=r"twice line 2: id .* comes twice"):
        target_data(COMPOSITION, assets / "twice", "x")
    write_adapter(paths.ADAPTERS / "es", random_adapter(9), "tiny")
    with pytest.raises(ToolchainError, match=r"made by other adapters \(es\)"):
        target_data(COMPOSITION, path, "x")
    shutil.rmtree(paths.ADAPTERS / "es")
    with pytest.raises(ToolchainError, match=r"es.adapter_config.json is missing: train an adapter for es"):
        target_data(COMPOSITION, path, "x")
    with pytest.raises(ToolchainError, match="single task"):
        make_two_step_targets(short_base, Composition.parse("summarize"), FEW, path, ORIGIN, silent)


def test_nothing_is_trained_on_what_is_held_out(tmp_path: Path) -> None:
    item = conversations(Split.TEST)[0]
    refused = partial(pytest.raises, ToolchainError, match=f"{item.id} of the benchmark's test split")
    with refused():
        of_dialogues([Dialogue("d0", item.messages)])
    dialogue, models = Dialogue("d0", item.messages, "A summary."), {"es": LocalModel(tmp_path, "{input}")}
    with refused():
        make_targets([dialogue], COMPOSITION, models, tmp_path / "t", ORIGIN, silent)
    record = target_record("d0", Split.CALIBRATION, item.messages, None, "Un resumen.", None)
    (tmp_path / "t").write_text(json.dumps({"composition": COMPOSITION.name, **ORIGIN, **record}) + "\n")
    with refused():
        target_data(COMPOSITION, tmp_path / "t", "x")


def test_the_splits_of_unlabelled_conversations() -> None:
    held_out = {item.id for item in conversations(Split.TEST)}
    for source in BENCHMARK_SOURCES:
        found = of_the_benchmark(source)
        assert not held_out & {item.id for item in found}
        assert {item.id for item in found if item.split is Split.VALIDATION} == {
            item.id for item in conversations(Split.VALIDATION)
        }
    for source, every in (("single", single_conversations()), ("unlabelled", unlabelled_conversations())):
        assert [item.id for item in of_the_benchmark(source) if item.split is Split.CALIBRATION] == [
            item.id for item in every
        ]
    messages = (Message("Ana", "Hi."), Message("Ben", "Hello."))
    dialogues = [Dialogue(f"d{number}", messages) for number in range(50)]
    assert {item.id for item in of_dialogues(dialogues)} == {
        item.id for item in dialogues if item.split is not Split.TEST
    }


def test_who_cannot_be_asked_for_a_reply_is_left_out_and_that_is_said(short_base: LoadedBase, assets: Path) -> None:
    for task in ("reply", "witty"):
        write_adapter(paths.ADAPTERS / task, random_adapter(5), "tiny")
    alone = Unlabelled("alone", (Message("Ana", "Anybody?"),), None, Split.CALIBRATION)
    named = replace(alone, id="named", reply_speaker="Ben")
    composition = Composition.parse("reply+witty")
    said: list[str] = []
    assert make_two_step_targets(short_base, composition, [alone, named], assets / "t", ORIGIN, said.append) == 1
    assert [row["id"] for row in _rows(assets / "t")] == ["named"]
    assert said[0] == "1 of 2 conversations have no text, or nobody who could reply, and are left out"
    with pytest.raises(ToolchainError, match="benchmark/single: none of its 1 conversations"):
        make_two_step_targets(short_base, composition, [alone], assets / "none", ORIGIN, said.append)
    assert not (assets / "none").exists()


@pytest.mark.usefixtures("assets")
@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--source", "nothere"], "--source nothere is no file: give single, calibration, unlabelled, a file or hub:"),
        (["--source", "single", "--licence", "NC"], "--licence is a file's: single is of the benchmark"),
        (["--source", "calibration", "--licence", ""], "--licence is a file's: calibration is of the benchmark"),
    ],
)
def test_a_source_that_is_misunderstood_is_refused(given: list[str], said: str) -> None:
    with pytest.raises(ToolchainError, match=said):
        app(["data", "two-step", COMPOSITION.name, *given], standalone_mode=False)
