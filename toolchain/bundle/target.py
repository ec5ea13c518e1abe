"""Where an export may write: where nothing is, or in place of an earlier bundle that holds nothing else; never inside a bundle."""

import zipfile
from pathlib import Path

from toolchain.bundle.manifest import MANIFEST_FILE, SIGNATURE_FILE, Manifest
from toolchain.bundle.manifest_file import MAX_MANIFEST_BYTES, parse_manifest, read_manifest
from toolchain.errors import ToolchainError
from toolchain.folders import is_empty_folder
from toolchain.plain_files import plain_files


def refuse_to_replace_what_is_no_bundle(target: Path, archive: bool) -> None:
    """Raise ToolchainError if something is at `target` that is not, or not only, a bundle in that form.

    Whether its files are whole does not matter: one that is damaged is there to be replaced.
    """
    if not target.exists() or (is_empty_folder(target) and not archive):
        return
    try:
        manifest, names = _in_archive(target) if archive else _in_folder(target)
    except (ToolchainError, OSError):
        raise ToolchainError(
            f"{target} is there and is no bundle: give another name, or move it away yourself"
        ) from None
    if foreign := sorted(names - manifest.files.keys() - {MANIFEST_FILE, SIGNATURE_FILE}):
        raise ToolchainError(
            f"{target} is there and holds {foreign[0]!r}, which is no file of its bundle: give another name, or move that away"
        )


def refuse_inside_a_bundle(target: Path) -> None:
    """Raise ToolchainError if `target` lies in the folder of a bundle, which would then hold files that its manifest does not name."""
    for folder in target.resolve().parents:
        try:
            read_manifest(folder)
        except (ToolchainError, OSError):
            continue
        raise ToolchainError(f"{target} lies in the bundle {folder}, which it would damage: give a place outside of it")


def _in_folder(folder: Path) -> tuple[Manifest, set[str]]:
    return read_manifest(folder), plain_files(folder)


def _in_archive(path: Path) -> tuple[Manifest, set[str]]:
    if not path.is_file():
        raise ToolchainError(f"{path} is no file")
    try:
        with zipfile.ZipFile(path) as archive:
            entry = archive.getinfo(MANIFEST_FILE)
            if entry.compress_type != zipfile.ZIP_STORED or entry.file_size > MAX_MANIFEST_BYTES:
                raise ToolchainError(f"{path} holds no manifest as bundles do")
            return parse_manifest(archive.read(entry), path), set(archive.namelist())
    except (zipfile.BadZipFile, KeyError, RuntimeError, EOFError, ValueError):
        raise ToolchainError(f"{path} is no zip with a manifest") from None
