"""What a PEFT configuration says of each linear: whether it is adapted at all, and its rank and alpha.

It says so by names, their endings, layers and regular expressions; those may be a stranger's, so that each has a time limit here.
"""

import re
import reprlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import regex  # type: ignore[import-untyped]

from toolchain.adapters.lora_config import is_positive
from toolchain.errors import ToolchainError, on_one_line

_MATCH_SECONDS = 1.0
"""For one pattern on one linear: a foreign file's pattern can be made to take ages."""
_WHERE = {
    "target_modules": (str, "a name, or a list of names"),
    "exclude_modules": (str, "a name, or a list of names"),
    "layers_to_transform": (int, "a layer's number, or a list of such"),
    "layers_pattern": (str, "a name, or a list of names"),
}
"""The settings by which PEFT chooses the linears, with what each holds."""
_PLAIN_NAME = re.compile(r"(\w|\\?\.)*", re.ASCII)


def refuse_left_out(path: Path, config: dict[str, Any], adapted: Iterable[str], linears: Iterable[str]) -> None:
    """See that PEFT would apply the factors of all `adapted` linears; `linears` are all that the base has.

    Raises:
        ToolchainError: a setting of the configuration at `path` is not what PEFT takes, or leaves one of them out.
    """
    from peft import LoraConfig
    from peft.tuners.tuners_utils import check_target_module_exists
    from peft.utils.constants import INCLUDE_LINEAR_LAYERS_SHORTHAND

    given = {key: config.get(key) for key in _WHERE}
    _refuse_other_kinds(path, given)
    try:
        chosen = LoraConfig(**given)
    except ValueError as error:
        raise ToolchainError(
            f"{path} is no configuration that PEFT takes ({on_one_line(error)}): get the adapter anew"
        ) from None
    every = list(linears)
    for key in ("target_modules", "exclude_modules"):
        if isinstance(expression := given[key], str):
            # As the names that it fits: PEFT's own matching knows no time limit.
            what = f"{path}: {key}'s {reprlib.repr(expression)}"
            setattr(chosen, key, [linear for linear in every if _fits(expression, linear, what)])
    if str(given["target_modules"]).lower() == INCLUDE_LINEAR_LAYERS_SHORTHAND:
        chosen.target_modules = every
    if left_out := next((linear for linear in adapted if not check_target_module_exists(chosen, linear)), None):
        settings = " and ".join(key for key, value in given.items() if value not in (None, [], ""))
        raise ToolchainError(
            f"{path}: by its {settings} PEFT leaves out {left_out}, of which there are factors beside it: "
            "give the configuration that the adapter was saved with"
        )


def ranks_for(path: Path, config: dict[str, Any], linear: str) -> set[float]:
    """The ranks that a linear may have: one, unless several keys of `rank_pattern` fit it.

    Raises:
        ToolchainError: a key is no regular expression or takes too long to match, or what it says is no positive number.
    """
    return _numbers_for(path, config, "rank_pattern", linear) or {config["r"]}


def alpha_for(path: Path, config: dict[str, Any], linear: str) -> float:
    """The alpha of a linear.

    Raises:
        ToolchainError: as of `ranks_for`, or several keys of `alpha_pattern` fit it and differ.
    """
    alphas = _numbers_for(path, config, "alpha_pattern", linear) or {config["lora_alpha"]}
    if len(alphas) > 1:
        raise ToolchainError(
            f"{path}: alpha_pattern has {' and '.join(map(str, sorted(alphas)))} for {linear}, by keys of which PEFT takes the first, but which "
            "it sorts when it saves: leave the one that it was trained with"
        )
    return alphas.pop()


def _numbers_for(path: Path, config: dict[str, Any], key: str, linear: str) -> set[float]:
    """What all keys that fit say, which are endings or regular expressions; in training the first counted, before PEFT sorted them to save."""
    found = set()
    for pattern, value in (config.get(key) or {}).items():
        if not _fits(rf"(.*\.)?({pattern})", linear, f"{path}: {key}'s {reprlib.repr(pattern)}"):
            continue
        if not is_positive(value):
            raise ToolchainError(
                f"{path}: {key} has {reprlib.repr(value)} for {linear}, where a positive number is wanted: the adapter is damaged"
            )
        found.add(value)
    return found


def _refuse_other_kinds(path: Path, given: dict[str, Any]) -> None:
    for key, value in given.items():
        kind, wanted = _WHERE[key]
        listed = value if isinstance(value, list) else [value]
        # Where no targets are named PEFT takes what it thinks best for the base.
        not_set = value is None and key != "target_modules"
        if not not_set and not all(type(item) is kind for item in listed):
            raise ToolchainError(
                f"{path}: {key} is {reprlib.repr(value)}, where {wanted} is wanted: the adapter is damaged"
            )
        # PEFT matches these as expressions too, but they are names of lists of layers.
        if key == "layers_pattern" and not all(_PLAIN_NAME.fullmatch(name) for name in listed if name):
            raise ToolchainError(f"{path}: {key} is {reprlib.repr(value)}, where plain names are wanted: write those")


def _fits(expression: str, linear: str, what: str) -> bool:
    try:
        return regex.fullmatch(expression, linear, timeout=_MATCH_SECONDS) is not None
    except TimeoutError:
        raise ToolchainError(f"{what} takes too long to match: write linears' names or their endings instead") from None
    except (regex.error, RecursionError, MemoryError):
        raise ToolchainError(f"{what} is no regular expression that can be read: the adapter is damaged") from None
