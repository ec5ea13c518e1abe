"""Joint-expert: a whole LoRA trained on the compositional data, one more for every composition."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from toolchain.adapters.examples import Example
from toolchain.adapters.files import TENSORS_FILE, Adapter, read_adapter, write_adapter
from toolchain.adapters.lora import LoraShape, add_lora, lora_of
from toolchain.adapters.methods.budget import Budget
from toolchain.adapters.methods.fitted import fitted_file
from toolchain.adapters.methods.gradient_fit import Trainable, gradient_fit
from toolchain.adapters.methods.method import Learned, Method, single_adapters
from toolchain.base_model.load import LoadedBase
from toolchain.tasks import Composition

ID = "joint-expert"
DROPOUT = 0.05


def prepare(base: LoadedBase, examples: Mapping[Composition, Sequence[Example]]) -> Trainable:
    """A fresh LoRA of the main-task adapter's shape."""
    (composition,) = examples
    main = single_adapters(composition)[0]
    shape = LoraShape(main.rank, main.alpha, DROPOUT)
    wrapped = add_lora(base.model, shape)
    parameters = {name: parameter for name, parameter in wrapped.named_parameters() if parameter.requires_grad}

    def save(folder: Path) -> None:
        write_adapter(folder, lora_of(wrapped, shape), base.specification.name)

    return Trainable(wrapped.get_base_model(), parameters, save, wrapped.train)


def fit(load: Callable[[], LoadedBase], composition: Composition, budget: Budget, folder: Path) -> Learned:
    """Train the LoRA."""
    return gradient_fit(ID, prepare, load, [composition], budget, folder)


def _adapters(composition: Composition) -> list[Adapter]:
    return [read_adapter(fitted_file(ID, composition, TENSORS_FILE).parent)]


# A whole LoRA wants the rates that the single-task ones are trained at.
METHOD = Method(ID, _adapters, paper="Joint-expert LoRA", fit=fit, rates=(1e-4, 3e-4))
