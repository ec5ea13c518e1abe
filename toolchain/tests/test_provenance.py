"""Provenance: what a document says of the commit that something was made with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.evaluation.reporting.report import provenance
from toolchain.evaluation.results import Results
from toolchain.provenance import short_commit


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
