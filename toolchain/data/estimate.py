"""What a server will be asked, told before anything is sent to it: it may want money for it."""

from collections.abc import Sequence
from dataclasses import dataclass

_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True)
class Estimate:
    """Tokens are guessed from characters."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: "Estimate") -> "Estimate":
        """Both together."""
        return Estimate(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )

    def __str__(self) -> str:
        """In words."""
        return f"{self.calls:,} calls, about {self.prompt_tokens:,} tokens sent and at most {self.completion_tokens:,} answered"


def estimate_of(prompts: Sequence[str], max_tokens: int) -> Estimate:
    """Of asking each of `prompts` once, for an answer of `max_tokens` at most."""
    return Estimate(
        len(prompts), sum(len(prompt) for prompt in prompts) // _CHARACTERS_PER_TOKEN, max_tokens * len(prompts)
    )
