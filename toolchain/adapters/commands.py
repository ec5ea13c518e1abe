"""The commands for adapters that were trained elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from toolchain import paths
from toolchain.console import progress, show
from toolchain.errors import ToolchainError

adapter_app = typer.Typer(no_args_is_help=True, help="Adapters that were trained elsewhere.")


@adapter_app.command("import")
def import_command(
    source: Annotated[Path, typer.Argument(help="A PEFT directory: adapter_config.json, adapter_model.safetensors.")],
    task: Annotated[str, typer.Option(help="The task that it does.")],
    licence: Annotated[str | None, typer.Option(help="Its licence, for the model card.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of an adapter that is there.")] = False,
    out: Annotated[Path | None, typer.Option(help="Folder to write; default assets/adapters/<task>.")] = None,
) -> None:
    """Import a plain LoRA for a task: checked against the base, in fp16, on all linears."""
    from toolchain.adapters.adapter_logs import texts_licences
    from toolchain.adapters.files import CONFIG_FILE, LOG_FILE, TENSORS_FILE, adapter_hash
    from toolchain.adapters.importing import import_adapter, linear_shapes
    from toolchain.base_model.specification import base_model
    from toolchain.data.licences import forbidding
    from toolchain.tasks import Task

    parsed = Task.parse(task)
    if licence is not None and not licence.strip():
        raise ToolchainError(
            "--licence is blank: name the adapter's licence, such as CC-BY-4.0, or leave the option out if it is not known"
        )
    own = paths.ADAPTERS / parsed.id
    folder = out or own
    there = all((own / name).is_file() for name in (CONFIG_FILE, TENSORS_FILE))
    former = adapter_hash(own) if there else None
    base = base_model()
    shapes = linear_shapes(base)
    log = import_adapter(source, base, shapes, folder, licence, replace)
    if log["linears"] < len(shapes):
        progress(f"it adapts {log['linears']} of the base's {len(shapes)} linears: the others stay as they are")
    stated = [log["licence"]] if log["licence"] else []
    if not stated:
        progress(
            "its licence is not known, and model cards will say so: to state it, import it again with --replace --licence TEXT"
        )
    if forbids := forbidding([*stated, *texts_licences(folder / LOG_FILE)]):
        progress(
            f"a licence of it or of texts that it was trained on ({forbids}) forbids to ship it: it can be measured, and `export` refuses it"
        )
    if folder.resolve() == own.resolve() and log["adapter_sha256"] != former:
        progress(f"compositions with {task} need a new calibration: those for another adapter are refused")
    show(
        {"adapter": str(folder), **{key: log[key] for key in ("adapter_sha256", "rank", "alpha", "linears", "licence")}}
    )
