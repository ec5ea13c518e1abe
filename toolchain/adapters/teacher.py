"""Teacher targets: the English reference passed through the auxiliary adapters, as the paper makes its targets (arXiv 2507.16083, section 3).

They say the reference's content in words that the model itself would choose, which a small calibration learns with less memorising than
from a human translation alone.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from toolchain import paths
from toolchain.adapters.files import adapter_hash, read_adapter
from toolchain.base_model.load import LoadedBase
from toolchain.data.benchmark import ENGLISH, Split, conversations
from toolchain.data.pairs import Pair, composition_pairs
from toolchain.errors import ToolchainError
from toolchain.evaluation.generate import adapter_applied, generate
from toolchain.hashing import write_text_whole
from toolchain.tasks import Composition
from toolchain.text import Input, encode_prompt

SOURCES = (ENGLISH, "paraphrase")
"""Which references are passed on: the plain one, and the same content in other words."""


def targets_path(composition: Composition) -> Path:
    """Where teacher targets are committed."""
    return paths.CALIBRATIONS / "targets" / f"{composition.name}.jsonl"


def make_teacher_targets(base: LoadedBase, composition: Composition, progress: Callable[[str], None]) -> Path:
    """Write one target for each calibration conversation and source, with the hashes of the adapters that made it."""
    spec = base.specification
    items = conversations(Split.CALIBRATION)
    rows = []
    hashes = _adapter_hashes(composition)
    for source in SOURCES:
        progress(f"{composition.name}: {len(items)} targets from {source}")
        texts: Sequence[Input] = [item.references[composition.ids[0]][source] for item in items]
        for task in composition.tasks[1:]:
            prompts = [
                encode_prompt(base.tokenizer, spec.bos_token_id, task.prompt, text, spec.max_prompt_tokens).ids
                for text in texts
            ]
            with adapter_applied(base.model, read_adapter(paths.ADAPTERS / task.id)):
                texts = generate(base, prompts, spec.max_new_tokens, batch_size=16)
        rows += [
            {"id": item.id, "source": source, "target": text, "adapter_sha256": hashes}
            for item, text in zip(items, texts, strict=True)
        ]
    path = targets_path(composition)
    write_text_whole(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


def teacher_pairs(composition: Composition) -> list[Pair]:
    """The calibration conversations with their teacher targets; empty answers are left out.

    Raises:
        ToolchainError: no targets have been made, or other adapters made them.
    """
    pairs = {pair.id: pair for pair in composition_pairs(composition, Split.CALIBRATION)}
    path = targets_path(composition)
    if not path.is_file():
        raise ToolchainError(f"{path} is missing: make it with `toolchain data teacher {composition.name}`")
    references = {item.id: item.references[composition.ids[0]] for item in conversations(Split.CALIBRATION)}
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    hashes = _adapter_hashes(composition)
    if any(row["adapter_sha256"] != hashes for row in rows):
        raise ToolchainError(
            f"{path} was made by other adapters than those in {paths.ADAPTERS}: make it anew with `toolchain data teacher {composition.name}`"
        )
    return [
        replace(
            pairs[row["id"]],
            id=f"{row['id']}.{row['source']}",
            target=row["target"],
            intermediate=references[row["id"]][row["source"]],
        )
        for row in rows
        if row["target"]
    ]


def _adapter_hashes(composition: Composition) -> dict[str, str]:
    return {task.id: adapter_hash(paths.ADAPTERS / task.id) for task in composition.tasks[1:]}
