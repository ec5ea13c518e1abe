"""What a data-free merge leaves open, chosen on validation: the share of values that is kept, and the weight of the adapters."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from toolchain.adapters.files import Adapter
from toolchain.adapters.methods.adapter_loss import adapter_loss, finite_or_none
from toolchain.adapters.methods.budget import FEW, Budget, choosing_examples
from toolchain.adapters.methods.fitted import fitted_log
from toolchain.adapters.methods.method import Fit, Learned, Method, single_adapters
from toolchain.base_model.load import LoadedBase
from toolchain.tasks import Composition

DENSITIES = (0.5, 0.1, 0.2, 0.3, 0.7)
"""TIES keeps 0.2 (arXiv 2306.01708, section 5), DARE down to 0.1 (arXiv 2311.03099, section 4); PEFT's examples 0.2 to 0.7."""


@dataclass(frozen=True)
class Setting:
    """`density`: the share of each factor's values that is kept; `weight`: that of every adapter."""

    density: float
    weight: float


SettingMerge = Callable[[Sequence[Adapter], Setting], Adapter]


def tuned_method(id: str, merge: SettingMerge, usual: Callable[[int], Setting], paper: str | None = None) -> Method:
    """A method that merges by the setting of its log, and before it has been fitted by the usual one for so many adapters."""

    def adapters(composition: Composition) -> list[Adapter]:
        single = single_adapters(composition)
        log = fitted_log(id, composition)
        setting = Setting(log["density"], log["weight"]) if log else usual(len(single))
        return [merge(single, setting)]

    return Method(id, adapters, tunes_prompt=True, paper=paper, fit=_fit(id, merge, usual), seeded=False)


def candidates(usual: Setting, count: int) -> list[Setting]:
    """The usual setting first, then every density with each of the weights 1 and 1/n."""
    grid = [Setting(density, weight) for density in DENSITIES for weight in (1.0, 1 / count)]
    return [usual, *(setting for setting in grid if setting != usual)]


def _fit(id: str, merge: SettingMerge, usual: Callable[[int], Setting]) -> Fit:
    def fit(load: Callable[[], LoadedBase], composition: Composition, budget: Budget, _folder: Path) -> Learned:
        """Every candidate on as much of validation as the budget has losses for, under the compositional prompt; the lowest loss is kept.

        Raises:
            NotFinite: no loss is finite.
        """
        base, single = load(), single_adapters(composition)
        tried = candidates(usual(len(single)), len(single))
        validation = choosing_examples(base, composition)
        affordable = max(1, budget.evaluations * FEW // len(tried))
        # Spread over all of it, and always the same.
        examples = validation[:: -(-len(validation) // affordable)]
        with adapter_loss(base, f"{id}-{composition.name}", examples, budget.schedule.precision) as loss:
            losses = {setting: loss(merge(single, setting)) for setting in tried}
            loss.refuse_all_infinite(f"{id} of {composition.name}")
        best = min(losses, key=lambda setting: losses[setting])
        settings = [asdict(setting) | {"loss": finite_or_none(round(losses[setting], 5))} for setting in tried]
        chosen = asdict(best) | {"settings": settings, "evaluations": len(losses), "examples": len(examples)}
        return Learned(chosen, loss.seconds)

    return fit
