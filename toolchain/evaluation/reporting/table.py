"""A table of a report, as rows of text that Markdown and HTML show alike, and how its numbers are written."""

from collections.abc import Sequence
from dataclasses import dataclass

from toolchain.evaluation.bootstrap import bootstrap_mean, bootstrap_ratio
from toolchain.evaluation.result_file import ResultRow
from toolchain.markdown import markdown_table


@dataclass(frozen=True)
class Table:
    """A title, what to know before reading it, a head and rows."""

    title: str
    note: str
    head: list[str]
    rows: list[list[str]]

    def markdown(self) -> str:
        """Head and rows, without title and note."""
        return markdown_table(self.head, self.rows)


def ratio(row: ResultRow | None) -> str:
    """A ratio with its interval; nothing where it was not measured."""
    return f"{row['value']:.2f} [{row['interval'][0]:.2f}, {row['interval'][1]:.2f}]" if row else ""


def ratio_of(values: Sequence[float], others: Sequence[float], conversations: Sequence[str] | None = None) -> str:
    """The ratio of the means with its interval; empty where the others' mean may be 0. `conversations` as of `bootstrap_mean`."""
    found = bootstrap_ratio(values, others, seed=0, conversations=conversations)
    return ratio({"value": found.value, "interval": [found.low, found.high]}) if found else ""


def points(values: Sequence[float], others: Sequence[float]) -> str:
    """The mean difference of shares of the same conversations, in points, with its interval."""
    found = bootstrap_mean([100 * (value - other) for value, other in zip(values, others, strict=True)], seed=0)
    value, low, high = (f"{number:+.2f}" for number in (found.value, found.low, found.high))
    return f"{value} [{low}, {high}]"


def percent(row: ResultRow) -> str:
    """A share, 0..1, in % with its interval."""
    value, low, high = (100 * number for number in (row["value"], *row["interval"]))
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"


def percent_of(values: Sequence[float], conversations: Sequence[str]) -> str:
    """The mean of shares, 0..1, in % with its interval; `conversations` as of `bootstrap_mean`."""
    found = bootstrap_mean(values, seed=0, conversations=conversations)
    return percent({"value": found.value, "interval": [found.low, found.high]})
