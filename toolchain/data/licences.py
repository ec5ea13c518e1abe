"""What the licences of the data allow: whether what was trained on them may ship."""

import re
from collections.abc import Iterable

OURS = "CC BY 4.0"
"""Of the committed benchmark (assets/benchmark/LICENSE)."""
_FORBIDS = re.compile(r"\b(NC|ND|non-?commercial|no-?derivatives)\b", re.IGNORECASE)


def forbidding(licences: Iterable[str]) -> str | None:
    """The first licence that allows no commercial use or no derivatives; None where all do."""
    return next((licence for licence in licences if _FORBIDS.search(licence)), None)
