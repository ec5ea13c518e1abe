"""What the licences of the data allow: whether what was trained on them may ship."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from toolchain import paths
from toolchain.data import benchmark
from toolchain.errors import ToolchainError

_FORBIDS = re.compile(
    r"(?<![a-z\d])(nc|nd)(?![a-z])|by(nc|nd)|non?[\W_]*(comm\b|commercial|deriv)"
    r"|\b(not|prohibit\w*|forbidden|disallowed)\b.*\b(commercial|deriv|distribut|train)|\bcommercial\b.*\b(not|prohibited|forbidden|disallowed|requires?\b.*\bpermission)\b"
    r"|(research|scientific|academic|personal|educational)[\W_]*(use|purposes?|only|licen[cs]e)\b|(for|to)[\W_]+(research|scien|education|academi)"
    r"|^\W*(research|scientific|academic|personal|educational)\W*$"
    r"|evaluation|\binternal\b|profit|redistribut|confidential|rights reserved|proprietary|\bno[\W_]+licen[cs]e|unlicen[cs]ed"
    rf"|unknown|unspecified|\bnone\b|\b(not|un)[\W_]*(known|clear|sure)|{benchmark.UNSTATED}|^\W*(n\W*a|null|tbd|todo)?\W*$",
    re.IGNORECASE,
)


def forbidding(licences: Iterable[str]) -> str | None:
    """The first licence that allows no commercial use or no derivatives, or is none; None where all allow both, as far as their words say.

    A blank one is called unstated.
    """
    found = next((licence for licence in licences if _FORBIDS.search(unicodedata.normalize("NFKC", licence))), None)
    return benchmark.UNSTATED if found is not None and not found.strip() else found


def refuse_to_commit(licences: Iterable[str], path: Path) -> None:
    """See that what is written among the committed assets, or where `export` reads, was trained on nothing whose licence forbids it.

    Raises:
        ToolchainError: a licence of the data allows no commercial use or no derivatives.
    """
    if not (licence := forbidding(licences)):
        return
    shipped = [paths.ASSETS]
    # `export` ships nothing made of a benchmark that itself forbids it: what is trained on that one has its place beside it.
    if not forbidding(benchmark.licences()):
        shipped += [paths.ADAPTERS, paths.CALIBRATIONS]
    for folder in shipped:
        if path.resolve().is_relative_to(folder.resolve()):
            raise ToolchainError(
                f"{path} would ship, which {licence} of its data forbids: write it outside of {folder}"
            )
