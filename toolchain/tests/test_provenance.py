"""Provenance: what a document says of the commit that something was made with."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain import paths
from toolchain.data.benchmark import FILES, SINGLE_TEXTS
from toolchain.evaluation.reporting.report import provenance
from toolchain.evaluation.results import Results
from toolchain.hashing import sha256_file
from toolchain.provenance import git_commit, made_with, short_commit


@given(st.text("0123456789abcdef", min_size=40, max_size=40), st.sampled_from(["", "-dirty"]))
def test_a_commit_is_twelve_digits_and_whether_files_differed(digits: str, differs: str) -> None:
    assert short_commit(digits + differs) == digits[:12] + differs


def test_no_commit_is_said_as_it_is() -> None:
    assert short_commit("unknown") == "unknown"


@pytest.mark.parametrize("differs", ["", "-dirty"])
def test_a_report_says_whether_files_differed(differs: str) -> None:
    meta = {"split": "test", "engine": "python", "base": "tiny", "git_commit": "a" * 40 + differs}
    (line,) = provenance(Results({"one.jsonl": meta}, {}, {}))
    assert line.endswith(f"commit {'a' * 12}{differs}")


def test_a_commit_is_dirty_where_a_file_that_is_part_of_it_differs_unless_it_is_a_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "REPOSITORY", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_commit() == "unknown"

    def git(*given: str) -> str:
        who = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org"]
        return subprocess.run(["git", *who, *given], cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    code, result = tmp_path / "code.py", tmp_path / "docs" / "results" / "one.jsonl"
    result.parent.mkdir(parents=True)
    for file in (code, result):
        file.write_text("committed")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "all")
    commit = git("rev-parse", "HEAD").strip()
    result.write_text("another")
    (tmp_path / "notes").write_text("of nobody's")
    assert git_commit() == commit
    code.write_text("another")
    assert git_commit() == f"{commit}-dirty"


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    given = [tmp_path / folder / name for folder in ("a", "b") for name in (SINGLE_TEXTS, "more.jsonl")]
    for path in given:
        path.parent.mkdir(exist_ok=True)
        path.write_text(str(path), encoding="utf-8")
    own = {name: sha256_file(paths.BENCHMARK / name) for name in FILES}
    keys = [f"a/{SINGLE_TEXTS}", "more.jsonl", f"b/{SINGLE_TEXTS}", "b/more.jsonl"]
    expected = own | {key: sha256_file(path) for key, path in zip(keys, given, strict=True)}
    assert made_with([paths.BENCHMARK / SINGLE_TEXTS, *given])["data"] == expected
