"""A benchmark of outside dialogues: put together from their targets, then trained on and measured by the ordinary commands."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from toolchain import paths
from toolchain.base_model.from_folder import import_base
from toolchain.data.assemble import assemble
from toolchain.data.benchmark import CONVERSATIONS, FILES, LICENCE_FILE, Conversation, Split, conversations, licences
from toolchain.data.dialogue_targets import make_targets
from toolchain.data.dialogues import Dialogue
from toolchain.data.estimate import Estimate
from toolchain.errors import ToolchainError
from toolchain.tasks import Composition, Task
from toolchain.tests.tiny import silent
from toolchain.tests.tiny_bases import write_tiny
from toolchain.text import Message

NAME = "tiny-llama"
SAMSUM = {"source": "train.json", "licence": "CC BY-NC-ND 4.0"}
SUMMARISED = [
    Dialogue(f"s{number}", (Message("Ana", f"It is {number}."), Message("Ben", "Yes.")), summary=f"Of {number}.")
    for number in range(60)
]
ANSWERED = [
    Dialogue(f"r{number}", (Message("Ana", f"Is it {number}?"),), reply=f"It is {number}.", reply_speaker="Ben")
    for number in range(30)
]


class _Marking:
    """A model that says which task it did."""

    name = "marking"
    sha256 = None
    batch_size = 8

    def rewritten(self, task: Task, texts: Sequence[str]) -> list[str]:
        return [f"{task.id}: {text}" for text in texts]

    def expected(self, task: Task, texts: Sequence[str]) -> Estimate:
        return Estimate()

    def template(self, task: Task) -> str:
        return task.prompt


def _targets(folder: Path, name: str, dialogues: Sequence[Dialogue]) -> Path:
    path, composition = folder / f"{name}.jsonl", Composition.parse(name)
    models = {task.id: _Marking() for task in composition.tasks[1:]}
    make_targets(dialogues, composition, models, path, SAMSUM, silent)
    return path


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Targets of three compositions; one dialogue has no Spanish summary."""
    spanish, witty = SUMMARISED[:-1], SUMMARISED
    return [
        _targets(tmp_path, "summarize+es", spanish),
        _targets(tmp_path, "summarize+witty", witty),
        _targets(tmp_path, "reply+es", ANSWERED),
    ]


def _all(folder: Path) -> dict[str, Conversation]:
    return {item.id: item for split in Split for item in conversations(split, folder)}


def test_every_reference_is_where_our_own_data_have_it(files: list[Path], tmp_path: Path) -> None:
    told: list[str] = []
    counts = assemble(files, tmp_path / "b", 50, told.append)
    found = _all(tmp_path / "b")
    assert set(found) == {item.id for item in (*SUMMARISED[:-1], *ANSWERED)}
    assert told == ["1 dialogues have no target in some file of summarize and are left out of it"]
    assert counts == {split.value: len(conversations(split, tmp_path / "b")) for split in Split}
    for item in SUMMARISED[:-1]:
        assert found[item.id].messages == item.messages
        english = str(item.summary)
        assert found[item.id].references == {
            "summarize": {"en": english, "es": f"es: {english}", "witty": f"witty: {english}"}
        }
    for item in ANSWERED:
        assert found[item.id].references == {"reply": {"en": item.reply, "es": f"es: {item.reply}"}}
        assert found[item.id].reply_speaker == "Ben"
    assert licences(tmp_path / "b") == ["CC BY-NC-ND 4.0"]
    assert (tmp_path / "b" / LICENCE_FILE).read_text() == "train.json: CC BY-NC-ND 4.0; targets by marking\n"


def test_adapters_and_calibrations_share_no_conversation_and_what_is_held_out_stays_so(
    files: list[Path], tmp_path: Path
) -> None:
    split_of = {}
    for single in (0, 15, 50, 100):
        assemble(files, tmp_path / str(single), single, silent)
        split_of[single] = {item.id: split for split in Split for item in conversations(split, tmp_path / str(single))}
    for item in (*SUMMARISED[:-1], *ANSWERED):
        none, half, all_of_them = (split_of[single][item.id] for single in (0, 50, 100))
        assert none is item.split
        assert half in ({item.split} if item.split is not Split.CALIBRATION else {Split.SINGLE, Split.CALIBRATION})
        assert all_of_them is (Split.SINGLE if item.split is Split.CALIBRATION else item.split)
    for share in (15, 50):
        assert {Split.SINGLE, Split.CALIBRATION} <= set(split_of[share].values())


def test_a_dialogue_of_two_main_tasks_has_the_references_of_both(tmp_path: Path) -> None:
    both = [replace(item, summary=f"Of {item.id}.") for item in reversed(ANSWERED)]
    assemble([_targets(tmp_path, name, both) for name in ("summarize+es", "reply+fr")], tmp_path / "b", 50, silent)
    found = _all(tmp_path / "b")
    assert found.keys() == {item.id for item in both}
    for item in found.values():
        assert {main: set(texts) for main, texts in item.references.items()} == {
            "summarize": {"en", "es"},
            "reply": {"en", "fr"},
        }
        assert item.reply_speaker == "Ben"
    lines = (tmp_path / "b" / CONVERSATIONS).read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == sorted(found), "whatever order the targets have"


