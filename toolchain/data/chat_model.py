"""The chat model of a server, as what does an auxiliary task."""

from collections.abc import Sequence

from toolchain.data.dialogue_targets import MAX_NEW_TOKENS, Unanswered
from toolchain.data.endpoint import Endpoint
from toolchain.tasks import Task
from toolchain.text import fill, trim

ONLY = "\n\nAnswer with the result alone."
"""Chat models like to say more."""


class ChatModel:
    """Texts are sent one by one: what is answered is kept at once."""

    batch_size = 1
    sha256 = None

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @property
    def name(self) -> str:
        """The model's name at its server."""
        return self._endpoint.model

    def rewritten(self, task: Task, texts: Sequence[str]) -> list[str]:
        """The answers to the task's prompt.

        Raises:
            Unanswered: an answer was cut or withheld, or is empty.
            ToolchainError: the server cannot be reached, refuses, or answers with something else than a completion.
        """
        return [self._answer(task, text) if text else "" for text in texts]

    def template(self, task: Task) -> str:
        """The task's prompt, and a word against saying more."""
        return task.prompt + ONLY

    def _answer(self, task: Task, text: str) -> str:
        reply = self._endpoint.chat(fill(self.template(task), text, None), MAX_NEW_TOKENS)
        if reply.finish_reason == "length":
            problem = f"its answer was cut at max_tokens, {MAX_NEW_TOKENS}"
        elif reply.finish_reason == "content_filter":
            problem = "its answer was withheld by the server's content filter"
        elif answer := trim(reply.text):
            return answer
        else:
            problem = "it answered with nothing"
        raise Unanswered(
            f"{self.name}, asked for {task.id}: {problem}; ask again, give another --model, or take it out"
        )
