"""Teacher targets: the English references through the auxiliary adapters, for the calibration split alone."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from toolchain import paths
from toolchain.adapters import calibration as calibrating
from toolchain.adapters import teacher as teaching
from toolchain.adapters.calibration import train_calibration
from toolchain.adapters.calibration_data import benchmark_data
from toolchain.adapters.calibration_file import read_calibration
from toolchain.adapters.corrections import CalibrationMethod
from toolchain.adapters.distillation import with_soft_targets
from toolchain.adapters.examples import Example
from toolchain.adapters.files import adapter_hash, read_adapter
from toolchain.adapters.teacher import SOURCES, make_teacher_targets, teacher_pairs
from toolchain.adapters.training import Schedule
from toolchain.base_model.load import LoadedBase
from toolchain.data.benchmark import Split, conversations
from toolchain.data.pairs import Pair, composition_pairs
from toolchain.data.teacher_targets import read_targets, targets_path
from toolchain.errors import ToolchainError
from toolchain.generation.generate import adapter_applied, generate
from toolchain.tasks import TASKS, Composition, Task
from toolchain.tests.assets import put_adapters, put_targets
from toolchain.tests.tiny import BOS, SPECIFICATION
from toolchain.text import encode_prompt

COMPOSITION = Composition.parse("summarize+es")
THREE = Composition.parse("summarize+witty+es")
SPLITS = (Split.CALIBRATION, Split.VALIDATION, Split.TEST)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path / "cache"))


def _put_targets(adapter_sha256: str, targets: dict[str, str]) -> None:
    """These targets of English references; all others are empty answers."""
    every = {item.id: "" for item in conversations(Split.CALIBRATION)}
    rows = [
        {"id": name, "source": source, "target": target, "adapter_sha256": {"es": adapter_sha256}}
        for source, made in (("en", every | targets), ("paraphrase", every))
        for name, target in made.items()
    ]
    targets_path(COMPOSITION).parent.mkdir(parents=True)
    targets_path(COMPOSITION).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def short_base(base: LoadedBase) -> LoadedBase:
    return replace(base, specification=replace(SPECIFICATION, max_new_tokens=3))


def test_a_target_is_what_the_auxiliary_adapter_makes_of_a_reference(short_base: LoadedBase, assets: Path) -> None:
    make_teacher_targets(short_base, COMPOSITION, lambda _line: None)
    rows = [json.loads(line) for line in targets_path(COMPOSITION).read_text(encoding="utf-8").splitlines()]
    items = {item.id: item for item in conversations(Split.CALIBRATION)}
    assert [(row["id"], row["source"]) for row in rows] == [(name, source) for source in SOURCES for name in items]
    assert all(row["adapter_sha256"] == {"es": adapter_hash(paths.ADAPTERS / "es")} for row in rows)
    with adapter_applied(short_base.model, read_adapter(paths.ADAPTERS / "es")):
        for row in rows[:2] + rows[-2:]:
            reference = items[row["id"]].references["summarize"][row["source"]]
            limit = SPECIFICATION.max_prompt_tokens
            prompt = encode_prompt(short_base.tokenizer, BOS, TASKS["es"].prompt, reference, limit).ids
            assert generate(short_base, [prompt], 3) == [row["target"]]


def test_a_run_that_was_stopped_goes_on_where_it_was(short_base: LoadedBase, assets: Path) -> None:
    make_teacher_targets(short_base, COMPOSITION, lambda _line: None)
    whole = targets_path(COMPOSITION).read_bytes()
    targets_path(COMPOSITION).unlink()
    kept = sorted(paths.cache().joinpath("targets").iterdir())
    lines = kept[0].read_bytes().splitlines(keepends=True)
    kept[0].write_bytes(b"".join(lines[:50]) + lines[50][:9])
    kept[1].unlink()
    asked: list[str] = []
    make_teacher_targets(short_base, COMPOSITION, asked.append)
    assert targets_path(COMPOSITION).read_bytes() == whole
    assert asked[0].endswith(f"50 of {len(conversations(Split.CALIBRATION))}")


def test_pairs_are_the_calibration_conversations_with_other_targets(assets: Path) -> None:
    originals = {pair.id: pair for pair in composition_pairs(COMPOSITION, Split.CALIBRATION)}
    first, second, *_ = originals
    _put_targets(adapter_hash(paths.ADAPTERS / "es"), {first: "uno", second: ""})
    (pair,) = teacher_pairs(COMPOSITION)
    assert pair == replace(originals[first], id=f"{first}.en", target="uno")


def test_targets_of_other_adapters_are_refused(assets: Path) -> None:
    _put_targets("0" * 64, {conversations(Split.CALIBRATION)[0].id: "uno"})
    with pytest.raises(ToolchainError, match=r"other adapters.*toolchain data teacher summarize\+es"):
        teacher_pairs(COMPOSITION)


@pytest.mark.parametrize(
    ("cut", "why"),
    [
        (lambda rows: [], r"no target of calibration conversation '.*' \(en\)"),
        (lambda rows: rows[:-1], r"no target of calibration conversation '.*' \(paraphrase\)"),
        (lambda rows: [*rows, rows[0] | {"id": "mine"}], r"a target of 'mine' \(en\), which .* has not in its cal"),
        (lambda rows: [rows[0] | {"source": "es"}, *rows], r"a target of '.*' \(es\), which .* has not in its cal"),
    ],
    ids=["empty", "cut", "another conversation", "another source"],
)
def test_targets_of_another_split_than_the_one_that_is_there_are_refused(
    assets: Path, cut: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], why: str
) -> None:
    _put_targets(adapter_hash(paths.ADAPTERS / "es"), {conversations(Split.CALIBRATION)[0].id: "uno"})
    assert len(teacher_pairs(COMPOSITION)) == 1
    path = targets_path(COMPOSITION)
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("".join(json.dumps(row) + "\n" for row in cut(rows)), encoding="utf-8")
    with pytest.raises(ToolchainError, match=rf"{why}.*: make it anew with `toolchain data teacher summarize\+es`"):
        teacher_pairs(COMPOSITION)


def test_renamed_conversations_get_targets_of_their_own(
    short_base: LoadedBase, assets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_teacher_targets(short_base, COMPOSITION, lambda _line: None)
    before = read_targets(COMPOSITION)
    renamed = [replace(item, id=f"new-{item.id}") for item in conversations(Split.CALIBRATION)]
    monkeypatch.setattr(teaching, "with_references", lambda _main, _split: renamed)
    make_teacher_targets(short_base, COMPOSITION, lambda _line: None)
    assert read_targets(COMPOSITION) == [replace(target, id=f"new-{target.id}") for target in before]


def _answer(base: LoadedBase, task: str, text: str) -> str:
    with adapter_applied(base.model, read_adapter(paths.ADAPTERS / task)):
        prompt = encode_prompt(base.tokenizer, BOS, TASKS[task].prompt, text, SPECIFICATION.max_prompt_tokens).ids
        return generate(base, [prompt], 3)[0]


def test_three_tasks_pass_the_written_variant_and_the_english_one_through_what_is_left(
    short_base: LoadedBase, assets: Path
) -> None:
    put_adapters(THREE)
    make_teacher_targets(short_base, THREE, lambda _line: None)
    targets = read_targets(THREE)
    items = {item.id: item for split in SPLITS for item in conversations(split)}
    calibration = {item.id for item in conversations(Split.CALIBRATION)}
    references = [target for target in targets if target.through == ("es",)]
    teacher = [target for target in targets if target.through == ("witty", "es")]
    assert len(references) + len(teacher) == len(targets)
    assert [target.id for target in references] == list(items)
    assert {(target.id, target.source) for target in teacher} == {
        (i, source) for i in calibration for source in SOURCES
    }
    for target in (references[0], references[-1]):
        reference = items[target.id].references["summarize"]["witty"]
        assert (target.source, target.text) == ("witty", _answer(short_base, "es", reference))
    for target in (teacher[0], teacher[-1]):
        reference = items[target.id].references["summarize"][target.source]
        assert target.intermediate == _answer(short_base, "witty", reference)
        assert target.text == _answer(short_base, "es", target.intermediate)


def test_the_reference_of_three_tasks_is_the_written_one_passed_on(assets: Path) -> None:
    put_adapters(THREE)
    put_targets(THREE)
    for split in SPLITS:
        items = conversations(split)[: -1 if split is Split.TEST else None]
        assert composition_pairs(THREE, split) == [
            Pair(item.id, item.messages, None, f"on {item.id}", item.references["summarize"]["witty"]) for item in items
        ]
    first = conversations(Split.CALIBRATION)[0]
    assert teacher_pairs(THREE)[0] == Pair(f"{first.id}.en", first.messages, None, f"on {first.id}", "a joke")


def test_three_tasks_without_references_are_refused(assets: Path) -> None:
    put_adapters(THREE)
    with pytest.raises(ToolchainError, match=r"toolchain data teacher summarize\+witty\+es"):
        composition_pairs(THREE, Split.VALIDATION)
    put_targets(THREE)
    with pytest.raises(ToolchainError, match="no reference of single conversation"):
        composition_pairs(THREE, Split.SINGLE)


def test_a_main_task_alone_has_no_teacher(base: LoadedBase, assets: Path) -> None:
    with pytest.raises(ToolchainError, match="no auxiliary task"):
        make_teacher_targets(base, Composition.parse("summarize"), lambda _line: None)


def test_a_calibration_of_three_tasks_is_trained_on_them(
    base: LoadedBase, assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Task] = []

    def noted(base: LoadedBase, task: Task, *rest: Any) -> list[Example]:
        asked.append(task)
        return with_soft_targets(base, task, *rest)

    monkeypatch.setattr(calibrating, "with_soft_targets", noted)
    put_adapters(THREE)
    put_targets(THREE)
    schedule = Schedule(steps=2, batch_size=2, learning_rate=0.01, evaluate_every=2, distillation=0.5)
    path = tmp_path / "calibration.safetensors"
    log = train_calibration(
        base, THREE, CalibrationMethod.LC_PLUS_PLUS, schedule, path, benchmark_data(THREE, teacher_pairs(THREE))
    )
    calibration = read_calibration(path)
    assert calibration.composition == THREE.name
    assert calibration.adapter_sha256 == {task: adapter_hash(paths.ADAPTERS / task) for task in THREE.ids}
    count = len(conversations(Split.CALIBRATION))
    assert (log["training_pairs"], log["of_which_teacher"]) == (2 * count, count)
    assert targets_path(THREE).name in log["data"]
    assert asked == [THREE.tasks[-1]], "whose adapter writes the targets"


def test_missing_targets_are_named_with_the_command_that_makes_them(assets: Path) -> None:
    with pytest.raises(ToolchainError, match=r"toolchain data teacher summarize\+es") as refused:
        teacher_pairs(COMPOSITION)
    assert str(targets_path(COMPOSITION)) in str(refused.value)


def test_committed_targets_are_of_the_calibration_split() -> None:
    calibration = {item.id for item in conversations(Split.CALIBRATION)}
    for path in (paths.CALIBRATIONS / "targets").glob("*.jsonl"):
        pairs = teacher_pairs(Composition.parse(path.stem))
        assert {pair.id.rsplit(".", 1)[0] for pair in pairs} <= calibration
        assert len({pair.id for pair in pairs}) == len(pairs)
