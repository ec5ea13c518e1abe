"""LC and LC++ shared over all tasks: one calibration for every composition, trained on the data of all (the paper's last two rows).

While it is trained, every conversation of a batch has its own merge: the rows of a batch belong to different compositions.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from toolchain.adapters.calibration_file import Calibration, read_calibration, write_calibration
from toolchain.adapters.compose import compose, mean_weights
from toolchain.adapters.corrections import CalibrationMethod, attach
from toolchain.adapters.examples import Example
from toolchain.adapters.files import Adapter, adapter_hashes
from toolchain.adapters.methods.budget import Budget
from toolchain.adapters.methods.fitted import fitted_file
from toolchain.adapters.methods.gradient_fit import Prepare, Trainable, gradient_fit
from toolchain.adapters.methods.method import Fit, Learned, Method, single_adapters
from toolchain.adapters.methods.scope import EVERYTHING, Scope
from toolchain.adapters.row_merge import merge_by_row
from toolchain.base_model.load import LoadedBase
from toolchain.tasks import Composition, every_composition

FILE = "calibration.safetensors"
_SHARED = {
    CalibrationMethod.LC: ("Shared over all tasks: LC", (1e-4, 2e-4)),
    CalibrationMethod.LC_PLUS_PLUS: ("Shared over all tasks: LC++", (1e-3, 3e-3)),
}
"""The paper's row and the rates to try of each."""


def prepare(method: CalibrationMethod) -> Prepare:
    """What to train: the shared correction, beside the merge of each row's composition on every linear."""

    def prepared(base: LoadedBase, examples: Mapping[Composition, Sequence[Example]]) -> Trainable:
        corrections = attach(base.model, method)
        merge_by_row(base.model, examples, EVERYTHING.ids)

        def save(folder: Path) -> None:
            entries = corrections.entries(base.model.config.num_hidden_layers)
            hashes = adapter_hashes(EVERYTHING.ids)
            calibration = Calibration(
                method, EVERYTHING.name, adapter_sha256=hashes, entries=entries, **base.specification.identity
            )
            write_calibration(folder / FILE, calibration)

        return Trainable(base.model, dict(corrections.named_parameters()), save)

    return prepared


def _fit(identifier: str, method: CalibrationMethod) -> Fit:
    def fit(load: Callable[[], LoadedBase], _scope: Scope, budget: Budget, folder: Path) -> Learned:
        return gradient_fit(identifier, prepare(method), load, every_composition(), budget, folder)

    return fit


def _adapters(identifier: str) -> Callable[[Composition], list[Adapter]]:
    def adapters(composition: Composition) -> list[Adapter]:
        single = single_adapters(composition)
        calibration = read_calibration(fitted_file(identifier, EVERYTHING, FILE))
        return [compose(single, mean_weights(len(single)), calibration)]

    return adapters


METHODS = [
    Method(
        f"{method}-shared",
        _adapters(f"{method}-shared"),
        paper=paper,
        fit=_fit(f"{method}-shared", method),
        rates=rates,
        shared=True,
    )
    for method, (paper, rates) in _SHARED.items()
]
