"""Somebody's own conversations as a test split: everything else of the benchmark stays, and what is made of it goes with it."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from toolchain import paths
from toolchain.adapters.files import adapter_hash
from toolchain.adapters.methods.calibrated import calibration_path
from toolchain.data.benchmark import (
    ENGLISH,
    FILES,
    LICENCE_FILE,
    UNSTATED,
    Conversation,
    Split,
    conversations,
    further_conversations,
    licences,
    single_conversations,
    unlabelled_conversations,
)
from toolchain.data.licences import forbidding
from toolchain.data.own_conversations import make_own_benchmark
from toolchain.errors import ToolchainError
from toolchain.tasks import AUXILIARY_TASKS, MAIN_TASKS, Composition
from toolchain.text import Message

SAID = [{"speaker": "Ana", "text": "Lunch at 1?"}, {"speaker": "Ben", "text": "Make it 1:30."}]
OWN: list[dict[str, Any]] = [
    {"id": "own1", "conversation": SAID, "summary": {"es": "Comen a la 1:30."}},
    {"id": "own2", "conversation": SAID[:1], "reply_speaker": "Ben", "reply": {"en": "Yes.", "es": "Sí."}},
]
OTHER = {"id": "own3", "conversation": SAID[1:]}
_FOUND = """
import json
from toolchain import paths
from toolchain.adapters.files import adapter_hash
from toolchain.adapters.methods.calibrated import calibration_path
from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs
from toolchain.tasks import Composition
pairs = {name: composition_pairs(Composition.parse(name), Split.TEST) for name in ("summarize+es", "reply+es")}
targets = {name: [(pair.id, pair.target) for pair in of_it] for name, of_it in pairs.items()}
fitted = [sorted(path.name for path in (place / "fitted").iterdir()) for place in (paths.RESULTS, paths.cache())]
calibration = calibration_path(Composition.parse("summarize+es"), "lc++").read_bytes().hex()
print(json.dumps([targets, adapter_hash(paths.ADAPTERS / "es"), calibration, fitted]))
"""


@pytest.fixture
def out(tmp_path: Path, assets: Path) -> Path:
    (paths.RESULTS / "fitted" / "ties").mkdir(parents=True)
    (paths.cache() / "fitted" / "dam").mkdir(parents=True)
    (paths.cache() / "fitted" / ".ties.partial").mkdir()
    return tmp_path / "own"


def _file(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "own.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_the_fresh_conversations_that_are_committed_have_all_variants_and_are_new_to_the_benchmark(
    tmp_path: Path, out: Path
) -> None:
    counts = make_own_benchmark(paths.REPOSITORY / "assets" / "benchmark" / "fresh_conversations.jsonl", out)
    found = conversations(Split.TEST, out)
    assert counts["test"] == len(found) == 268
    variants = {ENGLISH, *AUXILIARY_TASKS}
    assert all(item.references.keys() == {*MAIN_TASKS} for item in found)
    assert all(texts.keys() == variants for item in found for texts in item.references.values())
    assert forbidding(licences(out)) is None


def test_only_the_test_split_is_another(tmp_path: Path, out: Path) -> None:
    counts = make_own_benchmark(_file(tmp_path, *OWN), out)
    for split in Split:
        found = conversations(split, out)
        assert counts[split.value] == len(found)
        if split is not Split.TEST:
            kept = conversations(split)
            assert [(item.id, item.messages, item.references) for item in found] == [
                (item.id, item.messages, item.references) for item in kept
            ]
    first, second = conversations(Split.TEST, out)
    assert first.messages == tuple(Message(**item) for item in SAID)
    assert first.references == {"summarize": {"es": "Comen a la 1:30."}}
    assert (second.reply_speaker, second.references) == ("Ben", {"reply": {"en": "Yes.", "es": "Sí."}})
    for name in (*FILES, LICENCE_FILE):
        assert (out / name).is_file()
    assert {UNSTATED, "CC BY 4.0"} == set(licences(out))
    assert forbidding(licences(out)) == UNSTATED
    assert f"of own.jsonl: {UNSTATED}" in (out / LICENCE_FILE).read_text()


def test_the_ordinary_commands_find_it_and_what_it_is_to_measure(tmp_path: Path, out: Path) -> None:
    make_own_benchmark(_file(tmp_path, *OWN), out)
    environment = os.environ | {"TANDEM_BENCHMARK": str(out)}
    done = subprocess.run(
        [sys.executable, "-c", _FOUND],
        env=environment,
        cwd=paths.REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    targets, adapter, calibration, fitted = json.loads(done.stdout)
    assert targets == {"summarize+es": [["own1", "Comen a la 1:30."]], "reply+es": [["own2", "Sí."]]}
    assert adapter == adapter_hash(paths.ADAPTERS / "es")
    assert bytes.fromhex(calibration) == calibration_path(Composition.parse("summarize+es"), "lc++").read_bytes()
    assert fitted == [["ties"], ["dam"]], "and not what is half written"


def _trained_on(items: Sequence[Conversation]) -> dict[str, Any]:
    item, *_ = items
    said = [{"speaker": message.speaker, "text": f" {message.text} "} for message in item.messages]
    return OWN[0] | {"conversation": said}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "holds no conversation"),
        ([OWN[0], OWN[0] | {"conversation": SAID[1:]}], "'own1' comes twice"),
        ([*OWN, OWN[0] | {"id": "own3"}], r"own\.jsonl line 3 says what conversation 'own1' of the same file does"),
        *(([OWN[0] | {"id": conversations(split)[0].id}], "comes twice") for split in (Split.VALIDATION, Split.TEST)),
        ([{"id": "own1", "conversation": SAID}], "no reference in summary or reply"),
        ([OWN[0] | {"summary": {}}], "summary wants a text"),
        ([OWN[0] | {"summary": {"es": " "}}], "line 1: summary: es is blank"),
        ([OWN[0] | {"summary": {"spanish": "Comen."}}], "summary wants a text"),
        ([OWN[0] | {"reply_speaker": 7}], "reply_speaker is a number"),
        ([OWN[0] | {"summary": "Comen."}], "summary is a text, not an object"),
        ([OWN[1] | {"reply_speaker": None}], "reply_speaker is null"),
        ([OWN[1] | {"reply_speaker": " "}], "line 1: reply_speaker is blank"),
        ([*OWN, OTHER | {"summary": {"fr": "Non."}}], "line 1: summary lacks fr, which another line has"),
        ([*OWN, OTHER | {"reply": {"es": "No."}, "reply_speaker": "Ben"}], "line 3: reply lacks en, which"),
        ([OWN[0] | {"conversation": []}], "no message with a text"),
        ([_trained_on(conversations(Split.VALIDATION))], "of the benchmark's validation split"),
        ([_trained_on(conversations(Split.CALIBRATION))], "of the benchmark's calibration split"),
        ([_trained_on(single_conversations())], r"of single_conversations\.jsonl"),
        ([_trained_on(unlabelled_conversations())], r"of unlabelled_conversations\.jsonl"),
        ([_trained_on(further_conversations()[-1:])], r"of further_conversations\.jsonl"),
    ],
)
def test_what_is_not_held_out_or_damaged_is_refused_and_nothing_written(
    rows: list[dict[str, Any]], said: str, tmp_path: Path, out: Path
) -> None:
    with pytest.raises(ToolchainError, match=said):
        make_own_benchmark(_file(tmp_path, *rows), out)
    assert not out.exists()


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path, out: Path) -> None:
    out.mkdir()
    (out / "precious.txt").write_text("x")
    with pytest.raises(ToolchainError, match="is there already"):
        make_own_benchmark(_file(tmp_path, *OWN), out)
    assert [path.name for path in out.iterdir()] == ["precious.txt"]


def test_a_folder_inside_of_what_is_copied_is_refused(tmp_path: Path, out: Path) -> None:
    with pytest.raises(ToolchainError, match="which is copied there"):
        make_own_benchmark(_file(tmp_path, *OWN), paths.ADAPTERS / "x")
    assert not (paths.ADAPTERS / "x").exists()


def test_what_cannot_be_copied_is_named(tmp_path: Path, out: Path) -> None:
    (paths.ADAPTERS / "gone").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ToolchainError, match="gone cannot be copied"):
        make_own_benchmark(_file(tmp_path, *OWN), out)
    assert not out.exists()
