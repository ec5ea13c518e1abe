"""Somebody's own conversations as a test split: everything else of the benchmark stays, and what is made of it goes with it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from toolchain import paths
from toolchain.adapters.files import adapter_hash
from toolchain.data.benchmark import FILES, LICENCE_FILE, Split, conversations, single_conversations
from toolchain.data.held_out_benchmark import UNSTATED, make_held_out_benchmark
from toolchain.data.licences import forbidding
from toolchain.errors import ToolchainError
from toolchain.text import Message

SAID = [{"speaker": "Ana", "text": "Lunch at 1?"}, {"speaker": "Ben", "text": "Make it 1:30."}]
OWN: list[dict[str, Any]] = [
    {"id": "own1", "conversation": SAID, "summary": {"es": "Comen a la 1:30."}},
    {"id": "own2", "conversation": SAID[:1], "reply_speaker": "Ben", "reply": {"en": "Yes.", "es": "Sí."}},
]
_FOUND = """
import json
from toolchain import paths
from toolchain.adapters.files import adapter_hash
from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs
from toolchain.tasks import Composition
pairs = {name: composition_pairs(Composition.parse(name), Split.TEST) for name in ("summarize+es", "reply+es")}
targets = {name: [(pair.id, pair.target) for pair in of_it] for name, of_it in pairs.items()}
fitted = sorted(path.name for path in (paths.RESULTS / "fitted").iterdir())
print(json.dumps([targets, adapter_hash(paths.ADAPTERS / "es"), fitted]))
"""


@pytest.fixture
def out(tmp_path: Path, assets: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path / "cache"))
    (paths.RESULTS / "fitted" / "ties").mkdir(parents=True)
    return tmp_path / "own"


def _file(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "own.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_only_the_test_split_is_another(tmp_path: Path, out: Path) -> None:
    counts = make_held_out_benchmark(_file(tmp_path, *OWN), out)
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
    assert forbidding([UNSTATED]) is None


def test_the_ordinary_commands_find_it_and_what_it_is_to_measure(tmp_path: Path, out: Path) -> None:
    make_held_out_benchmark(_file(tmp_path, *OWN), out)
    environment = os.environ | {"TANDEM_BENCHMARK": str(out)}
    done = subprocess.run(
        [sys.executable, "-c", _FOUND],
        env=environment,
        cwd=paths.REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    targets, adapter, fitted = json.loads(done.stdout)
    assert targets == {"summarize+es": [["own1", "Comen a la 1:30."]], "reply+es": [["own2", "Sí."]]}
    assert adapter == adapter_hash(paths.ADAPTERS / "es")
    assert fitted == ["ties"]


def _trained_on(split: Split) -> dict[str, Any]:
    item = (conversations(split) if split is not Split.SINGLE else single_conversations())[0]
    said = [{"speaker": message.speaker, "text": f" {message.text} "} for message in item.messages]
    return OWN[0] | {"conversation": said}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "holds no conversation"),
        ([OWN[0], OWN[0] | {"conversation": SAID[1:]}], "'own1' comes twice"),
        ([OWN[0] | {"id": conversations(Split.VALIDATION)[0].id}], "comes twice"),
        ([{"id": "own1", "conversation": SAID}], "no reference in summary or reply"),
        ([OWN[0] | {"summary": {}}], "no reference in summary or reply"),
        ([OWN[0] | {"summary": "Comen."}], "summary is a text, not an object"),
        ([OWN[1] | {"reply_speaker": None}], "reply_speaker is null"),
        ([OWN[0] | {"conversation": []}], "no message with a text"),
        ([_trained_on(Split.VALIDATION)], "is conversation .* it is not held out"),
        ([_trained_on(Split.CALIBRATION)], "of the calibration split"),
        ([_trained_on(Split.SINGLE)], "which adapters were trained on"),
    ],
)
def test_what_is_not_held_out_or_damaged_is_refused_and_nothing_written(
    rows: list[dict[str, Any]], said: str, tmp_path: Path, out: Path
) -> None:
    with pytest.raises(ToolchainError, match=said):
        make_held_out_benchmark(_file(tmp_path, *rows), out)
    assert not out.exists()


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path, out: Path) -> None:
    out.mkdir()
    with pytest.raises(ToolchainError, match="is there already"):
        make_held_out_benchmark(_file(tmp_path, *OWN), out)
    assert list(out.iterdir()) == []
