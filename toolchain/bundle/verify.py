"""Check a bundle directory: manifest, then every file's presence, size and hash. The device core does the same, on its own."""

from pathlib import Path

from pydantic import ValidationError

from toolchain.adapters.files import adapter_hash
from toolchain.bundle.manifest import MANIFEST_FILE, SIGNATURE_FILE, Manifest
from toolchain.bundle.signing import PublicKey
from toolchain.errors import ToolchainError
from toolchain.hashing import sha256_file

MAX_MANIFEST_BYTES = 4 << 20


def verify_bundle(folder: Path, key: PublicKey | None = None) -> Manifest:
    """The manifest of a bundle whose files are all as it says; with a key, whose signature is that key's.

    Raises:
        ToolchainError: what is wrong, with the file's name.
    """
    manifest = _read_manifest(folder, key)
    present = set()
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise ToolchainError(f"{path} is a symbolic link: a bundle holds plain files only")
        if path.is_file() and name not in (MANIFEST_FILE, SIGNATURE_FILE):
            present.add(name)
    if extra := sorted(present - manifest.files.keys()):
        raise ToolchainError(f"{folder / extra[0]} is not listed in the manifest: remove it or export the bundle again")
    for name, entry in manifest.files.items():
        path = folder / name
        if name not in present:
            raise ToolchainError(
                f"{path} is missing: export the bundle again (one of calibrations only is whole in a device's store alone)"
            )
        if path.stat().st_size != entry.bytes:
            raise ToolchainError(
                f"{path} has {path.stat().st_size} bytes, the manifest says {entry.bytes}: export the bundle again"
            )
        if (found := sha256_file(path)) != entry.sha256:
            raise ToolchainError(
                f"{path} has SHA-256 {found}, the manifest says {entry.sha256}: export the bundle again"
            )
    for task, adapter in manifest.adapters.items():
        if (found := adapter_hash(folder / adapter.path)) != adapter.sha256:
            raise ToolchainError(
                f"{folder / adapter.path} has adapter hash {found}, the manifest says {adapter.sha256} for {task}: "
                "export the bundle again"
            )
    return manifest


def _read_manifest(folder: Path, key: PublicKey | None) -> Manifest:
    path = folder / MANIFEST_FILE
    try:
        content = path.read_bytes()
    except NotADirectoryError:
        raise ToolchainError(f"{folder} is no folder: check a bundle in one file with `tandem verify`") from None
    except (FileNotFoundError, IsADirectoryError):
        raise ToolchainError(f"{path} is missing: give the folder of a bundle") from None
    if len(content) > MAX_MANIFEST_BYTES:
        raise ToolchainError(f"{path} has {len(content)} bytes, at most {MAX_MANIFEST_BYTES} are read: export it again")
    if key:
        key.check(content, folder / SIGNATURE_FILE)
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ToolchainError(f"{path}: {where or 'manifest'}: {first['msg']}; export the bundle again") from None
