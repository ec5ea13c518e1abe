"""The chat model of a server, as what does an auxiliary task."""

from collections.abc import Sequence

from toolchain.data.dialogue_targets import Unanswered, one_line
from toolchain.data.endpoint import CUT, KEY_VARIABLE, REFUSED, WITHHELD, WITHOUT_TEXT, Endpoint
from toolchain.data.estimate import Estimate, estimate_of
from toolchain.tasks import Task
from toolchain.text import fill

ONLY = "\n\nAnswer with the result alone, in one line."
"""Chat models like to say more."""
MAX_TOKENS = 2048
"""Room for a model that thinks before it answers."""
_PROBLEMS = {
    CUT: f"its answer was cut at {MAX_TOKENS} tokens",
    WITHHELD: "its answer was withheld by the server's content filter",
    REFUSED: f"the server calls that a bad request (too long, filtered, or another --model or {KEY_VARIABLE} is wanted)",
    WITHOUT_TEXT: "the server answered with no completion",
}


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
            Unanswered: an answer was refused, cut, withheld or broken, or is not one line of text.
            ToolchainError: the server cannot be reached, refuses, or answers with something else than a completion.
        """
        return [self._answer(task, text) if text else "" for text in texts]

    def expected(self, task: Task, texts: Sequence[str]) -> Estimate:
        """One call for each text that is not empty."""
        return estimate_of([fill(self.template(task), text, None) for text in texts if text], MAX_TOKENS)

    def template(self, task: Task) -> str:
        """The task's prompt, and a word against saying more."""
        return task.prompt + ONLY

    def _answer(self, task: Task, text: str) -> str:
        reply = self._endpoint.chat(fill(self.template(task), text, None), MAX_TOKENS)
        if not reply.is_whole:
            problem = _PROBLEMS.get(reply.finish_reason, f"its server ended the answer with {reply.finish_reason!r}")
            raise Unanswered(
                f"{self.name}, asked for {task.id}: {problem}; ask again, give another --model, or take it out"
            )
        return one_line(reply.text, f"{self.name}, asked for {task.id}")
