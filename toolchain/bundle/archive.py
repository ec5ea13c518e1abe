"""A bundle as one `.tandem` file: a zip with stored entries, the same bytes for the same folder."""

import zipfile
from pathlib import Path

from toolchain.bundle.manifest import MANIFEST_FILE, SIGNATURE_FILE
from toolchain.errors import ToolchainError
from toolchain.folders import refuse_nameless
from toolchain.whole_file import written_whole

SUFFIX = ".tandem"
_COPIED_BYTES = 1 << 20
_NO_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX, _PLAIN_FILE = 3, 0o100644 << 16


def archive_path(path: Path) -> Path:
    """The path with the suffix of a bundle in one file.

    Raises:
        ToolchainError: it ends in no name that could have a suffix.
    """
    refuse_nameless(path)
    return path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)


def write_archive(folder: Path, target: Path) -> None:
    """Pack a bundle's folder; manifest and signature come first, so that a reader has them at once.

    Raises:
        ToolchainError: a file is so large that a zip needs 64-bit sizes, which the device core does not read.
    """
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    names.sort(key=lambda name: name not in (MANIFEST_FILE, SIGNATURE_FILE))
    try:
        with written_whole(target) as partial, zipfile.ZipFile(partial, "w", allowZip64=False) as archive:
            for name in names:
                _add(archive, folder / name, name)
    except zipfile.LargeZipFile:
        raise ToolchainError(
            f"{target} would be a zip of 2 GiB or more, which the device core does not read: export without the base"
        ) from None


def _add(archive: zipfile.ZipFile, source: Path, name: str) -> None:
    entry = zipfile.ZipInfo(name, _NO_DATE)
    entry.create_system, entry.external_attr = _UNIX, _PLAIN_FILE
    entry.file_size = source.stat().st_size
    with source.open("rb") as stream, archive.open(entry, "w") as stored:
        while content := stream.read(_COPIED_BYTES):
            stored.write(content)
