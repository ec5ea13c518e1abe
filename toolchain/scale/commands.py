"""The command of the dry run."""

from typing import Annotated

import typer

scale_app = typer.Typer(no_args_is_help=True, help="Larger bases.")


@scale_app.callback()
def scale() -> None:
    """Larger bases."""


@scale_app.command("plan")
def plan_command(
    recipes: Annotated[
        list[str] | None, typer.Argument(help="Recipes, by name or as .toml files; default all that there are.")
    ] = None,
    rank: Annotated[int | None, typer.Option(min=1, help="Of the LoRAs.", show_default="the recipe's")] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Examples a step, over all processes.", show_default="the recipe's")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, help="Processes that share a batch.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="All numbers, as JSON, in bytes.")] = False,
) -> None:
    """Parameters, bytes and training memory of bases, from their public shapes alone: nothing is downloaded or trained."""
    from toolchain.console import progress, show
    from toolchain.recipe import read_recipe, recipe_names
    from toolchain.scale.plan import plan, table

    chosen = [read_recipe(name) for name in recipes or recipe_names()]
    plans = []
    for recipe in chosen:
        progress(f"counting {recipe.name}")
        plans.append(plan(recipe, rank=rank, batch_size=batch_size, processes=processes))
    if as_json:
        show([item.described() for item in plans])
    else:
        print(table(plans))
