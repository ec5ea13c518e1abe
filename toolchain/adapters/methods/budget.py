"""What a method may spend on fitting, the same for all: examples, steps, and the rates that validation chooses from."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from toolchain.adapters.examples import Example, encode_pairs
from toolchain.adapters.teacher import teacher_pairs
from toolchain.adapters.training import Schedule
from toolchain.base_model.load import LoadedBase
from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs, validation_pairs
from toolchain.tasks import Composition

FEW = 8
"""Examples that a search over merge weights looks at (LoraHub, LM-Cocktail: "a few examples")."""


@dataclass(frozen=True)
class Budget:
    """A training by `schedule` for each of `rates`; the rate with the lowest validation loss is kept. `teacher`: on teacher targets too.

    A gradient-free search takes `evaluations` losses of `FEW` examples instead.
    """

    schedule: Schedule
    rates: tuple[float, ...]
    evaluations: int
    teacher: bool = False

    def at(self, rate: float) -> Schedule:
        """The schedule of one rate."""
        return replace(self.schedule, learning_rate=rate)

    def described(self) -> dict[str, Any]:
        """As the log and the report print it."""
        described = asdict(self)
        schedule: dict[str, Any] = described.pop("schedule")
        del schedule["learning_rate"]  # Each of `rates` takes its place.
        return schedule | described


def fitting_examples(base: LoadedBase, composition: Composition, budget: Budget) -> list[Example]:
    """The calibration split under the compositional prompt, with the teacher's targets where the budget has them."""
    teacher = teacher_pairs(composition) if budget.teacher else []
    return encode_pairs(base, composition.prompt, [*composition_pairs(composition, Split.CALIBRATION), *teacher])


def choosing_examples(base: LoadedBase, composition: Composition) -> list[Example]:
    """The validation split, on which rates and settings are chosen.

    Raises:
        ToolchainError: it is empty.
    """
    pairs = validation_pairs(composition, f"{composition.name}'s fitting")
    return encode_pairs(base, composition.prompt, pairs)
