"""The plots of a report, as SVG text that needs nothing else."""

import io
from itertools import groupby
from statistics import mean

import matplotlib
from matplotlib.figure import Figure

from toolchain.evaluation.costs import Cost, cost
from toolchain.evaluation.paper import main_metric
from toolchain.evaluation.results import Results
from toolchain.evaluation.tables import methods_of_all, seconds, shared_sub_tasks
from toolchain.scale.parameters import BYTES_PER_PARAMETER
from toolchain.tasks import Composition

# The same results give the same bytes; text stays text.
matplotlib.rcParams.update({"svg.hashsalt": "tandem", "svg.fonttype": "none", "font.size": 9, "text.parse_math": False})

_MEBIBYTE = 2**20
_NONE = 100
"""Where a method that adds no parameter stands on a logarithmic axis."""


def heat_map(results: Results, engine: str) -> str:
    """The main metric of every method on every sub-task, in %, with colours for each metric; white where nothing was measured."""
    methods = results.methods(engine)
    ordered = sorted(results.compositions(engine), key=_metric)
    parts = [(metric, list(names)) for metric, names in groupby(ordered, key=_metric)]
    widths = [len(names) for _, names in parts]
    figure = Figure(figsize=(3.5 + 0.75 * len(ordered), 1.2 + 0.3 * len(methods)), layout="constrained")
    panels = figure.subplots(1, len(parts), width_ratios=widths, squeeze=False)[0]
    for axes, (metric, names) in zip(panels, parts, strict=True):
        values = [[_quality(results, engine, name, method) for name in names] for method in methods]
        shown = [[float("nan") if value is None else value for value in row] for row in values]
        image = axes.imshow(shown, aspect="auto", cmap="viridis")
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
        axes.set_yticks(range(len(methods)), methods if axes is panels[0] else [""] * len(methods))
        measured = [value for row in values for value in row if value is not None]
        middle = (min(measured, default=0) + max(measured, default=0)) / 2
        for y, row in enumerate(values):
            for x, value in enumerate(row):
                if value is not None:
                    colour = "white" if value < middle else "black"
                    axes.text(x, y, f"{value:.1f}", ha="center", va="center", color=colour, fontsize=7)
        figure.colorbar(image, label=f"{metric}, %")
    return _svg(figure)


def quality_against_cost(results: Results, engine: str) -> str:
    """The mean main metric over the sub-tasks that the paper's methods share, against parameters, bytes and passes, and seconds where timed."""
    shared = shared_sub_tasks(results, engine)
    methods = methods_of_all(results, engine, shared) if shared else []
    times = {method: seconds(results, shared, method) for method in methods}
    timed = {method: time for method, time in times.items() if time is not None}
    figure = Figure(figsize=(11 if timed else 8, 5), layout="constrained")
    widths = [3, 1] if timed else [1]
    panels = figure.subplots(1, len(widths), width_ratios=widths, sharey=True, squeeze=False)[0]
    for index, method in enumerate(methods):
        quality = mean(_quality(results, engine, name, method) or 0.0 for name in shared)
        spent = _largest([cost(method, Composition.of(name)) for name in shared])
        style = {
            "marker": "o" if spent.passes == 1 else "s",
            "color": matplotlib.colormaps["tab20"](index % 20),
            "edgecolors": "black",
        }
        panels[0].scatter([max(spent.parameters, _NONE)], [quality], label=method, **style)
        if method in timed:
            panels[1].scatter([timed[method]], [quality], **style)
    panels[0].set_xscale("log")
    panels[0].set_xlabel("parameters that a composition adds (at the left edge: none); squares need several passes")
    panels[0].set_ylabel("main metric, %")
    panels[0].set_title(f"mean over {', '.join(shared) or 'nothing: no sub-task has all methods'}", fontsize=8)
    bytes_axis = panels[0].secondary_xaxis("top", functions=(_mebibytes, _parameters))
    bytes_axis.set_xlabel("MiB in fp16", fontsize=8)
    if timed:
        panels[1].set_xlabel("seconds on the device core, median")
    if methods:
        figure.legend(loc="outside right upper", fontsize=8)
    return _svg(figure)


def _largest(costs: list[Cost]) -> Cost:
    return Cost(max(item.passes for item in costs), max(item.parameters for item in costs))


def _mebibytes(parameters: float) -> float:
    return parameters * BYTES_PER_PARAMETER / _MEBIBYTE


def _parameters(mebibytes: float) -> float:
    return mebibytes * _MEBIBYTE / BYTES_PER_PARAMETER


def _metric(composition: str) -> str:
    return main_metric(Composition.of(composition))


def _quality(results: Results, engine: str, composition: str, method: str) -> float | None:
    value = results.over_seeds(engine, composition, method, _metric(composition))
    return None if value is None else 100 * value


def _svg(figure: Figure) -> str:
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    text = stream.getvalue()
    return text[text.index("<svg") :]
