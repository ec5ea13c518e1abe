"""Times on the device core: of a method on its own, and of one pass against two."""

from collections.abc import Sequence
from statistics import mean

from toolchain.evaluation.reporting.table import Table, ratio
from toolchain.evaluation.results import Results
from toolchain.evaluation.rows import FASTER, PAIRED, PAIRED_RATIO, TIMED_AGAINST


def seconds(results: Results, compositions: Sequence[str], method: str) -> dict[str, float]:
    """Prefill and decode on the device core in seconds, the median over conversations, by composition that was timed."""
    rows = {name: results.row("device", name, method, PAIRED) for name in compositions}
    return {name: row["value"] / 1000 for name, row in rows.items() if row}


def time_ratio(results: Results, compositions: Sequence[str], method: str) -> float | None:
    """Prefill and decode on the device core as a share of two-step's on the same conversations, the mean over the compositions that were timed.

    None where none was: compositions are of unlike lengths, so that their seconds can't be compared.
    """
    timed = list(seconds(results, compositions, method))
    if timed and method == TIMED_AGAINST:
        return 1.0
    rows = [results.row("device", name, method, PAIRED_RATIO) for name in timed]
    values = [row["value"] for row in rows if row]
    return mean(values) if values else None


def device_times(results: Results) -> Table:
    """One pass against two on the device core, in pairs."""
    rows = []
    for (engine, composition, method, metric), row in results.rows.items():
        if engine == "device" and metric == PAIRED_RATIO:
            faster = results.row(engine, composition, method, FASTER)
            peak = results.row(engine, composition, method, "peak_rss_bytes")
            rows.append(
                [
                    composition,
                    method,
                    ratio(row),
                    f"{round(faster['value'] * faster['n'])} of {faster['n']}" if faster else "",
                    f"{peak['value'] / 2**20:.0f} MiB" if peak else "",
                ]
            )
    head = ["composition", "method", "time / two-step", "faster on", "peak memory"]
    note = "Prefill + decode on the device core; median of the ratios of single conversations, each timed in both modes one right after the other."
    return Table("One pass against two (device)", note, head, rows)
