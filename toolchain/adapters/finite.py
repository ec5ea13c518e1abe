"""Numbers that are infinite or none: what training can drive them to, and what no device composes."""

from toolchain.adapters.files import Adapter, linear_beyond_fp16
from toolchain.errors import ToolchainError


class NotFinite(ToolchainError):
    """A number is not finite where one is computed with or kept."""


def refuse_beyond_fp16(what: str, adapter: Adapter | None, remedy: str) -> None:
    """See that fp16 holds what `what` makes of adapters; None is the base alone.

    Raises:
        NotFinite: it does not.
    """
    if adapter is not None and (linear := linear_beyond_fp16(adapter)):
        raise NotFinite(f"{what} makes numbers of {linear} that are not finite in fp16: {remedy}")
