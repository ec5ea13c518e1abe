"""Committed targets: what our own adapters made of the benchmark's references (`toolchain data teacher`), and which adapters they were."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain import paths
from toolchain.adapters.files import adapter_hashes, refuse_other_adapters
from toolchain.base_model import specification
from toolchain.base_model.made_for import refuse_of_another_base
from toolchain.data.json_lines import read_rows
from toolchain.errors import ToolchainError
from toolchain.tasks import Composition
from toolchain.whole_file import write_text_whole


@dataclass(frozen=True)
class Target:
    """The `source` variant of a conversation's reference, passed through the adapters of the tasks `through`, one after another.

    `intermediate` is what the last of them read, where others came before it; else it read the reference.
    """

    id: str
    source: str
    through: tuple[str, ...]
    text: str
    intermediate: str | None = None


def targets_path(composition: Composition) -> Path:
    """Where a composition's targets are committed."""
    return paths.CALIBRATIONS / "targets" / f"{composition.name}.jsonl"


def write_targets(composition: Composition, targets: Sequence[Target]) -> Path:
    """Write the targets with the hashes of the adapters that made them, which are those that are committed, and how an imported base was asked."""
    hashes, asked = adapter_hashes(composition.ids[1:]), specification.base_model().asked
    lines = []
    for target in targets:
        row = {"id": target.id, "source": target.source, "target": target.text}
        if target.intermediate is not None:
            row["intermediate"] = target.intermediate
        made_by = {task: hashes[task] for task in target.through}
        lines.append(json.dumps(row | {"adapter_sha256": made_by} | asked, ensure_ascii=False) + "\n")
    path = targets_path(composition)
    write_text_whole(path, "".join(lines))
    return path


def read_targets(composition: Composition) -> list[Target]:
    """The targets of a composition.

    Raises:
        ToolchainError: none have been made, the file is damaged, or other adapters than those committed made them, or on another base.
    """
    path = targets_path(composition)
    remedy = f"with `toolchain data teacher {composition.name}`"
    if not path.is_file():
        raise ToolchainError(f"{path} is missing: make it {remedy}")
    found, makers, base = [], [], specification.base_model()
    for row in read_rows(path, f"make it anew {remedy}"):
        refuse_of_another_base(path, row.fields, base, f"make it anew {remedy}")
        made_by = row.texts("adapter_sha256")
        makers.append(made_by)
        texts = (row.text("id"), row.text("source"), tuple(made_by), row.text("target"))
        found.append(Target(*texts, row.optional_text("intermediate")))
    refuse_other_adapters(path, makers, composition.ids[1:], f"make it anew {remedy}")
    return found
