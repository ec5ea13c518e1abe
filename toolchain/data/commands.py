"""The commands of the data: the benchmark, and targets that models make."""

from pathlib import Path
from typing import Annotated

import typer

from toolchain import paths
from toolchain.console import progress, show
from toolchain.errors import ToolchainError
from toolchain.hashing import sha256_file

data_app = typer.Typer(no_args_is_help=True, help="The benchmark's data, and targets.")

LayoutName = Annotated[str, typer.Option("--layout", help="jsonl, samsum, dialogsum or synthetic-persona-chat.")]
Licence = Annotated[
    str | None, typer.Option(help="The file's licence.", show_default="that of the data set whose layout it is")
]
Limit = Annotated[int | None, typer.Option(min=1, help="First dialogues only.")]


@data_app.command("build")
def data_build(source: Annotated[Path, typer.Argument(help="Folder with our parallel data.")]) -> None:
    """Check the parallel data and put it under assets/benchmark."""
    from toolchain.data.build import build_benchmark

    show(build_benchmark(source, paths.BENCHMARK))


@data_app.command("targets")
def data_targets(
    source: Annotated[str, typer.Argument(help="A file of dialogues, or hub:OWNER/NAME/FILE to fetch one.")],
    composition: str,
    endpoint: Annotated[
        str | None, typer.Option(help="Base address, ending in /v1, of a chat server: the teacher.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="The teacher's name at that server.")] = None,
    local: Annotated[
        list[str] | None,
        typer.Option(help="TASK=FOLDER: the teacher of a task is a model on this machine; once for each task."),
    ] = None,
    prompt: Annotated[
        list[str] | None,
        typer.Option(help="TASK=TEXT: what a task's local model is given, with {input} for the text."),
    ] = None,
    layout: LayoutName = "jsonl",
    licence: Licence = None,
    limit: Limit = None,
    out: Annotated[Path | None, typer.Option(help="JSON Lines to add to; default in the cache.")] = None,
) -> None:
    """Make compositional targets from outside dialogues with larger or specialised models: each record says source, licence and teacher."""
    from toolchain.data.auxiliary_models import chosen_models
    from toolchain.data.dialogue_targets import make_targets
    from toolchain.data.dialogues import read_dialogues
    from toolchain.data.hub import dialogue_file
    from toolchain.tasks import Composition

    parsed = Composition.parse(composition)
    models = chosen_models(parsed, endpoint, model, local or [], prompt or [])

    file = dialogue_file(source, progress)
    dialogues = read_dialogues(file, layout, progress)[:limit]
    target = out or paths.cache() / "targets" / f"{file.stem}.{composition}.jsonl"
    origin = origin_of(source, file, layout, licence)
    made = make_targets(dialogues, parsed, models, target, origin, progress)
    show({"targets": str(target), "made": made})


@data_app.command("assemble")
def data_assemble(
    targets: Annotated[list[Path], typer.Argument(help="Files of `data targets`, one for each composition.")],
    out: Annotated[Path, typer.Option(help="The new benchmark's folder, which TANDEM_BENCHMARK then names.")],
    single: Annotated[
        int, typer.Option(min=0, max=100, help="Percent of the training dialogues that train adapters instead.")
    ] = 50,
) -> None:
    """Put the targets of several compositions together as a benchmark, to train adapters and baselines on it and to measure."""
    from toolchain.data.assemble import assemble

    show({"benchmark": str(out)} | assemble(targets, out, single, progress))


@data_app.command("own")
def data_own(
    file: Annotated[Path, typer.Argument(help="JSON Lines of conversations with references.")],
    out: Annotated[Path, typer.Option(help="The new benchmark's folder, which TANDEM_BENCHMARK then names.")],
) -> None:
    """Make a benchmark whose test split is conversations of your own, with the adapters and calibrations that are here, to measure them."""
    from toolchain.data.own_conversations import make_own_benchmark

    show({"benchmark": str(out)} | make_own_benchmark(file, out))


@data_app.command("teacher")
def data_teacher(composition: str) -> None:
    """Make teacher targets: the calibration split's English references through the auxiliary adapters."""
    from toolchain.adapters.processes import launched
    from toolchain.adapters.teacher import make_teacher_targets
    from toolchain.base_model.load import load_base
    from toolchain.base_model.specification import base_model
    from toolchain.tasks import Composition

    launched().refuse_several()
    show({"targets": str(make_teacher_targets(load_base(base_model()), Composition.parse(composition), progress))})


@data_app.command("two-step")
def data_two_step(
    composition: str,
    source: Annotated[
        str,
        typer.Option(
            help="single, calibration or unlabelled: conversations of the benchmark, without their references; or a file, or hub:OWNER/NAME/FILE."
        ),
    ] = "single",
    layout: LayoutName = "jsonl",
    licence: Licence = None,
    limit: Annotated[int | None, typer.Option(min=1, help="First conversations of each split only.")] = None,
    out: Annotated[Path | None, typer.Option(help="JSON Lines to add to; default in the cache.")] = None,
) -> None:
    """Make targets without references: what our adapters, one after another, answer to unlabelled conversations."""
    from toolchain.adapters.processes import launched
    from toolchain.adapters.two_step_targets import make_two_step_targets, two_step_path
    from toolchain.base_model.load import load_base
    from toolchain.base_model.specification import base_model
    from toolchain.data.benchmark import licences
    from toolchain.data.dialogues import read_dialogues
    from toolchain.data.hub import dialogue_file
    from toolchain.data.unlabelled import (
        BENCHMARK_SOURCES,
        first_of_each_split,
        of_dialogues,
        of_the_benchmark,
    )
    from toolchain.tasks import Composition

    parsed = Composition.parse(composition)
    if source in BENCHMARK_SOURCES:
        if licence is not None:
            raise ToolchainError(
                f"--licence is a file's: {source} is of the benchmark, whose own licences every record says; leave it out"
            )
        conversations = of_the_benchmark(source)
        origin = {"source": f"benchmark/{source}", "licence": "; ".join(licences())}
    else:
        file = dialogue_file(source, progress)
        if not file.exists():
            raise ToolchainError(
                f"--source {source} is no file: give {', '.join(BENCHMARK_SOURCES)}, a file or hub:OWNER/NAME/FILE"
            )
        conversations = of_dialogues(read_dialogues(file, layout, progress))
        origin = origin_of(source, file, layout, licence)
    target = out or two_step_path(parsed, source if source in BENCHMARK_SOURCES else f"file-{Path(source).stem}")
    chosen = first_of_each_split(conversations, limit)
    launched().refuse_several()
    made = make_two_step_targets(load_base(base_model()), parsed, chosen, target, origin, progress)
    show({"targets": str(target), "made": made})


def origin_of(source: str, file: Path, layout: str, licence: str | None) -> dict[str, str]:
    """What every record that is made from a file says of it: its name without local folders, its hash and its licence.

    Raises:
        ToolchainError: the licence is not known, or it or the name is no text.
    """
    from toolchain.data.dialogues import LAYOUTS
    from toolchain.data.hub import PREFIX
    from toolchain.data.whole_text import refuse_half_characters

    known = LAYOUTS[layout].licence
    if licence and known:
        progress(f"every record says {licence!r}; {layout} itself is under {known}")
    if not (stated := (licence or known or "").strip()):
        raise ToolchainError(f"the licence of {source} is not known: say it with --licence")
    name = source if source.startswith(PREFIX) else file.name
    refuse_half_characters("--licence", stated, "give it in UTF-8")
    refuse_half_characters(f"the name of {source}", name, "rename the file")
    return {"source": name, "source_sha256": sha256_file(file), "licence": stated}
