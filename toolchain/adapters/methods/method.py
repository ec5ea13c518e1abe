"""What a method is: which adapter each pass applies, under which prompt, and what has to be fitted before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain.adapters.files import Adapter, refuse_beyond_fp16
from toolchain.adapters.methods.budget import Budget
from toolchain.adapters.task_adapter import task_adapter
from toolchain.base_model.load import LoadedBase
from toolchain.tasks import Composition


@dataclass(frozen=True)
class Learned:
    """What the log of a fitting says of it, the seconds that it took (without the loading of the base, with those of runs that were killed),
    and the checkpoints that it would go on from for as long as there is no log.
    """

    log: dict[str, Any]
    seconds: float
    checkpoints: Sequence[Path] = ()


Fit = Callable[[Callable[[], LoadedBase], Any, Budget, Path], Learned]
"""fit(load, scope, budget, folder) writes what was learned into `folder`, which is empty. `load` gives a fresh base each time.

The scope is a `Composition`, or `EVERYTHING` for a method that is `shared`.
"""


def one_pass(_composition: Composition, template: str) -> Sequence[str]:
    """One pass with the prompt that asks for all tasks at once."""
    return [template]


@dataclass(frozen=True)
class Method:
    """`make(composition)` makes the adapter of each pass (None: the base alone), `templates(composition, template)` its prompt.

    `tunes_prompt`: the template is chosen on validation; methods that were trained with a prompt keep that one, baselines that were not
    are given the best of a few variants. `mode`: the mode of a bundle that does the same on the device. `paper`: its row in the paper's
    Table 1 (arXiv 2507.16083). `fit` is there where something is learned or searched for, within a `Budget`, by gradient at the `rates` unless
    told otherwise; `shared`: once for all compositions. `seeded`: what is learned depends on the budget's seed.
    """

    id: str
    make: Callable[[Composition], Sequence[Adapter | None]]
    templates: Callable[[Composition, str], Sequence[str]] = one_pass
    tunes_prompt: bool = False
    mode: str | None = None
    paper: str | None = None
    fit: Fit | None = None
    rates: tuple[float, ...] = (1e-3, 3e-3)
    shared: bool = False
    seeded: bool = True

    def adapters(self, composition: Composition) -> Sequence[Adapter | None]:
        """The adapter of each pass.

        Raises:
            ToolchainError: what it is made of is missing, damaged or of something else, or makes numbers that fp16 does not hold.
        """
        made = self.make(composition)
        for adapter in made:
            refuse_beyond_fp16(f"{self.id} of {composition.name}", adapter, "train it again")
        return made


def single_adapters(composition: Composition) -> list[Adapter]:
    """The adapters of a composition's tasks, in order."""
    return [task_adapter(task) for task in composition.ids]
