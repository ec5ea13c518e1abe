"""A bundle in one file: a zip as the device core reads it, the same bytes for the same folder."""

import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.bundle.archive import archive_path, write_archive
from toolchain.errors import ToolchainError

names = st.from_regex(r"[a-z]{1,6}/[a-zäß+]{1,6}\.[a-z]{1,3}", fullmatch=True)
contents = st.dictionaries(names, st.binary(max_size=300), max_size=5)
_END_RECORD, _LOCAL_HEADER, _DIRECTORY_ENTRY = 22, 30, 46


def _write(files: dict[str, bytes], root: Path) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


@given(contents)
def test_an_archive_holds_the_folder_stored_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    files = {"manifest.json": b"{}", "manifest.json.minisig": b"signature"} | files
    root = tmp_path_factory.mktemp("bundle")
    _write(files, root)
    target = root.with_suffix(".tandem")
    write_archive(root, target)
    with zipfile.ZipFile(target) as archive:
        entries = archive.infolist()
        assert {entry.filename: archive.read(entry) for entry in entries} == files
    assert {entry.filename for entry in entries[:2]} == {"manifest.json", "manifest.json.minisig"}
    for entry in entries:
        assert (entry.compress_type, entry.extra, entry.comment) == (zipfile.ZIP_STORED, b"", b"")
        assert entry.flag_bits & ~(1 << 11) == 0, "streamed or encrypted"
        assert entry.external_attr >> 16 == 0o100644
    # Each byte is of a header, a name or a file: no alignment, no zip64, no comment.
    names_twice = sum(2 * len(name.encode()) for name in files)
    headers = len(files) * (_LOCAL_HEADER + _DIRECTORY_ENTRY) + _END_RECORD
    assert target.stat().st_size == headers + names_twice + sum(map(len, files.values()))


def test_times_and_the_order_of_creation_do_not_matter(tmp_path: Path) -> None:
    files = {"manifest.json": b"{}", "b/c": b"1", "a": b"2"}
    _write(files, tmp_path / "one")
    _write(dict(reversed(files.items())), tmp_path / "other")
    os.utime(tmp_path / "other" / "a", (0, 0))
    (tmp_path / "other" / "a").chmod(0o755)
    for name in ("one", "other"):
        write_archive(tmp_path / name, tmp_path / f"{name}.tandem")
    assert (tmp_path / "one.tandem").read_bytes() == (tmp_path / "other.tandem").read_bytes()


def test_what_needs_64_bit_sizes_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    with (tmp_path / "bundle" / "base.gguf").open("wb") as huge:
        huge.truncate(1 << 31)  # Full of holes: it takes no room, and is refused before it is read.
    with pytest.raises(ToolchainError, match="2 GiB"):
        write_archive(tmp_path / "bundle", tmp_path / "bundle.tandem")
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_the_suffix_is_added_once() -> None:
    assert archive_path(Path("a/bundle")) == archive_path(Path("a/bundle.tandem")) == Path("a/bundle.tandem")
    assert archive_path(Path("v1.2")) == Path("v1.2.tandem")
