"""Dialogues of the hub, fetched by its own client from a server of this machine that speaks its protocol."""

import json
import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import huggingface_hub
import pytest

from toolchain.data.hub import dialogue_file
from toolchain.errors import ToolchainError

CONTENT = b'[{"id": "1", "dialogue": "Ana: Hi.", "summary": "Ana says hi."}]'

LISTED = json.dumps(
    [{"type": "file", "path": path, "size": 1, "oid": "0"} for path in ("README.md", "data/train.json", "x.csv")]
).encode()


class _Hub(BaseHTTPRequestHandler):
    asked: list[str]

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        self.asked.append(self.path)
        listed = self.path.startswith("/api/datasets/ana/chats/tree/main")
        there = listed or self.path == "/datasets/ana/chats/resolve/main/data/train.json"
        body = LISTED if listed else CONTENT if there else b""
        self.send_response(200 if there else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("ETag", '"1"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The paths that were asked for."""
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path / "cache"))
    _Hub.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    real = huggingface_hub.hf_hub_download
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", partial(real, endpoint=endpoint))
    api = huggingface_hub.HfApi(endpoint=endpoint)
    monkeypatch.setattr(huggingface_hub, "list_repo_files", api.list_repo_files)
    yield _Hub.asked
    server.shutdown()
    server.server_close()


def test_a_file_is_fetched_once(asked: list[str]) -> None:
    said: list[str] = []
    file = dialogue_file("hub:ana/chats/data/train.json", said.append)
    assert file.read_bytes() == CONTENT
    assert said == ["downloading data/train.json of ana/chats"]
    fetched = list(asked)
    assert fetched
    assert dialogue_file("hub:ana/chats/data/train.json", said.append) == file
    assert asked == fetched
    with pytest.raises(ToolchainError, match="'ben/chats' cannot be fetched"):
        dialogue_file("hub:ben/chats/data/train.json", said.append)


def test_a_local_file_is_no_matter_of_the_hub(asked: list[str]) -> None:
    assert dialogue_file("chats/train.json", pytest.fail) == Path("chats/train.json")
    assert not asked


def test_a_pipe_is_refused_before_it_is_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for source in (str(tmp_path / "pipe"), "/dev/null"):
        with pytest.raises(ToolchainError, match=f"{source} is a pipe or a device, not a file: save it to a file"):
            dialogue_file(source, pytest.fail)


@pytest.mark.parametrize("source", ["hub:ana", "hub:", "hub:ana/chats/"])
def test_what_names_no_file_is_refused(asked: list[str], source: str) -> None:
    with pytest.raises(ToolchainError, match="OWNER/NAME/FILE"):
        dialogue_file(source, pytest.fail)
    assert not asked


@pytest.mark.usefixtures("asked")
def test_the_files_of_a_repository_are_listed() -> None:
    with pytest.raises(ToolchainError, match=r"give hub:ana/chats/data/train\.json or hub:ana/chats/x\.csv$"):
        dialogue_file("hub:ana/chats", pytest.fail)


@pytest.mark.parametrize(
    "source",
    [
        "hub:ana/chats/nothing.json",
        "hub:ana/others",
        "hub:ana/others/train.json",
        "hub:a--na/chats/x",
        "hub:ana/chats/../x.csv",
    ],
)
def test_what_the_hub_does_not_give_is_refused_in_a_sentence(asked: list[str], source: str) -> None:
    with pytest.raises(ToolchainError, match=r"cannot be fetched from the hub .* or give a local file") as refused:
        dialogue_file(source, lambda _: None)
    assert "\n" not in str(refused.value)


@pytest.mark.usefixtures("asked")
def test_a_hub_that_is_not_to_be_asked_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ToolchainError, match=r"cannot be fetched from the hub .* or give a local file"):
        dialogue_file("hub:ana/chats/data/train.json", lambda _: None)
