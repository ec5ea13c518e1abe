"""Tables in Markdown."""

from collections.abc import Iterable, Sequence


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Head, rule and rows, a line each; what would end a cell inside of it does not: `|` becomes `/`, a line break a blank."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_on_one_line, cells)) + " |" for cells in lines)


def _on_one_line(cell: object) -> str:
    return " ".join(str(cell).replace("|", "/").splitlines())
