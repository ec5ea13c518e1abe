"""Result files that answer the same: they stand beside each other if their answers are the same.

The key of answers is of all that they depend on, the bytes of the code and the versions of what computes too: where keys differ, the answers
say whether that made another measurement.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toolchain.errors import ToolchainError
from toolchain.evaluation.result_file import Result
from toolchain.provenance import short_commit


def refuse_disagreement(files: Mapping[Path, Result]) -> None:
    """See that no method has different answers to a composition, of different keys, in two files, which are of the same base, adapters and data.

    Raises:
        ToolchainError: two files disagree.
    """
    seen: dict[tuple[str, str, str], tuple[Path, str]] = {}
    for path, result in files.items():
        for row in result.rows:
            # summarize+es.test.device.jsonl has none: its key is of a bundle and a program that are not kept.
            if key := row.get("key_sha256"):
                engine, composition, method = cell = row["engine"], row["composition"], row["method"]
                first, known = seen.setdefault(cell, (path, key))
                if key == known:
                    continue
                answers, others = _answers(files[first], composition, method), _answers(result, composition, method)
                asked = answers.keys() | others.keys()
                if differing := sorted(id for id in asked if answers.get(id) != others.get(id)):
                    raise ToolchainError(
                        f"{first} and {path} have different answers of {method} to {composition} ({engine}), to {len(differing)} of "
                        f"{len(asked)} conversations, {differing[0]} among them, which another calibration or prompt may have made, or other "
                        f"code or versions ({_differences(files[first].meta, result.meta)}): measure one anew"
                    )


def _answers(result: Result, composition: str, method: str) -> dict[str, str]:
    of_it = (item for item in result.answers if (item["composition"], item["method"]) == (composition, method))
    return {item["id"]: item["answer"] for item in of_it}


def _differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """What the headers of both files say of code and versions, as far as that differs."""
    said, others = (_made_by(meta) for meta in (one, other))
    names = dict.fromkeys([*said, *others])
    differing = [name for name in names if said.get(name) != others.get(name)]
    told = (f"{name} {said.get(name, 'not said')} and {others.get(name, 'not said')}" for name in differing)
    return ", ".join(told) or f"both say commit {said['commit']} and the same versions"


def _made_by(meta: Mapping[str, Any]) -> dict[str, str]:
    return {"commit": short_commit(meta["git_commit"]), **meta.get("versions", {})}
