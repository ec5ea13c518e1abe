"""A client of any server that speaks OpenAI's chat protocol (`POST …/chat/completions`): vLLM, llama.cpp, Ollama, a hosted one."""

import json
import os
import time
from dataclasses import dataclass
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry

from toolchain.data.thoughts import without_thoughts
from toolchain.errors import ToolchainError

KEY_VARIABLE = "TANDEM_ENDPOINT_KEY"
"""The environment variable with the server's key, where it wants one; a key is never an argument, so that no shell history keeps it."""
CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 300.0
LONGEST_PAUSE_SECONDS = 60
"""However long a busy server asks to be left alone."""
_LARGEST_ANSWER_BYTES = 16 * 2**20
"""Of a few hundred tokens: what is larger is no completion."""


@dataclass(frozen=True)
class Reply:
    """A completion, without what the model thought before it, and the tokens that the server counted.

    `finish_reason` is the server's: `length` says that the text was cut at `max_tokens`, `content_filter` that it was withheld.
    """

    text: str
    prompt_tokens: int
    completion_tokens: int
    finish_reason: str = "stop"


class _Retry(Retry):
    """Does not ask again where the answer did not come in time: the server may still be at work on it.

    A refusal that is asked about again is not read to its end, which may never come.
    """

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: Any = None,
        error: Any = None,
        *given: Any,
        **named: Any,
    ) -> Self:
        if isinstance(error, ReadTimeoutError):
            raise error
        increased = super().increment(method, url, response, error, *given, **named)
        if response is not None:
            response.close()
        return increased


@dataclass(frozen=True)
class _Bearer(AuthBase):  # type: ignore[misc]
    key: str

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.key:
            request.headers["Authorization"] = f"Bearer {self.key}"
        return request


class Endpoint:
    """`url` is the base that ends in `/v1`.

    A server that is busy or fails (429, 5xx), or that no connection can be made to, is asked again, four times, with pauses that double;
    one that says nothing for `answer_seconds`, or is still at its answer that long after it began, is given up.
    """

    def __init__(self, url: str, model: str, pause: float = 1.0, answer_seconds: float = ANSWER_SECONDS) -> None:
        if not url.startswith(("http://", "https://")):
            raise ToolchainError(f"endpoint {url!r} is no http address: give one that ends in /v1")
        self.url, self.model = url.rstrip("/"), model
        self._timeout = (CONNECT_SECONDS, answer_seconds)
        self._session = requests.Session()
        retry = _Retry(
            total=4,
            backoff_factor=pause,
            backoff_max=LONGEST_PAUSE_SECONDS,
            retry_after_max=LONGEST_PAUSE_SECONDS,
            status_forcelist=(429, 500, 502, 503, 504),
            allowed_methods=None,
            raise_on_status=False,
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))
        key = os.environ.get(KEY_VARIABLE, "")
        if not (key.isascii() and key.isprintable()):
            raise ToolchainError(
                f"{KEY_VARIABLE} holds a line break, an invisible or another sign that no key has: set it anew"
            )
        # Said for each request, also where there is none: else the library would take the user's name and password from ~/.netrc.
        self._session.auth = _Bearer(key)

    def chat(self, prompt: str, max_tokens: int) -> Reply:
        """One greedy answer to one user message; its text may be empty or cut.

        Raises:
            ToolchainError: the server cannot be reached, refuses, takes too long, or answers with something else than a completion.
        """
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": prompt}],
            "temperature": 0,
            "max_tokens": max_tokens,
        }
        try:
            # A redirect would give the conversation to a server that nobody named.
            with self._session.post(
                f"{self.url}/chat/completions", json=body, timeout=self._timeout, allow_redirects=False, stream=True
            ) as response:
                if (status := response.status_code) != requests.codes.ok:
                    raise ToolchainError(
                        f"{self.url} answered {status} for model {self.model!r}: check model, address and {KEY_VARIABLE}"
                    )
                content = self._body(response.raw)
        except (requests.RequestException, HTTPError) as error:
            raise self._unreached(error) from None
        try:
            return _reply(json.loads(content))
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
            raise ToolchainError(
                f"{self.url} answered with no chat completion: give the base address of a chat server"
            ) from None

    def _body(self, stream: BaseHTTPResponse) -> bytes:
        """The whole body; a server that sends a byte now and then runs out of time too."""
        deadline, content = time.monotonic() + self._timeout[1], b""
        while part := stream.read1(2**16, decode_content=True):
            content += part
            if time.monotonic() > deadline:
                raise requests.ReadTimeout
            if len(content) > _LARGEST_ANSWER_BYTES:
                raise ToolchainError(
                    f"{self.url} answered with more than {_LARGEST_ANSWER_BYTES} bytes, which no completion has: "
                    "give the base address of a chat server"
                )
        return content

    def _unreached(self, error: Exception) -> ToolchainError:
        if isinstance(error, requests.ReadTimeout | ReadTimeoutError):
            return ToolchainError(
                f"{self.url} did not answer within {self._timeout[1]:g} seconds: check that the server is not overloaded, "
                "or give a smaller model"
            )
        return ToolchainError(
            f"{self.url} cannot be reached ({type(error).__name__}): check the address and that the server runs"
        )


def _reply(completion: dict[str, Any]) -> Reply:
    """Raises ValueError, LookupError, TypeError, AttributeError or OverflowError for what is no completion."""
    choice, usage = completion["choices"][0], completion.get("usage") or {}
    return Reply(
        without_thoughts(_text(choice["message"]["content"])),
        int(usage.get("prompt_tokens") or 0),
        int(usage.get("completion_tokens") or 0),
        str(choice.get("finish_reason") or "stop"),
    )


def _text(content: Any) -> str:
    """A text, the text parts of a list, or nothing."""
    if isinstance(content, list):
        content = "".join(part["text"] for part in content if part["type"] == "text")
    text = "" if content is None else content
    if not isinstance(text, str):
        raise TypeError
    text.encode()  # Half a surrogate pair can be stored nowhere.
    return text
