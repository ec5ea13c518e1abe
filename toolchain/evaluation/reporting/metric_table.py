"""Every metric of every method on every composition, as a table of the report; what the metrics are called in tables."""

from toolchain.evaluation.reporting.table import Table
from toolchain.evaluation.results import Results

HEADS = {
    "rouge_1": "R-1",
    "rouge_2": "R-2",
    "rouge_l": "R-L",
    "rouge_l_paper": "R-L (paper's tokenizer)",
    "weighted_rouge": "W-R",
    "weighted_rouge_paper": "W-R (paper's tokenizer)",
    "chrf": "chrF",
    "language": "language right",
    "tone": "tone right",
    "numbers_kept": "numbers kept",
    "names_kept": "names kept",
    "copy_rate": "copied",
}


def metric_table(results: Results, engine: str) -> Table:
    """A row for each method of a composition: means over its conversations and over training seeds."""
    rows = []
    for composition in results.compositions(engine):
        for method in results.methods(engine, composition):
            values = [results.over_seeds(engine, composition, method, metric) for metric in HEADS]
            rows.append([composition, method, *("" if value is None else f"{100 * value:.1f}" for value in values)])
    note = (
        "Means in %; ROUGE is F1 of unicode words unless it says the paper's tokenizer (rouge-score's own, with stemming), "
        "W-R is R1/6 + R2/3 + R3/2. Language (lingua), tone (naive Bayes), numbers, names and what an answer copies (the share of its words "
        "that stand in the conversation) are rules, not a judge."
    )
    return Table(f"Every metric ({engine})", note, ["composition", "method", *HEADS.values()], rows)
