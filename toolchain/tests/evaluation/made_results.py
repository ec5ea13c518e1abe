"""Results as result files would give them, made up."""

from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs
from toolchain.evaluation.paper import main_metric
from toolchain.evaluation.result_file import RESULT_FORMAT
from toolchain.evaluation.results import Results
from toolchain.tasks import Composition


def made_results(measured: dict[tuple[str, str], float], answer: str = "x") -> Results:
    """Of each (composition, method) its value in the main metric and the language, and one answer to the first two examples."""
    meta = {
        "format": RESULT_FORMAT,
        "split": "test",
        "engine": "python",
        "base": "tiny",
        "seed": 0,
        "limit": None,
        "git_commit": "0" * 40,
    }
    results = Results({"x.jsonl": meta}, {}, {})
    for (name, method), value in measured.items():
        metric = main_metric(Composition.of(name))
        row = {"value": value, "interval": [value, value], "n": 45}
        results.rows["python", name, method, metric] = row
        results.rows["python", name, method, "language"] = row
        for pair in composition_pairs(Composition.of(name), Split.TEST)[:2]:
            results.answers["python", name, method, pair.id] = answer
    return results
