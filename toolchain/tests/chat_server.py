"""A real HTTP server on this machine that speaks OpenAI's chat protocol, as a model that answers by a rule."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Rule = Callable[[str], str]
Waits = Literal["before", "before each header", "amid", "before each byte"]


@dataclass
class ChatServer:
    """`asked`: (headers, body) of every request; `failures`: status codes to answer with first, with `failure_headers`.

    `refused_settings` are a bad request with `refusal_code`. `raw` stands for the whole answer, a failure too; so many answers are `broken` off amid.
    `delay` is in seconds, where `waits` says.
    """

    rule: Rule
    failures: list[int] = field(default_factory=list)
    asked: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    failure_headers: dict[str, str] = field(default_factory=dict)
    refused_settings: tuple[str, ...] = ()
    refusal_code: str = "unsupported_parameter"
    raw: bytes | None = None
    broken: int = 0
    delay: float = 0
    waits: Waits = "before"
    url: str = ""

    def reply(self, headers: dict[str, str], path: str, body: dict[str, Any]) -> tuple[int, bytes]:
        """Status and bytes of the answer."""
        self.asked.append((headers, body))
        if self.failures:
            return self.failures.pop(0), self.raw or b"{}"
        if path != "/v1/chat/completions":
            return 404, b"{}"
        if refused := [name for name in self.refused_settings if name in body]:
            return 400, json.dumps({"error": {"param": refused[0], "code": self.refusal_code}}).encode()
        if self.raw is not None:
            return 200, self.raw
        message = {"role": "assistant", "content": self.rule(body["messages"][-1]["content"])}
        usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        return 200, json.dumps({"object": "chat.completion", "choices": choices, "usage": usage}).encode()


@contextmanager
def serving(rule: Rule) -> Iterator[ChatServer]:
    """A server that runs for the length of the block."""
    state = ChatServer(rule)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, content = state.reply(dict(self.headers), self.path, body)
            if state.waits == "before":
                time.sleep(state.delay)
            self.send_response(status)
            for name, value in state.failure_headers.items() if status != 200 else ():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            with suppress(BrokenPipeError, ConnectionResetError):
                for number in range(50 if state.waits == "before each header" else 0):
                    self.flush_headers()
                    time.sleep(state.delay)
                    self.send_header(f"X-{number}", "more")
                self.end_headers()
            if state.waits == "amid":
                self.wfile.flush()
                time.sleep(state.delay)
            with suppress(BrokenPipeError, ConnectionResetError):  # Of a client that did not wait.
                if state.broken:
                    state.broken -= 1
                    self.wfile.write(content[: len(content) // 2])
                    self.close_connection = True
                    return
                if state.waits != "before each byte":
                    self.wfile.write(content)
                    return
                for byte in content:
                    time.sleep(state.delay)
                    self.wfile.write(bytes([byte]))

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
