"""Which (input, target) pairs train and validate a task's adapter or a composition's calibration.

A calibration never sees the `single` split, an adapter never sees `calibration`; nobody trains on `validation` or `test`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from toolchain.data.benchmark import ENGLISH, Conversation, Split, conversations, single_conversations, single_texts
from toolchain.data.cocoa import cocoa_pairs
from toolchain.data.targets import Target, read_targets, targets_path
from toolchain.errors import ToolchainError
from toolchain.tasks import TASKS, Composition, Task, TaskKind
from toolchain.text import Input

WRITTEN_TASKS = 2
"""The benchmark holds references, written for it, of a main task and one auxiliary task."""


@dataclass(frozen=True)
class Pair:
    """One example: what goes into the prompt and what should come out; `intermediate` is the text that the last task turns into the target."""

    id: str
    source: Input
    reply_speaker: str | None
    target: str
    intermediate: str | None = None


def target_files(compositions: Iterable[Composition], *, with_teacher: bool = False) -> list[Path]:
    """The files that are read of these compositions beside the benchmark: references by adapters, and the teacher's targets if these are wanted."""
    return [targets_path(item) for item in compositions if with_teacher or len(item.tasks) > WRITTEN_TASKS]


def composition_pairs(composition: Composition, split: Split) -> list[Pair]:
    """Conversations of `split` with a composition's reference; for an auxiliary task alone its texts, as `single_task_pairs` gives them.

    With more tasks than `WRITTEN_TASKS` that is the benchmark's reference of the first ones, passed through the adapters of the others
    (`toolchain data teacher`); conversations that they answered with nothing are left out.

    Raises:
        ToolchainError: the benchmark has no such references; or those of more tasks have not been made, not for this split, or by other adapters.
    """
    if composition.tasks[0].kind is not TaskKind.MAIN:
        return single_task_pairs(composition.tasks[0], split)
    main, *auxiliary = composition.ids[:WRITTEN_TASKS]
    pairs = [_main_pair(conversation, main, *auxiliary) for conversation in with_references(main, split)]
    if left := composition.ids[WRITTEN_TASKS:]:
        made = {target.id: target for target in read_targets(composition) if target.through == left}
        if missing := [pair.id for pair in pairs if pair.id not in made]:
            raise ToolchainError(
                f"{targets_path(composition)} has no reference of {split} conversation {missing[0]}: "
                f"make it anew with `toolchain data teacher {composition.name}`"
            )
        return [_passed_on(pair, made[pair.id]) for pair in pairs if made[pair.id].text]
    return pairs


def single_task_pairs(task: Task, split: Split, cocoa: Path | None = None) -> list[Pair]:
    """Pairs of one task alone: for `Split.SINGLE` all that may train its adapter, else those of the split's conversations.

    Raises:
        ToolchainError: the benchmark has no such references.
    """
    if task.kind is TaskKind.MAIN:
        extra = single_conversations() if split is Split.SINGLE else []
        return [_main_pair(conversation, task.id) for conversation in [*with_references(task.id, split), *extra]]
    pairs = [
        Pair(f"{conversation.id}.{main}", conversation.reference(main), None, conversation.reference(main, task.id))
        for conversation in conversations(split)
        for main in conversation.references
    ]
    if split is Split.SINGLE:
        pairs += [Pair(text.id, text.variant(ENGLISH), None, text.variant(task.id)) for text in single_texts()]
        if cocoa and task.language_tag:
            lines = cocoa_pairs(cocoa, task.language_tag)
            pairs += [Pair(f"cocoa.{index}", source, None, target) for index, (source, target) in enumerate(lines)]
    return pairs


def with_references(main: str, split: Split) -> list[Conversation]:
    """Those that have references of a main task, as not all of an assembled benchmark do; all, for an error that says so, where none has."""
    every = conversations(split)
    return [conversation for conversation in every if main in conversation.references] or every


def _main_pair(conversation: Conversation, main: str, variant: str = ENGLISH) -> Pair:
    speaker = conversation.reply_speaker if "{reply_speaker}" in TASKS[main].prompt else None
    target = conversation.reference(main, variant)
    intermediate = None if variant == ENGLISH else conversation.references[main].get(ENGLISH)
    return Pair(conversation.id, conversation.messages, speaker, target, intermediate)


def _passed_on(pair: Pair, target: Target) -> Pair:
    return replace(pair, target=target.text, intermediate=target.intermediate or pair.target)
