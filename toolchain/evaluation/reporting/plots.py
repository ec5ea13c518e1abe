"""The plots of a report, as SVG text that needs nothing else."""

import io
from collections.abc import Sequence
from itertools import groupby
from statistics import mean
from textwrap import wrap

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from toolchain.evaluation.paper import main_metric
from toolchain.evaluation.reporting.costs import Cost, cost
from toolchain.evaluation.reporting.device_times import time_ratio
from toolchain.evaluation.results import Results
from toolchain.scale.parameters import BYTES_PER_PARAMETER
from toolchain.tasks import Composition

# The same results give the same bytes; text stays text.
matplotlib.rcParams.update({"svg.hashsalt": "tandem", "svg.fonttype": "none", "font.size": 9, "text.parse_math": False})

_MEBIBYTE = 2**20
_TITLE_CHARACTERS = 85
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
    """The mean of each main metric against parameters, bytes and passes, and against time where timed.

    A metric's mean is over the same sub-tasks for all methods that are drawn: over those that keep most (methods x sub-tasks).
    """
    names = results.compositions(engine)
    by_metric = {metric: list(of_it) for metric, of_it in groupby(sorted(names, key=_metric), key=_metric)}
    compared = {metric: _compared(results, engine, of_it) for metric, of_it in by_metric.items()}
    every = [method for method in results.methods(engine) if any(method in methods for _, methods in compared.values())]
    timed = any(
        time_ratio(results, shared, method) is not None for shared, found in compared.values() for method in found
    )
    widths = [3, 1] if timed else [1]
    figure = Figure(figsize=(11 if timed else 8, 4.5 * len(compared)), layout="constrained")
    panels = figure.subplots(len(compared), len(widths), width_ratios=widths, sharey="row", squeeze=False)
    for (metric, (shared, methods)), (against_parameters, *against_time) in zip(compared.items(), panels, strict=True):
        unknown: list[str] = []
        for method in methods:
            quality = mean(_quality(results, engine, name, method) or 0.0 for name in shared)
            spent = _largest([cost(results, engine, name, method) for name in shared])
            style = {
                "marker": "o" if spent.passes == 1 else "s",
                "color": matplotlib.colormaps["tab20"](every.index(method) % 20),
                "edgecolors": "black",
            }
            if spent.parameters is None:
                unknown.append(method)
            else:
                against_parameters.scatter([max(spent.parameters, _NONE)], [quality], label=method, **style)
            if (time := time_ratio(results, shared, method)) is not None:
                against_time[0].scatter([time], [quality], **style)
        against_parameters.set_xscale("log")
        against_parameters.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        against_parameters.set_xlabel(
            "parameters that a composition adds (at the left edge: none); squares need several passes"
        )
        against_parameters.set_ylabel(f"{metric}, %")
        left_out = [method for method in results.methods(engine) if method not in methods]
        against_parameters.set_title("\n".join(wrap(_of(shared, left_out, unknown), _TITLE_CHARACTERS)), fontsize=8)
        bytes_axis = against_parameters.secondary_xaxis("top", functions=(_mebibytes, _parameters))
        bytes_axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        bytes_axis.set_xlabel("MiB in fp16", fontsize=8)
        for axes in against_time:
            axes.set_xlabel("time on the core, two-step = 1", fontsize=8)
            axes.set_visible(bool(axes.collections))
        last = next((axes for axes in against_time if axes.collections), against_parameters)
        last.legend(
            *against_parameters.get_legend_handles_labels(), loc="center left", bbox_to_anchor=(1, 0.5), fontsize=7
        )
    return _svg(figure)


def _compared(results: Results, engine: str, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The sub-tasks of `names` and the methods, all measured on each of them, of which there are most together."""
    measured = {
        method: {name for name in names if method in results.methods(engine, name)}
        for method in results.methods(engine)
    }
    candidates = [
        ([name for name in names if name in of_one], [method for method, of_it in measured.items() if of_one <= of_it])
        for of_one in measured.values()
    ]
    return max(candidates, key=lambda found: len(found[0]) * len(found[1]))


def _of(shared: Sequence[str], left_out: Sequence[str], unknown: Sequence[str]) -> str:
    without = f"; not measured on all of these: {', '.join(left_out)}" if left_out else ""
    untold = f"; of unknown size: {', '.join(unknown)}" if unknown else ""
    return f"mean over {', '.join(shared)}{without}{untold}"


def _largest(costs: list[Cost]) -> Cost:
    counts = [item.parameters for item in costs]
    known = [count for count in counts if count is not None]
    return Cost(max(item.passes for item in costs), max(known) if len(known) == len(counts) else None)


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
