"""A client of any server that speaks OpenAI's chat protocol (`POST …/chat/completions`): vLLM, llama.cpp, Ollama, a hosted one."""

import json
import os
import threading
import time
from dataclasses import dataclass
from functools import cached_property
from queue import Empty, SimpleQueue
from typing import Any

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError
from urllib3.response import BaseHTTPResponse

from toolchain.data.thoughts import without_thoughts
from toolchain.data.whole_text import refuse_half_characters
from toolchain.errors import ToolchainError

KEY_VARIABLE = "TANDEM_ENDPOINT_KEY"
"""The environment variable with the server's key, where it wants one; a key is never an argument, so that no shell history keeps it."""
_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""The environment variables of which the first that is set names the certificates that an https server is checked by."""
CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 300.0
LONGEST_PAUSE_SECONDS = 60.0
"""However long a busy server asks to be left alone."""
_REPEATS = 4
_BUSY = frozenset({requests.codes.request_timeout, requests.codes.too_many_requests, *range(500, 600)})
_LARGEST_ANSWER_BYTES = 16 * 2**20
"""Of a few hundred tokens: what is larger is no completion."""
_UNSUPPORTED = ("unsupported_parameter", "unsupported_value")
"""A refusal's `code` where the setting itself, not this value of it, is what the model does not take."""
_BAD_REQUEST = frozenset(
    {requests.codes.bad_request, requests.codes.request_entity_too_large, requests.codes.unprocessable_entity}
)
_WHOLE = frozenset({"stop", "stop_sequence", "end_turn", "eos", "eos_token", "complete"})
"""What servers say of an answer that the model ended itself."""
_LONGEST_REASON = 40
CUT, WITHHELD, REFUSED, WITHOUT_TEXT = "length", "content_filter", "refused", "without text"


@dataclass(frozen=True)
class Reply:
    """A completion, without what the model thought before it.

    `finish_reason` is the server's: CUT says that the text was cut at `max_tokens`, WITHHELD that a filter kept it. REFUSED is ours, for a
    prompt that the server calls a bad request (400, 413, 422), as one that is too long, or that a filter keeps from the model; so is
    WITHOUT_TEXT, for an object in place of a completion, which some servers send for such prompts with a status of 200. Where a server says
    none, the text is taken to be whole.
    """

    text: str
    finish_reason: str = "stop"

    @property
    def is_whole(self) -> bool:
        """Whether the model ended the text itself; servers have many words for what else ended it."""
        return self.finish_reason.casefold() in _WHOLE


