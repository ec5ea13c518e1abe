"""How near the references are to each other: what overlap a right rewrite in another tone has, and the text itself."""

from pathlib import Path

from toolchain.data.benchmark import ENGLISH, Split, conversations
from toolchain.errors import ToolchainError
from toolchain.evaluation.drawn_together import conversations_of
from toolchain.evaluation.reporting.table import Table, percent_of
from toolchain.overlap import overlap_metrics
from toolchain.tasks import TONES, Composition

_METRICS = ("rouge_l", "chrf")


def reference_table(file: Path) -> Table:
    """Each tone's references of the test split, and what the other variants in English would score as answers to that tone alone.

    `file` is the benchmark's file of conversations.

    Raises:
        ToolchainError: it is missing or damaged, or no reference of its test split is there in English and all tones.
    """
    found = {
        f"{item.id}.{main}": variants
        for item in conversations(Split.TEST, file.parent)
        for main, variants in item.references.items()
        if variants.keys() >= {ENGLISH, *TONES}
    }
    if not found:
        raise ToolchainError(
            f"{file} has no test reference in English and all tones ({', '.join(TONES)}): name a benchmark that has"
        )
    rows = []
    for tone in TONES:
        drawn = conversations_of(Composition.of(tone), list(found))
        for metric in _METRICS:
            cells = [
                ""
                if other == tone
                else percent_of([overlap_metrics(of_it[other], of_it[tone])[metric] for of_it in found.values()], drawn)
                for other in (ENGLISH, *TONES)
            ]
            rows.append([tone, metric, *cells])
    note = (
        "The overlap of each tone's references with the text that was to be rewritten, and with those in the other tones. "
        "Intervals: 95 %, whole conversations resampled."
    )
    return Table("References", note, ["references", "metric, %", "the text itself", *TONES], rows)
