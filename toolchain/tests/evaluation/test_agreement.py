"""Two files that answer the same: where their keys differ, their answers say whether they are of one measurement."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain import paths
from toolchain.errors import ToolchainError
from toolchain.evaluation.agreement import refuse_disagreement
from toolchain.evaluation.result_file import RESULT_FORMAT, Result, write_result
from toolchain.evaluation.results import read_results

META = {"format": RESULT_FORMAT, "split": "test", "engine": "python", "base": "tiny", "git_commit": "1" * 40}
PROMPT = {"engine": "python", "composition": "summarize+es", "method": "lc++", "metric": "prompt", "value": "contract"}
FILES = Path("docs/a.jsonl"), Path("docs/b.jsonl")
answers = st.dictionaries(st.sampled_from("123"), st.sampled_from(["yes", "no"]), min_size=1)


def _result(key: str | None, given: dict[str, str], **meta: object) -> Result:
    row = PROMPT | ({"key_sha256": key} if key else {})
    found = [{"composition": "summarize+es", "method": "lc++", "id": id, "answer": text} for id, text in given.items()]
    # Another method says something else, which is no disagreement.
    other = {"composition": "summarize+es", "method": "merge", "id": "1", "answer": str(key)}
    return Result(META | meta, [row], [*found, other])


@given(answers, answers, st.sampled_from(["k", "l", None]))
def test_other_keys_are_refused_only_where_the_answers_differ(
    one: dict[str, str], other: dict[str, str], key: str | None
) -> None:
    files = dict(zip(FILES, (_result("k", one), _result(key, other)), strict=True))
    if key != "l" or one == other:
        refuse_disagreement(files)
        return
    with pytest.raises(ToolchainError, match=r"docs/a\.jsonl and docs/b\.jsonl have different answers of lc\+\+"):
        refuse_disagreement(files)


def test_a_disagreement_names_what_may_have_made_it() -> None:
    versions = [{"torch": torch, "numpy": "2", **more} for torch, more in (("2.15", {}), ("2.16", {"peft": "1"}))]
    one, other = _result("k", {"1": "a", "2": "b"}, versions=versions[0]), _result("l", {"1": "a", "2": "c"})
    other.meta.update(versions=versions[1], git_commit="2" * 40)
    with pytest.raises(ToolchainError) as refused:
        refuse_disagreement(dict(zip(FILES, (one, other), strict=True)))
    said = str(refused.value)
    assert "of lc++ to summarize+es (python), to 1 of 2 conversations, 2 among them" in said
    assert "another calibration or prompt may have made, or other code or versions (commit 1111111" in said
    assert "torch 2.15 and 2.16, peft not said and 1): measure one anew" in said
    assert "numpy" not in said


def test_what_another_version_of_torch_answers_alike_stands_beside_a_committed_result(tmp_path: Path) -> None:
    path = paths.RESULTS / "summarize+es.test.python.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    meta, rows = json.loads(lines[0]), [json.loads(line) for line in lines[1:]]
    meta["versions"] |= {"torch": "9.9"}
    again = [row | {"key_sha256": "0" * 64} if "key_sha256" in row else row for row in rows]
    kept = [json.loads(line) for line in path.with_suffix(".answers.jsonl").read_text(encoding="utf-8").splitlines()]
    write_result(tmp_path / "again.jsonl", Result(meta, again, kept))
    read_results([path, tmp_path / "again.jsonl"])
    kept[0]["answer"] += "!"
    write_result(tmp_path / "again.jsonl", Result(meta, again, kept))
    with pytest.raises(ToolchainError, match=r"again\.jsonl have different answers of .* \(torch 2\.15\.0 and 9\.9\)"):
        read_results([path, tmp_path / "again.jsonl"])
