"""The plots of a report, as SVG text that needs nothing else."""

import io
from collections.abc import Sequence

import matplotlib
from matplotlib.figure import Figure

from toolchain.evaluation.costs import cost
from toolchain.evaluation.paper import main_metric
from toolchain.evaluation.results import Results
from toolchain.tasks import Composition

# The same results give the same bytes; text stays text.
matplotlib.rcParams.update({"svg.hashsalt": "tandem", "svg.fonttype": "none", "font.size": 9})


def heat_map(results: Results, engine: str) -> str:
    """The main metric of every method on every sub-task, in %; white where nothing was measured."""
    methods, compositions = results.methods(engine), results.compositions(engine)
    values = [[_quality(results, engine, name, method) for name in compositions] for method in methods]
    figure = Figure(figsize=(2.5 + 0.75 * len(compositions), 1.2 + 0.3 * len(methods)), layout="constrained")
    axes = figure.subplots()
    shown = [[float("nan") if value is None else value for value in row] for row in values]
    image = axes.imshow(shown, aspect="auto", cmap="viridis")
    axes.set_xticks(range(len(compositions)), compositions, rotation=45, ha="right")
    axes.set_yticks(range(len(methods)), methods)
    measured = [value for row in values for value in row if value is not None]
    middle = (min(measured) + max(measured)) / 2
    for y, row in enumerate(values):
        for x, value in enumerate(row):
            if value is not None:
                colour = "white" if value < middle else "black"
                axes.text(x, y, f"{value:.1f}", ha="center", va="center", color=colour, fontsize=7)
    figure.colorbar(image, label="ROUGE-L or weighted ROUGE, %")
    return _svg(figure)


def quality_against_cost(results: Results, engine: str) -> str:
    """The mean main metric over the sub-tasks that all methods have, against the parameters that a composition adds."""
    methods = results.methods(engine)
    shared = [
        name
        for name in results.compositions(engine)
        if all(_quality(results, engine, name, method) is not None for method in methods)
    ]
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for method in methods if shared else ():
        quality = _mean([_quality(results, engine, name, method) or 0.0 for name in shared])
        costs = [cost(method, Composition.of(name)) for name in shared]
        parameters = max(item.parameters for item in costs)
        passes = max(item.passes for item in costs)
        axes.scatter(
            [max(parameters, 1)], [quality], marker="o" if passes == 1 else "s", color="C0" if passes == 1 else "C3"
        )
        axes.annotate(method, (max(parameters, 1), quality), textcoords="offset points", xytext=(5, 3), fontsize=8)
    axes.set_xscale("log")
    axes.set_xlabel("parameters that a composition adds (1: none); squares need several passes")
    axes.set_ylabel("main metric, %")
    axes.set_title(f"mean over {', '.join(shared) or 'nothing: no sub-task has all methods'}", fontsize=8)
    return _svg(figure)


def _quality(results: Results, engine: str, composition: str, method: str) -> float | None:
    row = results.row(engine, composition, method, main_metric(Composition.of(composition)))
    return 100 * float(row["value"]) if row else None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _svg(figure: Figure) -> str:
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    text = stream.getvalue()
    return text[text.index("<svg") :]