@dataclass(frozen=True)
class _Answer:
    """Status, what of the body was read, and for how many seconds the server asks to be left alone."""

    status: int
    content: bytes
    pause: float

    @cached_property
    def said(self) -> Any:
        """The JSON of the body; None where it is none."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            return None

    @property
    def is_torn(self) -> bool:
        """Whether an object breaks off, which only it can tell where the server (HTTP/1.0) says no length."""
        begun = self.status == requests.codes.ok and self.content.lstrip().startswith(b"{")
        return begun and self.said is None


@dataclass(frozen=True)
class _Bearer(AuthBase):  # type: ignore[misc]
    key: str

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.key:
            request.headers["Authorization"] = f"Bearer {self.key}"
        return request


class Endpoint:
    """`url` is the base that ends in `/v1`.

    A server that is busy or fails (408, 429, 5xx), that no connection can be made to, or whose answer breaks off, is asked again, four times,
    with pauses that double; one that says nothing for `answer_seconds`, or is still at its answer that long after it began, is given up.
    """

    def __init__(self, url: str, model: str, pause: float = 1.0, answer_seconds: float = ANSWER_SECONDS) -> None:
        # Errors name the address.
        if "@" in url or "?" in url:
            raise ToolchainError(
                f"the endpoint's address holds a login or parameters: give it without, and the server's key in {KEY_VARIABLE}"
            )
        if not url.startswith(("http://", "https://")):
            raise ToolchainError(f"endpoint {url!r} is no http address: give one that ends in /v1")
        if url.startswith("https://"):
            _refuse_missing_certificates()
        refuse_half_characters("--model", model, "give the model's name in UTF-8")
        self.url, self.model = url.rstrip("/"), model
        self._pause, self._answer_seconds = pause, answer_seconds
        self._limit, self._settings = "max_tokens", {"temperature": 0}
        self._session = requests.Session()
        key = os.environ.get(KEY_VARIABLE, "")
        if not (key.isascii() and key.isprintable()):
            raise ToolchainError(
                f"{KEY_VARIABLE} holds a line break, an invisible or another sign that no key has: set it anew"
            )
        # Said for each request, also where there is none: else the library would take the user's name and password from ~/.netrc.
        self._session.auth = _Bearer(key)

    def chat(self, prompt: str, max_tokens: int) -> Reply:
        """One answer to one user message, greedy where the model allows it; its text may be empty or cut.

        Raises:
            ToolchainError: the server cannot be reached, refuses, takes too long, or answers with something else than a completion.
        """
        while True:
            asked = {"model": self.model, "messages": [{"role": "user", "content": prompt}]}
            answer = self._asked(asked | {self._limit: max_tokens} | self._settings)
            if answer.status not in _BAD_REQUEST:
                break
            if not self._adapted(answer.content):
                return Reply("", REFUSED)
        if answer.status in _BUSY:
            raise ToolchainError(
                f"{self.url} answered {answer.status} {_REPEATS + 1} times in a row: it is busy or fails, run the same command again later, "
                "or without what it was asked about"
            )
        if answer.status != requests.codes.ok:
            raise ToolchainError(
                f"{self.url} answered {answer.status} for model {self.model!r}: check model, address and {KEY_VARIABLE}"
            )
        completion = answer.said
        if not isinstance(completion, dict):
            raise ToolchainError(f"{self.url} answered with no chat completion: give the base address of a chat server")
        return _reply(completion)

    def _adapted(self, refusal: bytes) -> bool:
        """Whether the server refused a setting that can be said in another way, or left out, and that now is: models that think do."""
        try:
            error = json.loads(refusal)["error"]
            setting, code = error["param"], error["code"]
        except (ValueError, LookupError, TypeError, RecursionError):
            return False
        if code not in _UNSUPPORTED:
            return False
        if setting == self._limit == "max_tokens":
            self._limit = "max_completion_tokens"
            return True
        return isinstance(setting, str) and self._settings.pop(setting, None) is not None

    def _asked(self, body: dict[str, Any]) -> _Answer:
        """The first answer of a server that is not busy, else the last one."""
        for repeat in range(_REPEATS + 1):
            pause = self._pause * 2**repeat
            try:
                answer = self._in_time(body)
            except (requests.RequestException, HTTPError) as error:
                # The server may still be at work on what did not come in time.
                broken = isinstance(error, requests.ConnectionError | ProtocolError)
                if repeat == _REPEATS or not broken or _is_late(error):
                    raise self._unreached(error) from None
            else:
                if repeat == _REPEATS or not (answer.status in _BUSY or answer.is_torn):
                    return answer
                pause = max(pause, answer.pause)
            time.sleep(min(pause, LONGEST_PAUSE_SECONDS))
        raise AssertionError

    def _in_time(self, body: dict[str, Any]) -> _Answer:
        """The answer to one request, or ReadTimeout: a server may send byte after byte, each of them in time, of its headers too."""
        found: SimpleQueue[_Answer | Exception] = SimpleQueue()

        def ask() -> None:
            try:
                found.put(self._post(body))
            except Exception as error:
                found.put(error)

        threading.Thread(target=ask, daemon=True).start()
        try:
            answer = found.get(timeout=min(CONNECT_SECONDS, self._answer_seconds) + self._answer_seconds)
        except Empty:
            raise requests.ReadTimeout from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _post(self, body: dict[str, Any]) -> _Answer:
        # A redirect would give the conversation to a server that nobody named.
        with self._session.post(
            f"{self.url}/chat/completions",
            json=body,
            timeout=(CONNECT_SECONDS, self._answer_seconds),
            allow_redirects=False,
            stream=True,
        ) as response:
            # Other refusals are not read: they may never end.
            read = response.status_code in (requests.codes.ok, requests.codes.bad_request)
            content = self._body(response.raw) if read else b""
            return _Answer(response.status_code, content, _seconds(response.headers.get("Retry-After", "")))

    def _body(self, stream: BaseHTTPResponse) -> bytes:
        content = b""
        while part := stream.read1(2**16, decode_content=True):
            content += part
            if len(content) > _LARGEST_ANSWER_BYTES:
                raise ToolchainError(
                    f"{self.url} answered with more than {_LARGEST_ANSWER_BYTES} bytes, which no completion has: "
                    "give the base address of a chat server"
                )
        return content

    def _unreached(self, error: Exception) -> ToolchainError:
        if _is_late(error):
            return ToolchainError(
                f"{self.url} did not answer within {self._answer_seconds:g} seconds: check that the server is not overloaded, "
                "or give a smaller model"
            )
        return ToolchainError(
            f"{self.url} cannot be reached ({type(error).__name__}): check the address and that the server runs"
        )


def _refuse_missing_certificates() -> None:
    variable = next((name for name in _CERTIFICATES if os.environ.get(name)), None)
    if variable and not os.path.exists(path := os.environ[variable]):
        raise ToolchainError(
            f"{variable} names {path}, which is missing, so that no https server can be checked: name a file of certificates, or unset it"
        )


def _is_late(error: Exception) -> bool:
    return isinstance(error, requests.ReadTimeout | ReadTimeoutError)


def _seconds(header: str) -> float:
    """Of `Retry-After`; its other form, a date, is as good as none."""
    return float(header) if header.isascii() and header.isdigit() else 0.0


def _reply(completion: dict[str, Any]) -> Reply:
    try:
        choice = completion["choices"][0]
        text = without_thoughts(_text(choice["message"]["content"]))
        return Reply(text, str(choice.get("finish_reason") or "stop")[:_LONGEST_REASON])
    except (ValueError, LookupError, TypeError, AttributeError):
        return Reply("", WITHOUT_TEXT)


def _text(content: Any) -> str:
    """A text, the text parts of a list, or nothing."""
    if isinstance(content, list):
        content = "".join(part["text"] for part in content if part["type"] == "text")
    text = "" if content is None else content
    if not isinstance(text, str):
        raise TypeError
    text.encode()  # Half a surrogate pair can be stored nowhere.
    return text
