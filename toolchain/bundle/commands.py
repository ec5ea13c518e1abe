"""The commands that make and check bundles: export, verify, keys, schema."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolchain import paths
from toolchain.console import named_once, progress, show
from toolchain.errors import ToolchainError

if TYPE_CHECKING:
    from toolchain.tasks import Composition

PASSWORD_VARIABLE = "TANDEM_KEY_PASSWORD"


def register(app: typer.Typer) -> None:
    """Add them to the command line."""
    app.command("export")(export_command)
    app.command("verify")(verify_command)
    app.command("keys")(keys_command)
    app.command("schema")(schema_command)


def export_command(
    out: Annotated[Path, typer.Argument(help="Bundle to write: a folder, or with --zip a file.")] = paths.DEMO_BUNDLE,
    only: Annotated[
        str | None, typer.Option(help="Comma-separated compositions; default all that are committed.")
    ] = None,
    pack_base: Annotated[bool, typer.Option("--base/--no-base", help="Put the base model into the bundle.")] = False,
    base_file: Annotated[Path | None, typer.Option(help="Where the base model's file is; default the cache.")] = None,
    sign: Annotated[Path | None, typer.Option(help="Sign with this minisign secret key.")] = None,
    as_zip: Annotated[bool, typer.Option("--zip", help="One .tandem file: a zip with stored entries.")] = False,
    calibrations_only: Annotated[
        bool,
        typer.Option("--calibrations-only", help="Leave out adapters, base and tokenizer, which the device holds."),
    ] = False,
) -> None:
    """Export a bundle for the device core from the committed adapters and calibrations."""
    from toolchain.base_model.specification import base_model
    from toolchain.bundle.archive import archive_path
    from toolchain.bundle.export import Form, committed_compositions, export_bundle
    from toolchain.bundle.may_ship import refuse_what_may_not_ship
    from toolchain.bundle.signing import SecretKey

    compositions = committed_compositions() if only is None else _named(only)
    refuse_what_may_not_ship(compositions)
    form = Form(SecretKey.read(sign, _password) if sign else None, as_zip, calibrations_only)
    manifest = export_bundle(base_model(), compositions, out, pack_base, form, base_file)
    show(
        {
            "bundle": str(archive_path(out) if as_zip else out),
            "compositions": ["+".join(item.tasks) for item in manifest.compositions],
            "signed": sign is not None,
        }
    )


def verify_command(
    path: Annotated[Path, typer.Argument(help="Bundle directory.")],
    public_key: Annotated[
        Path | None, typer.Option(help="The bundle must be signed with this minisign public key.")
    ] = None,
) -> None:
    """Check a bundle: signature, manifest, presence, size and hash of each file."""
    from toolchain.bundle.signing import PublicKey
    from toolchain.bundle.verify import verify_bundle

    manifest = verify_bundle(path, PublicKey.read(public_key) if public_key else None)
    show(
        {
            "bundle": str(path),
            "files": len(manifest.files),
            "compositions": ["+".join(item.tasks) for item in manifest.compositions],
            "signature": "checked" if public_key else "not checked",
        }
    )


def keys_command(
    name: Annotated[Path, typer.Argument(help="Writes NAME.key, which signs, and NAME.pub, which checks.")],
    encrypted: Annotated[bool, typer.Option(help="Encrypt NAME.key with a password.")] = True,
) -> None:
    """Make a key pair in minisign's format, for `export --sign`."""
    from toolchain.bundle.signing import SecretKey
    from toolchain.folders import refuse_nameless
    from toolchain.whole_file import write_text_whole

    refuse_nameless(name)
    secret, public = (name.with_name(name.name + suffix) for suffix in (".key", ".pub"))
    for path in (secret, public):
        if os.path.lexists(path):
            raise ToolchainError(f"{path} is there: a key that is overwritten is lost, give another name")
    key = SecretKey.make()
    key.write(secret, _password(new=True) if encrypted else None)
    write_text_whole(public, key.public_key().text())
    progress(f"keep {secret} to yourself: who has it can sign bundles in your name")
    show({"secret_key": str(secret), "public_key": str(public)})


def schema_command() -> None:
    """Print the JSON Schema of manifest.json (committed as docs/manifest.schema.json)."""
    from toolchain.bundle.manifest import manifest_schema

    show(manifest_schema())


def _named(only: str) -> list["Composition"]:
    """The compositions of a comma-separated list, each named once.

    Raises:
        ToolchainError: there is none, one is unknown, or one is named twice.
    """
    from toolchain.tasks import Composition

    if not only:
        raise ToolchainError("--only names no composition: name some, separated by commas, or leave it out for all")
    compositions = [Composition.parse(name) for name in named_once("--only", only)]
    if alone := [item.name for item in compositions if item.is_single_task]:
        raise ToolchainError(f"--only {alone[0]} is a task, not a composition: it comes with any composition of it")
    return compositions


def _password(new: bool = False) -> str:
    """From the environment, else asked on the terminal, twice for a new key.

    Raises:
        ToolchainError: there is neither, or it is empty.
    """
    password = os.environ.get(PASSWORD_VARIABLE)
    # Python has no standard input where it was started with a closed one.
    if password is None and sys.stdin is not None and sys.stdin.isatty():
        password = typer.prompt("Password of the secret key", hide_input=True, confirmation_prompt=new, err=True)
    if not password:
        raise ToolchainError(f"the secret key needs a password: set {PASSWORD_VARIABLE}, or run this in a terminal")
    return password