def test_of_dialogues_that_say_the_same_those_that_are_kept_from_most_stay(tmp_path: Path) -> None:
    copies = [
        Dialogue(f"c{number}", (Message("Ana", "Hi!" if number % 2 else "HI"),), summary="Ana greets.")
        for number in range(60)
    ]
    for kept in (Split.TEST, Split.VALIDATION, Split.CALIBRATION):
        told: list[str] = []
        counts = assemble([_targets(tmp_path / kept, "summarize+es", copies)], tmp_path / kept / "b", 50, told.append)
        assert {split for split, count in counts.items() if count} == {kept}
        assert len(told) == len(copies) - counts[kept]
        assert all(f"says what one of the {kept} split says and is left out of" in line for line in told)
        copies = [item for item in copies if item.split is not kept]


def _another_conversation(path: Path) -> list[Path]:
    changed = [Dialogue(item.id, (Message("Cem", "No."),), summary=item.summary) for item in SUMMARISED]
    return [path / "summarize+es.jsonl", _targets(path, "summarize+fr", changed)]


def _another_reference(path: Path) -> list[Path]:
    changed = [replace(item, summary=f"{item.summary} So.") for item in SUMMARISED]
    return [path / "summarize+es.jsonl", _targets(path, "summarize+fr", changed)]


def _of_another_licence(path: Path) -> list[Path]:
    records = [json.loads(line) | {"licence": "CC BY 4.0"} for line in (path / "summarize+witty.jsonl").open()]
    (path / "free.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return [path / "summarize+es.jsonl", path / "free.jsonl"]


def _of_three_tasks(path: Path) -> list[Path]:
    return [_targets(path, "summarize+witty+fr", SUMMARISED)]


def _of_adapters(path: Path) -> list[Path]:
    records = [json.loads(line) | {"intermediate": None} for line in (path / "summarize+es.jsonl").open()]
    (path / "own.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return [path / "own.jsonl"]


def _of_dialogues(path: Path) -> list[Path]:
    (path / "dialogues.jsonl").write_text('{"id": "1", "conversation": [], "summary": "x"}\n')
    return [path / "dialogues.jsonl"]


def _of_no_dialogue_in_common(path: Path) -> list[Path]:
    return [_targets(path, "summarize+fr", SUMMARISED[:9]), _targets(path, "summarize+de", SUMMARISED[9:])]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (_another_conversation, "has another text"),
        (_another_reference, "English reference"),
        (_of_another_licence, "source or licence"),
        (_of_three_tasks, "references of 2 tasks"),
        (_of_adapters, "holds answers of adapters"),
        (_of_dialogues, "holds no targets of a composition"),
        (_of_no_dialogue_in_common, "no dialogue has a target in every file"),
        (lambda path: [path / "summarize+es.jsonl"] * 2, r"both of summarize\+es"),
        (lambda path: [path / "none.jsonl"], "missing"),
    ],
)
@pytest.mark.usefixtures("files")
def test_what_makes_no_benchmark_is_refused_and_nothing_written(
    given: Callable[[Path], list[Path]], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ToolchainError, match=said):
        assemble(given(tmp_path), tmp_path / "b", 50, silent)
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("name", [*FILES, LICENCE_FILE])
def test_no_file_that_is_there_is_replaced(files: list[Path], tmp_path: Path, name: str) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / name).write_text("mine")
    with pytest.raises(ToolchainError, match=f"{name} is there already"):
        assemble(files, tmp_path / "b", 50, silent)
    assert [(path.name, path.read_text()) for path in (tmp_path / "b").iterdir()] == [(name, "mine")]


_COMMANDS = """
train lora summarize {short} --rank 2 --alpha 8
train lora es {short} --rank 2 --alpha 8
train calibration summarize+es {short}
train lora es {short} --out {assets}/adapters/new
train calibration summarize+es {short} --out {assets}/calibrations/new.safetensors
evaluate --compositions summarize+es --methods merge,two-step,lc++ --limit 2
export
"""
_RUN = """
import sys
from toolchain.cli import app
from toolchain.errors import ToolchainError
for line in sys.stdin.read().strip().splitlines():
    try:
        app(line.split(), standalone_mode=False)
    except ToolchainError as error:
        print("refused:", error)
"""


def test_the_ordinary_commands_train_on_it_and_measure_on_it(
    files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TANDEM_BASE", NAME)
    import_base(write_tiny(tmp_path / "llama", "llama"), NAME, 120, 8, silent)
    assemble(files, tmp_path / "b", 50, silent)
    short = f"--steps 2 --batch-size 2 --learning-rate 0.01 --recipe {paths.DEFAULT_BASE}"
    done = subprocess.run(
        [sys.executable, "-c", _RUN],
        env=os.environ | {"TANDEM_BENCHMARK": str(tmp_path / "b"), "PYTHONPATH": str(paths.REPOSITORY)},
        input=_COMMANDS.format(short=short, assets=paths.ASSETS),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = tmp_path / "b" / NAME
    log = json.loads((made / "calibrations" / "lc++" / "summarize+es.json").read_text())
    trained_on = [item for item in conversations(Split.CALIBRATION, tmp_path / "b") if "summarize" in item.references]
    assert log["training_pairs"] == len(trained_on)
    assert {path.parent.name for path in made.glob("adapters/*/adapter_model.safetensors")} == {"summarize", "es"}
    (result,) = made.glob("results/*.answers.jsonl")
    asked = {json.loads(line)["id"] for line in result.open()}
    assert asked <= {item.id for item in conversations(Split.TEST, tmp_path / "b")}
    assert len(asked) == 2
    refused = [line for line in done.stdout.splitlines() if line.startswith("refused: ")]
    assert len(refused) == 3, done.stdout
    assert all("CC BY-NC-ND 4.0" in line for line in refused)
    assert "new would ship" in refused[0]
    assert "new.safetensors would ship" in refused[1]
    assert f"{tmp_path / 'b'} has data under" in refused[2]
