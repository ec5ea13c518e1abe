"""What a method may spend on fitting, the same for all: examples, steps, and the rates that validation chooses from."""

from dataclasses import asdict, dataclass
from typing import Any

from toolchain.adapters.examples import Example, encode_pairs
from toolchain.adapters.teacher import teacher_pairs
from toolchain.adapters.training import Precision, Schedule
from toolchain.base_model.load import LoadedBase
from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs, validation_pairs
from toolchain.tasks import Composition

FEW = 8
"""Examples that a search over merge weights looks at (LoraHub, LM-Cocktail: "a few examples")."""


@dataclass(frozen=True)
class Budget:
    """`steps` optimiser steps of `batch_size` for each of `rates`; the rate with the lowest validation loss is kept.

    A gradient-free search takes `evaluations` losses of `FEW` examples instead.
    """

    steps: int
    batch_size: int
    rates: tuple[float, ...]
    evaluations: int
    seed: int = 0
    teacher: bool = False
    precision: Precision = Precision.FP32
    warmup_steps: int = 10
    compiled: bool = False

    def schedule(self, rate: float) -> Schedule:
        """The schedule of one rate; the parameters of the lowest validation loss are kept."""
        return Schedule(
            self.steps,
            self.batch_size,
            rate,
            warmup_steps=self.warmup_steps,
            seed=self.seed,
            precision=self.precision,
            compiled=self.compiled,
        )

    def described(self) -> dict[str, Any]:
        """As the log and the report print it."""
        return asdict(self)


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
