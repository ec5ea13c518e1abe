"""Verification: every kind of damage is refused, with the name of what is damaged."""

import contextlib
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from toolchain.adapters.files import adapter_hash
from toolchain.adapters.lora_config import MAX_CONFIG_BYTES
from toolchain.bundle.manifest import Manifest
from toolchain.bundle.manifest_file import MAX_MANIFEST_BYTES
from toolchain.bundle.signing import SecretKey
from toolchain.bundle.verify import verify_bundle
from toolchain.errors import ToolchainError
from toolchain.hashing import sha256_file
from toolchain.tests.refusals import refusal_of
from toolchain.tests.tiny import SPECIFICATION


def _refusal(folder: Path) -> str:
    return refusal_of(lambda: verify_bundle(folder))


@settings(max_examples=25)
@given(data=st.data())
def test_a_flipped_bit_in_any_file_is_refused_by_name(exported: Path, data: st.DataObject) -> None:
    names = sorted(verify_bundle(exported).files)
    path = exported / data.draw(st.sampled_from(names))
    content = path.read_bytes()
    position = data.draw(st.integers(0, len(content) - 1))
    bit = data.draw(st.integers(0, 7))
    try:
        path.write_bytes(content[:position] + bytes([content[position] ^ 1 << bit]) + content[position + 1 :])
        assert str(path) in _refusal(exported)
    finally:
        path.write_bytes(content)


@given(position=st.integers(0, 100_000), byte=st.integers(0, 255))
def test_a_changed_manifest_is_refused_or_still_a_manifest(exported: Path, position: int, byte: int) -> None:
    # Only a signature tells a changed name; what can be told without one is never an unexpected error.
    path = exported / "manifest.json"
    content = path.read_bytes()
    position %= len(content)
    assume(content[position] != byte)
    try:
        path.write_bytes(content[:position] + bytes([byte]) + content[position + 1 :])
        with contextlib.suppress(ToolchainError):
            assert isinstance(verify_bundle(exported), Manifest)
    finally:
        path.write_bytes(content)


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def _replace_by_a_link(path: Path) -> None:
    elsewhere = path.rename(path.parent.parent.parent / "elsewhere")
    path.symlink_to(elsewhere)


def _replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [_truncate, _lengthen, Path.unlink, _replace_by_a_link, _replace_by_a_folder])
@pytest.mark.parametrize("kind", ["config", "tensors", "calibration", "tokenizer", "base", "licence"])
def test_a_damaged_file_is_refused_by_name(bundle: Path, damage: Callable[[Path], object], kind: str) -> None:
    path = {
        "config": bundle / "adapters/es/adapter_config.json",
        "tensors": bundle / "adapters/es/adapter_model.safetensors",
        "calibration": bundle / "calibrations/summarize+es.safetensors",
        "tokenizer": bundle / "base/tokenizer.json",
        "base": bundle / "base" / SPECIFICATION.file,
        "licence": bundle / "licences" / SPECIFICATION.terms_file,
    }[kind]
    damage(path)
    assert str(path) in _refusal(bundle)


@pytest.mark.parametrize("name", ["extra.txt", "adapters/es/README.md", "deep/er/extra", ".hidden"])
def test_an_extra_file_is_refused_by_name(bundle: Path, name: str) -> None:
    (bundle / name).parent.mkdir(parents=True, exist_ok=True)
    (bundle / name).write_text("x")
    assert str(bundle / name) in _refusal(bundle)


def test_a_linked_folder_is_refused(bundle: Path) -> None:
    (bundle / "adapters").rename(bundle.parent / "adapters-elsewhere")
    (bundle / "adapters").symlink_to(bundle.parent / "adapters-elsewhere")
    assert str(bundle / "adapters") in _refusal(bundle)


def test_a_signature_is_no_extra_file(bundle: Path) -> None:
    (bundle / "manifest.json.minisig").write_text("untrusted comment: a signature")
    verify_bundle(bundle)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"\xff", b"[" * 100_000, b" " * (MAX_MANIFEST_BYTES + 1)])
def test_what_is_no_manifest_is_refused_by_name(bundle: Path, content: bytes | None) -> None:
    (bundle / "manifest.json").unlink()
    if content is not None:
        (bundle / "manifest.json").write_bytes(content)
    assert str(bundle / "manifest.json") in _refusal(bundle)


def test_a_manifest_is_measured_before_it_is_read(bundle: Path) -> None:
    with (bundle / "manifest.json").open("wb") as huge:
        huge.truncate(6 << 30)  # Full of holes: it takes no room.
    assert "at most" in _refusal(bundle)


def test_a_configuration_is_measured_before_it_is_read(bundle: Path) -> None:
    name = "adapters/es/adapter_config.json"
    content = (bundle / name).read_bytes()
    for size, refused in ((MAX_CONFIG_BYTES, False), (MAX_CONFIG_BYTES + 1, True)):
        (bundle / name).write_bytes(content.ljust(size))
        manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
        manifest["files"][name] = {"bytes": size, "sha256": sha256_file(bundle / name)}
        manifest["adapters"]["es"]["sha256"] = adapter_hash(bundle / "adapters/es")
        (bundle / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        if refused:
            assert f"{bundle / name} has {size} bytes, at most" in _refusal(bundle)
        else:
            verify_bundle(bundle)


@pytest.mark.parametrize("name", ["manifest.json", "extra", "base/tokenizer.json"])
def test_a_pipe_is_refused_and_not_waited_for(bundle: Path, name: str) -> None:
    (bundle / name).unlink(missing_ok=True)
    os.mkfifo(bundle / name)
    assert str(bundle / name) in _refusal(bundle)


def test_a_socket_is_refused(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bundle)  # A socket's path is short.
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        assert str(bundle / "socket") in _refusal(bundle)


def test_a_signature_that_is_a_pipe_is_refused_and_not_waited_for(bundle: Path) -> None:
    os.mkfifo(bundle / "manifest.json.minisig")
    with pytest.raises(ToolchainError, match="minisig"):
        verify_bundle(bundle, SecretKey.make().public_key())


def test_what_is_no_bundle_is_refused(tmp_path: Path) -> None:
    _refusal(tmp_path)
    _refusal(tmp_path / "nothing")
    (tmp_path / "file").write_text("x")
    _refusal(tmp_path / "file")
