"""What most merges need: adapters of one rank on the same linears."""

from collections.abc import Sequence

from toolchain.adapters.files import Adapter
from toolchain.errors import ToolchainError


def refuse_unlike(merge: str, adapters: Sequence[Adapter], *, ranks: bool = True) -> None:
    """Raise ToolchainError where linears or, if they matter, `ranks` differ; `merge` is its name in a sentence ("a slerp merge")."""
    found = sorted({adapter.rank for adapter in adapters})
    if ranks and len(found) > 1:
        raise ToolchainError(
            f"{merge} needs adapters of one rank, found ranks {found}: use another merge, or train them anew"
        )
    linears = [set(adapter.linears) for adapter in adapters]
    if unshared := sorted(linears[0].union(*linears) - linears[0].intersection(*linears)):
        raise ToolchainError(
            f"{merge} needs adapters on the same linears, not all are on {unshared[0]}: use another merge, or train them anew"
        )
