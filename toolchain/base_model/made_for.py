"""Which base something was made for: its weights and, as one can be imported anew with another chat template, how it is asked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toolchain.base_model.specification import BaseSpecification
from toolchain.errors import ToolchainError


def refuse_of_another_base(path: Path, said: Mapping[str, Any], base: BaseSpecification, remedy: str) -> None:
    """See that what is said of the base that the file at `path` was made for (`BaseSpecification.identity`) is true of `base`.

    What is not said is not compared: nobody has to say how a base is asked.

    Raises:
        ToolchainError: it is of other weights, or of these with another chat template, tokenizer or limits.
    """
    for key, wanted in base.identity.items():
        if (found := said.get(key, wanted)) == wanted:
            continue
        if key == "base_sha256":
            raise ToolchainError(f"{path} is of base {found}, not {wanted} ({base.name}): {remedy}")
        raise ToolchainError(
            f"{path} is of base {base.name} as it was imported with another chat template, tokenizer or limits of tokens ({key} {found}, "
            f"now {wanted}): import the base as it was, or {remedy}"
        )
