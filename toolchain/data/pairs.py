"""Which (input, target) pairs train and validate a task's adapter or a composition's calibration.

A calibration never sees the `single` split, an adapter never sees `calibration`; nobody trains on `validation` or `test`.
"""

from dataclasses import dataclass
from pathlib import Path

from toolchain.data.benchmark import ENGLISH, Conversation, Split, conversations, single_conversations, single_texts
from toolchain.data.cocoa import cocoa_pairs
from toolchain.errors import ToolchainError
from toolchain.tasks import TASKS, Composition, Task, TaskKind
from toolchain.text import Input


@dataclass(frozen=True)
class Pair:
    """One example: what goes into the prompt and what should come out; `intermediate` is the text that the last task turns into the target."""

    id: str
    source: Input
    reply_speaker: str | None
    target: str
    intermediate: str | None = None


def composition_pairs(composition: Composition, split: Split) -> list[Pair]:
    """Conversations of `split` with the reference that has a composition's last task applied (two tasks, or a main task alone).

    Raises:
        ToolchainError: more than two tasks: the benchmark holds no such references.
    """
    if len(composition.ids) > 2:
        raise ToolchainError(f"{composition.name}: the benchmark has references for at most two tasks at once")
    main, variant = composition.ids[0], composition.ids[-1] if len(composition.ids) > 1 else ENGLISH
    return [_main_pair(conversation, main, variant) for conversation in conversations(split)]


def single_task_pairs(task: Task, split: Split, cocoa: Path | None = None) -> list[Pair]:
    """Pairs of one task alone: for `Split.SINGLE` all that may train its adapter, else those of the split's conversations."""
    if task.kind is TaskKind.MAIN:
        extra = single_conversations() if split is Split.SINGLE else []
        return [_main_pair(conversation, task.id, ENGLISH) for conversation in [*conversations(split), *extra]]
    pairs = [
        Pair(f"{conversation.id}.{main}", variants[ENGLISH], None, variants[task.id])
        for conversation in conversations(split)
        for main, variants in conversation.references.items()
    ]
    if split is Split.SINGLE:
        pairs += [Pair(text.id, text.variants[ENGLISH], None, text.variants[task.id]) for text in single_texts()]
        if cocoa and task.language_tag:
            lines = cocoa_pairs(cocoa, task.language_tag)
            pairs += [Pair(f"cocoa.{index}", source, None, target) for index, (source, target) in enumerate(lines)]
    return pairs


def _main_pair(conversation: Conversation, main: str, variant: str) -> Pair:
    speaker = conversation.reply_speaker if "{reply_speaker}" in TASKS[main].prompt else None
    references = conversation.references[main]
    intermediate = None if variant == ENGLISH else references[ENGLISH]
    return Pair(conversation.id, conversation.messages, speaker, references[variant], intermediate)
