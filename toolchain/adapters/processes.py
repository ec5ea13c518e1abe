"""The processes that work together: one for each GPU, on any number of nodes, started by `accelerate launch`; alone without it.

accelerate starts them, joins them, gives each its device and adds up their tensors (docs/adr/0011-several-processes.md).
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch

from toolchain.errors import ToolchainError

Item = TypeVar("Item")
_LAUNCHED = ("ACCELERATE_MIXED_PRECISION", "LOCAL_RANK")
"""Set by `accelerate launch` in every process that it starts, and by torchrun."""
_LONGEST_WAIT = timedelta(days=7)
"""For the others to arrive, who may have a slower share; when one fails, its launcher ends the rest."""


@dataclass(frozen=True)
class Processes:
    """This process is number `index` of `count` and computes on `device`."""

    index: int
    count: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this is the one that speaks and writes for all."""
        return self.index == 0

    def share(self, items: Sequence[Item]) -> list[Item]:
        """Every `count`-th item, so that all get alike of a batch that is ordered by length; perhaps none."""
        return list(items[self.index :: self.count])

    def sum(self, tensor: torch.Tensor) -> torch.Tensor:
        """The sum over all processes, the same in each of them; alone the tensor itself."""
        if self.count == 1:
            return tensor
        from accelerate.utils import reduce

        return reduce(tensor, "sum")  # type: ignore[no-any-return]

    def sum_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Give each parameter the sum of its gradients over all processes, in one exchange; a process may have none."""
        if self.count == 1:
            return
        own = list(parameters)
        gradients = [torch.zeros_like(item) if item.grad is None else item.grad for item in own]
        summed = self.sum(torch.cat([gradient.flatten() for gradient in gradients]))
        for parameter, gradient in zip(own, torch.split(summed, [item.numel() for item in own]), strict=True):
            parameter.grad = gradient.view_as(parameter)

    def by_the_first(self, write: Callable[[], object]) -> None:
        """Let the first one write, and the others wait until it has."""
        if self.first:
            write()
        self.wait()

    def refuse_different(self, number: int, what: str) -> None:
        """See that all have the same number, of which there may be 2^48.

        Raises:
            ToolchainError: they have not.
        """
        if int(self.sum(torch.tensor([number], device=self.device))) != number * self.count:
            raise ToolchainError(
                f"processes that train together differ in {what} (here {number}): give all of them one checkout and one TANDEM_CACHE, "
                "on a disk that all can read"
            )

    def refuse_several(self) -> None:
        """For work that is not shared.

        Raises:
            ToolchainError: several processes were started.
        """
        if self.count > 1:
            raise ToolchainError(
                f"{self.count} processes were started for what one does alone: start it without `accelerate launch`"
            )

    def wait(self) -> None:
        """Until all are here."""
        if self.count > 1:
            from accelerate import PartialState

            PartialState().wait_for_everyone()


ALONE = Processes(0, 1, torch.device("cpu"))


def launched() -> Processes:
    """What this process was started as."""
    if not any(name in os.environ for name in _LAUNCHED):
        return ALONE
    from accelerate import PartialState
    from accelerate.utils import parse_flag_from_env

    state = PartialState(cpu=parse_flag_from_env("ACCELERATE_USE_CPU"), timeout=_LONGEST_WAIT)
    return Processes(state.process_index, state.num_processes, state.device)


@contextmanager
def on_device(model: torch.nn.Module, device: torch.device) -> Iterator[None]:
    """Have the model and all tensors that are made in the block on `device`, then the model back on the CPU, where adapters are applied."""
    if device.type == "cpu":
        yield
        return
    model.to(device)
    try:
        with device:
            yield
    finally:
        model.to("cpu")
