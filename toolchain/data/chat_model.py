"""The chat model of a server, as what does an auxiliary task."""

from collections.abc import Sequence

from toolchain.data.dialogue_targets import MAX_NEW_TOKENS
from toolchain.data.endpoint import Endpoint
from toolchain.tasks import Task
from toolchain.text import fill, trim

ONLY = "\n\nAnswer with the result alone."
"""Chat models like to say more."""


class ChatModel:
    """Texts are sent one by one: what is answered is kept at once."""

    batch_size = 1

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @property
    def name(self) -> str:
        """The model's name at its server."""
        return self._endpoint.model

    def rewritten(self, task: Task, texts: Sequence[str]) -> list[str]:
        """The answers to the task's prompt.

        Raises:
            ToolchainError: the server cannot be reached, refuses, or answers with something else than a completion.
        """
        return [
            trim(self._endpoint.chat(fill(task.prompt, text, None) + ONLY, MAX_NEW_TOKENS).text) if text else ""
            for text in texts
        ]
