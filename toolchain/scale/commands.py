"""The commands of the dry run, and of what training really takes."""

from pathlib import Path
from typing import Annotated

import typer

from toolchain.adapters.training_options import PRECISION_HELP
from toolchain.base_model.shape import LARGEST
from toolchain.folders import refuse_unwritable

scale_app = typer.Typer(no_args_is_help=True, help="Larger bases.")


@scale_app.command("plan")
def plan_command(
    recipes: Annotated[
        list[str] | None, typer.Argument(help="Recipes, by name or as .toml files; default all that there are.")
    ] = None,
    rank: Annotated[
        int | None, typer.Option(min=1, max=LARGEST, help="Of the LoRAs.", show_default="the recipe's")
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(min=1, max=LARGEST, help="Examples a step, over all processes.", show_default="the recipe's"),
    ] = None,
    processes: Annotated[int, typer.Option(min=1, max=LARGEST, help="Processes that share a batch.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="All numbers, as JSON, in bytes.")] = False,
) -> None:
    """Parameters, bytes and training memory of bases, from their public shapes alone: nothing is downloaded or trained."""
    from toolchain.console import progress, quiet_transformers, show
    from toolchain.recipe import read_recipe, recipe_names
    from toolchain.scale.plan import plan, table

    quiet_transformers()
    chosen = [read_recipe(name) for name in recipes or recipe_names()]
    plans = []
    for recipe in chosen:
        progress(f"counting {recipe.name}")
        plans.append(plan(recipe, rank=rank, batch_size=batch_size, processes=processes))
    if as_json:
        show([item.described() for item in plans])
    else:
        print(table(plans))


@scale_app.command("measure")
def measure_command(
    composition: Annotated[str, typer.Argument(help="Whose calibration split is read.")] = "summarize+es",
    steps: Annotated[int, typer.Option(min=1, max=LARGEST)] = 10,
    batch_size: Annotated[int, typer.Option(min=1, max=LARGEST)] = 6,
    precision: Annotated[str, typer.Option(help=PRECISION_HELP)] = "bf16",
    out: Annotated[
        Path | None, typer.Option(help="Result file; default docs/results/training-cost.<composition>.json.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The rows of the result file instead of a table.")] = False,
) -> None:
    """Seconds a step and peak memory of training a calibration and a joint-expert, one after another on this machine."""
    from dataclasses import asdict

    from toolchain import paths
    from toolchain.adapters.files import adapter_hashes
    from toolchain.adapters.training import Precision, Schedule
    from toolchain.base_model.specification import base_model
    from toolchain.console import chosen, progress, show
    from toolchain.log_file import refuse_to_replace, write_log
    from toolchain.provenance import made_with
    from toolchain.scale.measure import measure, table
    from toolchain.tasks import Composition

    parsed = Composition.parse(composition)
    target = out or paths.RESULTS / f"training-cost.{composition}.json"
    refuse_unwritable(target)
    refuse_to_replace(target, "a measurement", "composition", "schedule", "rows")
    products = chosen(Precision, "precision", precision).where_it_helps()
    schedule = Schedule(steps, batch_size, 1e-3, evaluate_every=steps, precision=products)
    hashes = {**base_model().identity, "adapter_sha256": adapter_hashes(parsed.ids)}
    described = {"composition": composition, "schedule": asdict(schedule), **hashes, **made_with()}
    rows = measure(parsed, schedule)
    write_log(target, described | {"rows": rows})
    if as_json:
        show(rows)
    else:
        print(table(rows))
    progress(f"written to {target}")
