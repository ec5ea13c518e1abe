"""What a fitting is for: one composition, or all of them together."""

from dataclasses import dataclass
from typing import Protocol

from toolchain.tasks import TASKS


class Scope(Protocol):
    """A name for files and logs, and the tasks whose adapters are used. A `Composition` is one."""

    @property
    def name(self) -> str:
        """`summarize+es`, or `all`."""
        ...

    @property
    def ids(self) -> tuple[str, ...]:
        """The task ids."""
        ...


@dataclass(frozen=True)
class Everything:
    """All compositions."""

    name: str = "all"
    ids: tuple[str, ...] = tuple(TASKS)


EVERYTHING = Everything()
