"""A benchmark that was put together in part only is none: the same command makes it whole."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from toolchain.data.assemble import assemble
from toolchain.data.benchmark import CONVERSATIONS, FILES, LICENCE_FILE, Split
from toolchain.data.json_lines import json_lines
from toolchain.data.record_file import Record
from toolchain.data.target_records import target_record
from toolchain.tests.tiny import silent
from toolchain.text import Message


def _targets(path: Path) -> Sequence[Path]:
    shared = {"composition": "summarize+es", "source": "d.json", "licence": "CC0-1.0", "teacher": "m"}
    record: Record = target_record("d", Split.TEST, [Message("Ana", "Hi.")], None, "Hola.", "Hi.")
    path.write_text(json_lines([shared | record]), encoding="utf-8")
    return [path]


@pytest.mark.parametrize("is_there", [False, True])
def test_what_was_stopped_can_be_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool) -> None:
    targets, out = _targets(tmp_path / "t.jsonl"), tmp_path / "b"
    if is_there:
        out.mkdir()
        (out / "notes").write_text("mine")
    write = Path.write_text

    def stopped(path: Path, text: str, encoding: str | None = None) -> int:
        if path.name == CONVERSATIONS:
            raise KeyboardInterrupt
        return write(path, text, encoding)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", stopped)
        with pytest.raises(KeyboardInterrupt):
            assemble(targets, out, 50, silent)
    assert assemble(targets, out, 50, silent)["test"] == 1
    names = {path.name for path in out.iterdir()}
    assert names == {*FILES, LICENCE_FILE, *(["notes"] if is_there else [])}
