"""What commands print: data on stdout, progress on stderr."""

import json
import sys


def progress(line: str) -> None:
    """One line of progress, on stderr."""
    print(line, file=sys.stderr, flush=True)


def show(data: object) -> None:
    """Data, as JSON on stdout."""
    print(json.dumps(data, indent=1, ensure_ascii=False))
