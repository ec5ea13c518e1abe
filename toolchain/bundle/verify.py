"""Check a bundle directory: manifest, then every file's presence, size and hash. The device core does the same, on its own."""

from pathlib import Path

from toolchain.adapters.files import CONFIG_FILE, adapter_hash
from toolchain.adapters.lora_config import MAX_CONFIG_BYTES
from toolchain.bundle.manifest import MANIFEST_FILE, SIGNATURE_FILE, Manifest
from toolchain.bundle.manifest_file import read_manifest, unambiguous_json
from toolchain.bundle.signing import PublicKey
from toolchain.errors import ToolchainError
from toolchain.hashing import sha256_file
from toolchain.plain_files import plain_files, read_plain


def verify_bundle(folder: Path, key: PublicKey | None = None) -> Manifest:
    """The manifest of a bundle whose files are all as it says; with a key, whose signature is that key's.

    Raises:
        ToolchainError: what is wrong, with the file's name.
    """
    manifest = read_manifest(folder, key)
    present = plain_files(folder)
    if extra := sorted(present - manifest.files.keys() - {MANIFEST_FILE, SIGNATURE_FILE}):
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
        if (rank := _rank(folder / adapter.path / CONFIG_FILE)) != adapter.rank:
            raise ToolchainError(
                f"{folder / adapter.path} has rank {rank}, the manifest says {adapter.rank} for {task}: export the bundle again"
            )
    return manifest


def _rank(config: Path) -> int:
    """What a configuration says, read as a manifest is; the rest of it is read when the adapter is composed."""
    try:
        found = unambiguous_json(read_plain(config, MAX_CONFIG_BYTES))
    except ValueError as error:
        raise ToolchainError(f"{config} is no configuration ({error}): export the bundle again") from None
    rank = found.get("r") if isinstance(found, dict) else None
    if not isinstance(rank, int) or isinstance(rank, bool):
        raise ToolchainError(f"{config} has no whole number 'r', an adapter's rank: export the bundle again")
    return rank
