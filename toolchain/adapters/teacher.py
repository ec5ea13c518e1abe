"""Teacher targets: the English reference passed through the auxiliary adapters, as the paper makes its targets (arXiv 2507.16083, section 3).

They say the reference's content in words that the model itself would choose, which a small calibration learns with less memorising than
from a written reference alone.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from toolchain import paths
from toolchain.adapters.files import adapter_hashes
from toolchain.adapters.task_adapter import task_adapter
from toolchain.base_model.load import LoadedBase
from toolchain.data.benchmark import ENGLISH, Conversation, Split, conversations
from toolchain.data.pairs import WRITTEN_TASKS, Pair, composition_pairs, with_references
from toolchain.data.record_file import Record, RecordFile
from toolchain.data.teacher_targets import Target, read_targets, targets_path, write_targets
from toolchain.errors import ToolchainError
from toolchain.generation.passes import KEPT_AT_ONCE, SEQUENCES_A_BATCH, run_passes, text_rules
from toolchain.tasks import Composition, Task

SOURCES = (ENGLISH, "paraphrase")
"""Which references are passed on: the plain one, and the same content in other words."""


def make_teacher_targets(base: LoadedBase, composition: Composition, progress: Callable[[str], None]) -> Path:
    """Write one target for each calibration conversation and source.

    For a composition of more tasks than the benchmark was written for, also its references, for every split that calibrations are
    trained, chosen or reported on: the variant that was written, passed through the tasks that are left.

    Raises:
        ToolchainError: a main task alone has no auxiliary adapter.
    """
    if composition.is_single_task:
        raise ToolchainError(
            f"{composition.name} has no auxiliary task: teacher targets are made by auxiliary adapters"
        )
    targets = [
        target
        for source in SOURCES
        for target in _passed_on(base, composition, Split.CALIBRATION, source, composition.tasks[1:], progress)
    ]
    if left := composition.tasks[WRITTEN_TASKS:]:
        written = composition.ids[WRITTEN_TASKS - 1]
        for split in (Split.CALIBRATION, Split.VALIDATION, Split.TEST):
            targets += _passed_on(base, composition, split, written, left, progress)
    return write_targets(composition, targets)


def teacher_pairs(composition: Composition) -> list[Pair]:
    """The calibration conversations with their teacher targets; empty answers are left out.

    Raises:
        ToolchainError: no targets have been made, or other adapters made them, or not of each of these conversations and of no other.
    """
    written = Composition(composition.tasks[:WRITTEN_TASKS])
    pairs = {pair.id: pair for pair in composition_pairs(written, Split.CALIBRATION)}
    targets = [target for target in read_targets(composition) if target.through == composition.ids[1:]]
    _refuse_another_split(composition, pairs, targets)
    items = {item.id: item for item in conversations(Split.CALIBRATION)}
    return [
        replace(
            pairs[target.id],
            id=f"{target.id}.{target.source}",
            target=target.text,
            intermediate=target.intermediate or items[target.id].reference(composition.ids[0], target.source),
        )
        for target in targets
        if target.text
    ]


def _refuse_another_split(composition: Composition, ids: Iterable[str], targets: Sequence[Target]) -> None:
    """See that there is a target of each conversation of these ids and each source, and none of another: an empty answer is one too."""
    path, remedy = targets_path(composition), f"make it anew with `toolchain data teacher {composition.name}`"
    wanted = {(id, source): None for source in SOURCES for id in ids}
    found = {(target.id, target.source): None for target in targets}
    for id, source in found:
        if (id, source) not in wanted:
            raise ToolchainError(
                f"{path} has a target of {id!r} ({source}), which {paths.BENCHMARK} has not in its calibration split: {remedy}"
            )
    for id, source in wanted:
        if (id, source) not in found:
            raise ToolchainError(f"{path} has no target of calibration conversation {id!r} ({source}): {remedy}")


def _passed_on(
    base: LoadedBase,
    composition: Composition,
    split: Split,
    source: str,
    tasks: Sequence[Task],
    progress: Callable[[str], None],
) -> list[Target]:
    """The targets of one split and source. They are kept in the cache batch by batch, so that a killed run goes on where it was."""
    main, through = composition.ids[0], tuple(task.id for task in tasks)
    items = with_references(main, split)
    adapters = [task_adapter(task) for task in through]
    shared = {
        **base.specification.identity,
        "text_rules_sha256": text_rules(),
        "adapter_sha256": adapter_hashes(through),
    }

    def make(batch: Sequence[Conversation]) -> list[Record]:
        references = [item.reference(main, source) for item in batch]
        templates = [task.prompt for task in tasks]
        read, made = run_passes(base, adapters, templates, references, batch_size=SEQUENCES_A_BATCH)
        return [
            {"id": item.id, "target": text, "intermediate": intermediate if len(tasks) > 1 else None}
            for item, text, intermediate in zip(batch, made, read, strict=True)
        ]

    read_of = [(item.id, item.reference(main, source)) for item in items]
    digest = hashlib.sha256(repr((main, shared, read_of)).encode()).hexdigest()
    name = f"{composition.name}.teacher.{split}.{source}.{digest[:16]}.jsonl"
    file = RecordFile(paths.cache() / "targets" / name, f"toolchain data teacher {composition.name}")
    file.complete(items, shared, make, KEPT_AT_ONCE, progress)
    return [Target(row["id"], source, through, row["target"], row["intermediate"]) for row in file.read()]
