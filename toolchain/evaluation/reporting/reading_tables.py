"""What blind readers said: the tones that they named rightly, and the answers that they preferred."""

from toolchain.evaluation.counted_readings import ALL, counted
from toolchain.evaluation.readings import Reading
from toolchain.evaluation.reporting.table import Table, percent
from toolchain.tasks import TONES

_INTERVALS = "Intervals: 95 %, whole conversations resampled."


def reading_table(reading: Reading) -> Table:
    """The table of a reading's kind."""
    return _preferred(reading) if reading.preferences else _tones_named(reading)


def _tones_named(reading: Reading) -> Table:
    by_method: dict[str, dict[str, list[str]]] = {}
    for row in counted(reading):
        by_method.setdefault(row["method"], {})[row["tone"]] = [f"{row['right']} of {row['n']}", percent(row)]
    rows = [
        [method, *(of_it[tone][0] if tone in of_it else "" for tone in TONES), *of_it[ALL]]
        for method, of_it in by_method.items()
    ]
    note = (
        f"In how many answers readers, who did not know whose they are, named the tone that was asked for. {_INTERVALS}"
    )
    return Table("Tones, read blind", note, ["method", *TONES, ALL, f"{ALL}, %"], rows)


def _preferred(reading: Reading) -> Table:
    rows = [
        [row["composition"], row["method"], row["against"], percent(row), str(row["ties"]), str(row["n"])]
        for row in counted(reading)
    ]
    note = (
        "Which of two answers readers, who did not know whose they are, called the better one; ties count half. "
        f"{_INTERVALS}"
    )
    head = ["composition or group", "method", "against", "wins, ties half, %", "ties", "comparisons"]
    return Table("Preferences, read blind", note, head, rows)
