"""What every record would say is refused before anything is asked where no record can say it."""

import json
from pathlib import Path

import pytest

from toolchain.cli import app
from toolchain.data.local_model import LocalModel
from toolchain.errors import ToolchainError
from toolchain.tests.chat_server import serving

BAD = "caf\udce9"
ROW = {"id": "1", "conversation": [{"speaker": "Ana", "text": "Hi."}], "summary": "Ana says hi."}


@pytest.mark.parametrize(
    ("name", "licence", "model", "said"),
    [
        (f"{BAD}.jsonl", "MIT", "m", r"the name of .*jsonl holds a byte that is no UTF-8 \(\\udce9\): rename the file"),
        ("d.jsonl", BAD, "m", "--licence holds a byte that is no UTF-8"),
        ("d.jsonl", "MIT", BAD, "--model holds a byte that is no UTF-8"),
    ],
)
def test_what_no_record_can_say_is_refused_before_anything_is_asked(
    tmp_path: Path, name: str, licence: str, model: str, said: str
) -> None:
    source = tmp_path / name
    source.write_text(json.dumps(ROW) + "\n")
    with serving(lambda _: "x") as server:
        given = ["--licence", licence, "--endpoint", server.url, "--model", model, "--out", str(tmp_path / "t")]
        with pytest.raises(ToolchainError, match=said):
            app(["data", "targets", str(source), "summarize+es", *given], standalone_mode=False)
    assert not server.asked
    assert not (tmp_path / "t").exists()


def test_a_file_of_a_model_whose_name_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / BAD).write_text("x")
    with pytest.raises(ToolchainError, match=f"the name of {tmp_path}/caf.* holds a byte that is no UTF-8"):
        _ = LocalModel(tmp_path).sha256
