"""What a fitting is for: one composition, or all of them together; and the same once more with another training seed."""

from dataclasses import dataclass
from typing import Protocol

from toolchain.tasks import TASKS, Composition, every_composition


class Scope(Protocol):
    """A name for logs, one for files, and the tasks whose adapters are used. A `Composition` is one."""

    @property
    def name(self) -> str:
        """`summarize+es`, or `all`."""
        ...

    @property
    def stored_as(self) -> str:
        """The name, below `seed-1` for what was trained with that seed."""
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

    @property
    def stored_as(self) -> str:
        """The name."""
        return self.name


EVERYTHING = Everything()


@dataclass(frozen=True)
class Repeat(Composition):
    """A composition whose method was trained once more, with `seed`; it is kept beside what seed 0 gave, and never ships."""

    seed: int

    @property
    def stored_as(self) -> str:
        """The name, below a folder for the seed."""
        return f"seed-{self.seed}/{self.name}"


def compositions_in(scope: Scope) -> list[Composition]:
    """Those whose data a fitting for `scope` is on."""
    return [scope] if isinstance(scope, Composition) else every_composition()


def trained_with(composition: Composition, seed: int) -> Composition:
    """The composition itself for seed 0, else its repeat."""
    return Repeat(composition.tasks, seed) if seed else composition
