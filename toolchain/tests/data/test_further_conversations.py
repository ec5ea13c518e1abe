"""The further conversations: with the rest they make a benchmark, by the data card's own commands; calibrations may train on them.

Nothing that is measured is among them."""

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from toolchain import paths
from toolchain.adapters.calibration_data import benchmark_data, logged_targets
from toolchain.data import pairs
from toolchain.data.benchmark import (
    FILES,
    FURTHER_CONVERSATIONS,
    OURS,
    UNSTATED,
    Split,
    conversations,
    further_conversations,
    further_licences,
    single_conversations,
    spoken_messages,
    unlabelled_conversations,
)
from toolchain.data.build import build_benchmark
from toolchain.data.held_out import what_is_said
from toolchain.data.json_lines import json_lines, read_rows
from toolchain.errors import ToolchainError
from toolchain.tasks import Composition

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


def test_a_calibration_may_train_on_them_beside_its_own_split() -> None:
    composition = Composition.parse("reply+es")
    own, more = benchmark_data(composition), benchmark_data(composition, further=True)
    written = {item.id: item for item in further_conversations()}
    assert [pair.id for pair in more.training] == [pair.id for pair in own.training] + list(written)
    for pair in more.training[len(own.training) :]:
        item = written[pair.id]
        found = (pair.source, pair.reply_speaker, pair.target, pair.intermediate)
        texts = item.references["reply"]
        assert found == (item.messages, item.reply_speaker, texts["es"], texts["en"])
    assert more.validation == own.validation
    assert more.described == own.described | {"of_which_further": 1177, "further_licence": [OURS]}
    assert [path.name for path in more.files] == [*(path.name for path in own.files), FURTHER_CONVERSATIONS]
    assert {*more.licences, *own.licences} == {OURS}
    assert own.described["benchmark_licence"] == []


@pytest.mark.parametrize("split", Split)
def test_one_that_is_of_a_split_is_refused(split: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    known = replace(conversations(split)[0], id="mine")
    monkeypatch.setattr(pairs, "further_conversations", lambda: [known])
    with pytest.raises(ToolchainError, match=rf"{FURTHER_CONVERSATIONS}: mine is conversation .*{split} split"):
        benchmark_data(Composition.parse("summarize+es"), further=True)


def test_a_benchmark_without_them_says_so(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match=r"further_conversations\.jsonl.*--further"):
        further_conversations(tmp_path)
    (tmp_path / FURTHER_CONVERSATIONS).write_text("")
    with pytest.raises(ToolchainError, match=r"further_conversations\.jsonl holds no conversation: .*--further"):
        further_conversations(tmp_path)


def test_what_their_lines_say_of_a_licence_counts(tmp_path: Path) -> None:
    lines = [{"id": "1", "licence": "MIT"}, {"id": "2"}, {"id": "3", "licence": " "}]
    (tmp_path / FURTHER_CONVERSATIONS).write_text(json_lines(lines))
    assert further_licences(tmp_path) == sorted(["MIT", OURS, UNSTATED])


@pytest.mark.parametrize("of_what", ["further_licence", "benchmark_licence"])
def test_the_log_of_a_calibration_keeps_their_licences(tmp_path: Path, of_what: str) -> None:
    log = tmp_path / "log.json"
    log.write_text(json.dumps({"of_which_further": 3, of_what: [OURS, "CC BY-NC 4.0"]}))
    assert logged_targets(log) == {"source": [], "licence": ["CC BY-NC 4.0"], "teacher": []}
