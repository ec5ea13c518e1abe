"""What answers conversations: PyTorch or the device core. The rest of the evaluation does not know which one it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from toolchain import paths
from toolchain.adapters.files import Adapter, adapters_digest
from toolchain.adapters.methods.method import Method
from toolchain.data.pairs import Pair
from toolchain.errors import ToolchainError
from toolchain.tasks import Composition


@dataclass(frozen=True)
class Question:
    """One method on one composition, with the prompt that it uses."""

    method: Method
    composition: Composition
    template: str


def refuse_changed(question: Question, adapters: Sequence[Adapter | None], digests: dict[tuple[str, str], str]) -> None:
    """See that what a method makes is what it made before; `digests` holds the hash of that, by method and composition.

    Raises:
        ToolchainError: a file that it is made of was replaced meanwhile.
    """
    name = question.method.id, question.composition.name
    digest = adapters_digest(adapters)
    if digests.setdefault(name, digest) != digest:
        raise ToolchainError(
            f"{paths.ADAPTERS}: what {name[0]} makes of {name[1]} changed while it was evaluated: run the same command again, "
            "which keeps what still holds"
        )


@dataclass(frozen=True)
class Answer:
    """An answer and what its engine measured of itself: milliseconds (`prefill_ms`, …), tokens (`prompt_tokens`, …), bytes (`peak_rss_bytes`);
    nothing from PyTorch.
    """

    text: str
    statistics: dict[str, float] = field(default_factory=dict)


class Engine(Protocol):
    """Greedy answers by the rules of text/1."""

    @property
    def id(self) -> str:
        """`python`, `python-bf16` or `device`."""
        ...

    @property
    def base(self) -> dict[str, str]:
        """`base` and `BaseSpecification.identity` of what answers, for the result file."""
        ...

    def prompts(self, method: Method, composition: Composition) -> dict[str, str]:
        """The templates, by name, among which validation may choose; a single one where there is no choice."""
        ...

    def key(self, question: Question) -> str:
        """Everything but the conversations that an answer depends on, in one string.

        Raises:
            ToolchainError: the method has nothing to answer with.
        """
        ...

    def answers(self, question: Question, pairs: Sequence[Pair]) -> Iterator[dict[str, Answer]]:
        """Answers by pair id, as they are finished; what is finished together comes together.

        Raises:
            ToolchainError: as `key` does, or the engine fails.
        """
        ...
