"""Recipes: how the adapters and calibrations of a base are trained, and the base's public shape (`toolchain/recipes/*.toml`)."""

import math
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from toolchain import paths
from toolchain.adapters.corrections import CalibrationMethod
from toolchain.adapters.limits import LARGEST_RATE
from toolchain.adapters.lora import LoraShape
from toolchain.adapters.training import Precision, Schedule
from toolchain.base_model.shape import LARGEST, Shape
from toolchain.errors import ToolchainError, first_mistake

LONGEST = 2**16
"""Of a prompt or a target. Together they fill the longest context of these bases; of many more the bytes of a tensor become too many to count."""

Count = Annotated[int, Field(gt=0, le=LARGEST)]
Tokens = Annotated[int, Field(gt=0, le=LONGEST)]
Rate = Annotated[float, Field(gt=0, le=LARGEST_RATE)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Training(_Part):
    """Optimiser steps, or epochs, of `batch_size` examples over all processes together; the rest as in `Schedule`."""

    steps: Count | None = None
    epochs: Count | None = None
    batch_size: Count
    learning_rate: Rate
    warmup_steps: int = Field(default=10, ge=0, le=LARGEST)
    precision: Precision = Precision.FP32
    gradient_checkpointing: bool = False
    compiled: bool = False

    @model_validator(mode="after")
    def _one_length(self) -> "Training":
        if (self.steps is None) == (self.epochs is None):
            raise ValueError("give either steps or epochs")
        return self

    def overridden(self, **given: Any) -> "Training":
        """With what a command was given; None leaves the recipe's."""
        wanted = {name: value for name, value in given.items() if value is not None}
        return self.model_copy(update=wanted | ({"epochs": None} if "steps" in wanted else {}))

    def schedule(self, examples: int, seed: int, *, keep_best: bool) -> Schedule:
        """The schedule for so many training examples."""
        steps = self.steps or (self.epochs or 1) * math.ceil(examples / self.batch_size)
        return Schedule(
            steps,
            self.batch_size,
            self.learning_rate,
            # A recipe of thousands of examples, on a hundred of them, would end before its rate has come down, or up.
            warmup_steps=min(self.warmup_steps, steps // 2),
            seed=seed,
            keep_best=keep_best,
            precision=self.precision,
            compiled=self.compiled,
        )


class LoraRecipe(_Part):
    """A single-task LoRA."""

    rank: Count
    alpha: Count
    dropout: float = Field(ge=0, lt=1)
    training: Training

    def shape(self, **given: Any) -> LoraShape:
        """The LoRA's shape, with what a command was given; None leaves the recipe's."""
        own = {"rank": self.rank, "alpha": self.alpha, "dropout": self.dropout}
        return LoraShape(**own | {name: value for name, value in given.items() if value is not None})


class CalibrationRecipe(_Part):
    """A calibration. `learning_rates`: of methods that want another rate than `training`, as LC, whose p·1ᵀ adds up a linear's inputs."""

    training: Training
    learning_rates: dict[CalibrationMethod, Rate] = Field(default_factory=dict)

    def of(self, method: CalibrationMethod) -> Training:
        """The training of one method."""
        return self.training.overridden(learning_rate=self.learning_rates.get(method))


class Recipe(_Part):
    """`prompt_tokens` and `target_tokens` are the longest that `scale plan` counts with; it alone asks for the `shape`."""

    name: str
    prompt_tokens: Tokens
    target_tokens: Tokens
    lora: LoraRecipe
    calibration: CalibrationRecipe
    own_shape: Shape | None = Field(default=None, alias="shape")

    @property
    def shape(self) -> Shape:
        """The base's public shape.

        Raises:
            ToolchainError: the recipe has none.
        """
        if self.own_shape is None:
            raise ToolchainError(
                f"recipe {self.name} has no [shape], from which `scale plan` counts: add one; see toolchain/recipes for examples"
            )
        return self.own_shape


def recipe_names() -> list[str]:
    """The names of all recipes; that of the default base first."""
    names = sorted(path.stem for path in paths.RECIPES.glob("*.toml"))
    return sorted(names, key=lambda name: name != paths.DEFAULT_BASE)


def read_recipe(name: str | None = None) -> Recipe:
    """The recipe of that name, or in that file; without a name that of the chosen base.

    Raises:
        ToolchainError: there is none, or it is no recipe.
    """
    wanted = name or paths.chosen_base()
    path = Path(wanted) if wanted.endswith(".toml") else paths.RECIPES / f"{wanted}.toml"
    try:
        return Recipe(name=path.stem, **tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except FileNotFoundError:
        known = ", ".join(recipe_names())
        if wanted.endswith(".toml"):
            raise ToolchainError(
                f"{path} is missing: give a recipe's file that is there, or a name ({known})"
            ) from None
        if name is None:
            raise ToolchainError(
                f"base {wanted!r} has no recipe of its own: give --recipe NAME ({known}) or FILE.toml"
            ) from None
        raise ToolchainError(f"no recipe {wanted!r}: give the name of one ({known}) or a .toml file") from None
    except ValidationError as error:
        raise ToolchainError(f"{path}: {first_mistake(error, 'recipe')}; see toolchain/recipes for examples") from None
    except (ValueError, TypeError, RecursionError) as error:  # Not every one of tomllib's is a TOMLDecodeError.
        raise ToolchainError(f"{path} is no recipe ({error}); see toolchain/recipes for examples") from None
