"""A client of any server that speaks OpenAI's chat protocol (`POST …/chat/completions`): vLLM, llama.cpp, Ollama, a hosted one."""

import os
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from toolchain.errors import ToolchainError

KEY_VARIABLE = "TANDEM_ENDPOINT_KEY"
"""The environment variable with the server's key, where it wants one; a key is never an argument, so that no shell history keeps it."""
_TIMEOUT_SECONDS = (10, 300)


@dataclass(frozen=True)
class Reply:
    """A completion and the tokens that the server counted."""

    text: str
    prompt_tokens: int
    completion_tokens: int


class Endpoint:
    """`url` is the base that ends in `/v1`; busy or failing servers (429, 5xx) are asked again, four times, with pauses that double."""

    def __init__(self, url: str, model: str, pause: float = 1.0) -> None:
        if not url.startswith(("http://", "https://")):
            raise ToolchainError(f"endpoint {url!r} is no http address: give one that ends in /v1")
        self.url, self.model = url.rstrip("/"), model
        self._session = requests.Session()
        retry = Retry(
            total=4,
            backoff_factor=pause,
            status_forcelist=(429, 500, 502, 503, 504),
            allowed_methods=None,
            raise_on_status=False,
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))
        if key := os.environ.get(KEY_VARIABLE):
            self._session.headers["Authorization"] = f"Bearer {key}"

    def chat(self, prompt: str, max_tokens: int) -> Reply:
        """One greedy answer to one user message.

        Raises:
            ToolchainError: the server cannot be reached, refuses, or answers with something else than a completion.
        """
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": prompt}],
            "temperature": 0,
            "max_tokens": max_tokens,
        }
        try:
            response = self._session.post(f"{self.url}/chat/completions", json=body, timeout=_TIMEOUT_SECONDS)
        except requests.RequestException as error:
            raise ToolchainError(
                f"{self.url} cannot be reached ({type(error).__name__}): check the address and that the server runs"
            ) from None
        if response.status_code != requests.codes.ok:
            raise ToolchainError(
                f"{self.url} answered {response.status_code} for model {self.model!r}: check model, address and {KEY_VARIABLE}"
            )
        try:
            content: dict[str, Any] = response.json()
            usage = content.get("usage") or {}
            text = content["choices"][0]["message"]["content"]
            return Reply(str(text or ""), int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0)))
        except (ValueError, LookupError, TypeError, AttributeError):
            raise ToolchainError(
                f"{self.url} answered with no chat completion: give the base address of a chat server"
            ) from None
