"""The further conversations and the rest make a benchmark, by the data card's own commands, that trains on nothing that is measured."""

import re
import subprocess
from pathlib import Path

import pytest

from toolchain import paths
from toolchain.data.benchmark import (
    FILES,
    Split,
    conversations,
    single_conversations,
    spoken_messages,
    unlabelled_conversations,
)
from toolchain.data.build import build_benchmark
from toolchain.data.held_out import what_is_said
from toolchain.data.json_lines import read_rows

CARD = paths.ASSETS / "benchmark" / "README.md"


@pytest.fixture(scope="module")
def larger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("larger") / "benchmark"
    (block,) = re.findall(r"```sh\n(.*?)```", CARD.read_text(encoding="utf-8"), re.DOTALL)
    subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.replace("FOLDER", str(folder))], cwd=paths.REPOSITORY, check=True
    )
    return folder


def test_they_pass_the_check_of_the_benchmark_and_change_its_training_data_alone(larger: Path, tmp_path: Path) -> None:
    assert build_benchmark(larger, tmp_path).keys() == {*FILES}
    assert not list(larger.glob("further_*"))
    for split in Split:
        added = {item.id for item in conversations(split, larger)} - {item.id for item in conversations(split)}
        assert len(added) == (1177 if split is Split.SINGLE else 0)
    assert len(single_conversations(larger)) == len(single_conversations()) + 1199


def test_no_conversation_comes_twice_or_is_one_to_measure_or_choose_by(larger: Path) -> None:
    every = [item for split in Split for item in conversations(split, larger)]
    every += [*single_conversations(larger), *unlabelled_conversations(larger)]
    apart = [row for kind in ("fresh", "tuning") for row in read_rows(larger / f"{kind}_conversations.jsonl", "")]
    ids = [item.id for item in every] + [row.text("id") for row in apart]
    said = {what_is_said(item.messages) for item in every}
    assert len(set(ids)) == len(ids)
    assert len(said) == len(every)
    assert not said & {what_is_said(spoken_messages(row)) for row in apart}
