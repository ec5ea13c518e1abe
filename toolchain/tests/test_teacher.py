"""Teacher targets: the English references through the auxiliary adapters, for the calibration split alone."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from toolchain import paths
from toolchain.adapters.files import adapter_hash, read_adapter
from toolchain.adapters.teacher import SOURCES, make_teacher_targets, targets_path, teacher_pairs
from toolchain.base_model.load import LoadedBase
from toolchain.data.benchmark import Split, conversations
from toolchain.data.pairs import composition_pairs
from toolchain.errors import ToolchainError
from toolchain.evaluation.generate import adapter_applied, generate
from toolchain.tasks import TASKS, Composition
from toolchain.tests.tiny import BOS, SPECIFICATION
from toolchain.text import encode_prompt

COMPOSITION = Composition.parse("summarize+es")


def _put_targets(adapter_sha256: str, targets: dict[str, str]) -> None:
    rows = [
        {"id": name, "source": "en", "target": target, "adapter_sha256": {"es": adapter_sha256}}
        for name, target in targets.items()
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
