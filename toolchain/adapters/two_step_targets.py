"""Targets without references: what the single-task adapters, one after another, answer to unlabelled conversations.

A calibration trained on them distils the two-step pipeline into one pass. It needs nothing beyond the single-task adapters, so that a new
language or tone needs no compositional data.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from toolchain import paths
from toolchain.adapters.files import adapter_hashes
from toolchain.adapters.methods.method import single_adapters
from toolchain.base_model.load import LoadedBase
from toolchain.data.record_file import Record, RecordFile
from toolchain.data.target_records import target_record
from toolchain.data.unlabelled import Unlabelled, answerable
from toolchain.errors import ToolchainError
from toolchain.generation.passes import KEPT_AT_ONCE, SEQUENCES_A_BATCH, run_passes, text_rules
from toolchain.tasks import Composition

TEACHER = "two-step"


def two_step_path(composition: Composition, source: str) -> Path:
    """Where the targets are kept: in the cache, for they hold their conversations, whose licence may forbid to commit them."""
    return paths.cache() / "targets" / f"{source}.{composition.name}.{TEACHER}.jsonl"


def make_two_step_targets(
    base: LoadedBase,
    composition: Composition,
    conversations: Sequence[Unlabelled],
    out: Path,
    origin: dict[str, str],
    progress: Callable[[str], None],
) -> int:
    """Add a record to `out` for each conversation that has none yet; returns how many were made.

    Those that the main task cannot be asked about are left out, which is said.

    Each keeps the answer that the last adapter read as `intermediate`, `origin` (source, licence), and which adapters and base made it.

    Raises:
        ToolchainError: the composition is a single task, no conversation can be asked about, or `out` holds records of other adapters or
            another origin.
    """
    if composition.is_single_task:
        raise ToolchainError(f"{composition.name} is a single task: two-step targets are of a composition")
    adapters, templates = single_adapters(composition), [task.prompt for task in composition.tasks]
    shared: Record = {
        "composition": composition.name,
        **origin,
        "teacher": TEACHER,
        **base.specification.identity,
        "text_rules_sha256": text_rules(),
        "adapter_sha256": adapter_hashes(composition.ids),
    }

    def make(batch: Sequence[Unlabelled]) -> list[Record]:
        messages, speakers = [item.messages for item in batch], [item.reply_speaker for item in batch]
        read, answers = run_passes(base, adapters, templates, messages, speakers, SEQUENCES_A_BATCH)
        return [
            target_record(item.id, item.split, item.messages, item.reply_speaker, answer, str(intermediate))
            for item, answer, intermediate in zip(batch, answers, read, strict=True)
        ]

    none = f"{origin['source']}: none of its {len(conversations)} conversations to train or validate on"
    asked = answerable(conversations, composition.tasks[0], none, progress)
    file = RecordFile(out, f"toolchain data two-step {composition.name}")
    return file.complete(asked, shared, make, KEPT_AT_ONCE, progress)
