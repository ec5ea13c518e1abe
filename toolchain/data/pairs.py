"""Which (input, target) pairs train and validate a task's adapter or a composition's calibration.

A calibration never sees the `single` split, an adapter never sees `calibration`; nobody trains on `validation` or `test`. A benchmark's
further conversations are of none of the four, whatever their lines say.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from toolchain import paths
from toolchain.data.benchmark import (
    ENGLISH,
    OURS,
    SINGLE_TEXTS,
    UNSTATED,
    Conversation,
    ParallelText,
    Split,
    conversations,
    further_conversations,
    parallel_texts,
    single_conversations,
    single_texts,
    stated_licences_of,
)
from toolchain.data.cocoa import cocoa_files, cocoa_pairs
from toolchain.data.dialogues import percent_of
from toolchain.data.held_out import refuse_held_out_references
from toolchain.data.teacher_targets import Target, read_targets, targets_path
from toolchain.errors import ToolchainError
from toolchain.tasks import TASKS, Composition, Task, TaskKind
from toolchain.text import Input

WRITTEN_TASKS = 2
"""The benchmark holds references, written for it, of a main task and one auxiliary task."""
_HELD_OUT = 10
"""Percent of the texts of an auxiliary task that choose its adapter's step where the validation split has no reference of the task."""


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


def further_pairs(composition: Composition) -> list[Pair]:
    """The benchmark's further conversations with a composition's reference.

    Raises:
        ToolchainError: there are none, or they have no such reference; the composition has more tasks than `WRITTEN_TASKS`.
    """
    if len(composition.tasks) > WRITTEN_TASKS:
        raise ToolchainError(
            f"{composition.name}: further conversations have references of {WRITTEN_TASKS} tasks, not of more: leave out --further"
        )
    return [_main_pair(conversation, *composition.ids) for conversation in further_conversations()]


def validation_pairs(composition: Composition, chosen: str, or_else: str = "") -> list[Pair]:
    """The validation split's `composition_pairs`, by which `chosen` is chosen.

    Raises:
        ToolchainError: as there; or the split is empty, to which `or_else` adds what else can be done.
    """
    return to_choose_by(composition_pairs(composition, Split.VALIDATION), chosen, or_else)


def to_choose_by(pairs: list[Pair], chosen: str, or_else: str = "") -> list[Pair]:
    """The pairs of the validation split, by which `chosen` is chosen; where there are none, ToolchainError, to which `or_else` is added."""
    if not pairs:
        raise ToolchainError(f"{paths.BENCHMARK} has no validation split to choose {chosen} by: give it one{or_else}")
    return pairs


@dataclass(frozen=True)
class FurtherTexts:
    """What trains the adapter of an auxiliary task beside the benchmark, or `alone`: CoCoA-MT's train folder, a file like `single_texts.jsonl`."""

    cocoa: Path | None = None
    parallel: Path | None = None
    alone: bool = False

    def files(self, task: Task) -> list[Path]:
        """All that is read of them for a task."""
        of_cocoa = cocoa_files(self.cocoa, task.language_tag) if self.cocoa and task.language_tag else []
        return [*of_cocoa, *([self.parallel] if self.parallel else [])]

    def licences(self, task: Task) -> list[str]:
        """What the lines of the file say that have a text for the task; CoCoA-MT's licence is known.

        In the benchmark's folder a line that says none is ours, as in its other files (`benchmark.licences`), and ours is not listed.

        Raises:
            ToolchainError: the file is missing or damaged, or no line has a text for the task.
        """
        of_the_benchmark = self.parallel is not None and self.parallel.resolve().parent == paths.BENCHMARK.resolve()
        said = [text.licence for text in self._texts(task)]
        if of_the_benchmark:
            return [licence for licence in stated_licences_of(said, OURS) if licence != OURS]
        return stated_licences_of(said, UNSTATED)

    def pairs(self, task: Task) -> list[Pair]:
        """All pairs of English and the task's variant.

        Raises:
            ToolchainError: a file is missing or damaged, or `parallel` has no text for the task, or one that the benchmark holds out.
        """
        pairs = [_text_pair(text, task) for text in self._texts(task)]
        if self.parallel:
            refuse_held_out_references(
                self.parallel, ((item.id, (str(item.source), item.target)) for item in pairs), (ENGLISH, task.id)
            )
        if self.cocoa and task.language_tag:
            lines = cocoa_pairs(self.cocoa, task.language_tag)
            pairs += [Pair(f"cocoa.{index}", source, None, target) for index, (source, target) in enumerate(lines)]
        return pairs

    def _texts(self, task: Task) -> list[ParallelText]:
        if not self.parallel:
            return []
        if not (texts := _with_variant(parallel_texts(self.parallel), task)):
            raise ToolchainError(
                f"{self.parallel} has no line with both `{ENGLISH}` and `{task.id}`: give lines that have the two, or do without that file"
            )
        return texts


NOTHING_FURTHER = FurtherTexts()


def single_task_pairs(task: Task, split: Split, further: FurtherTexts = NOTHING_FURTHER) -> list[Pair]:
    """Pairs of one task alone: for `Split.SINGLE` all that may train its adapter, else those of the split's conversations.

    Of an auxiliary task that the validation split has no reference of, as of a new language, or that is trained on further texts alone, every
    tenth text is validation's instead, by its id alone.

    Raises:
        ToolchainError: there is no such pair, or one text alone where one is to be validation's; or `further` cannot be read.
    """
    if task.kind is TaskKind.MAIN:
        extra = single_conversations() if split is Split.SINGLE else []
        return [_main_pair(conversation, task.id) for conversation in [*with_references(task.id, split), *extra]]
    pairs = [] if further.alone else _reference_pairs(task, split)
    if split is Split.SINGLE or (split is Split.VALIDATION and not pairs):
        texts, files = further.pairs(task), further.files(task)
        if not further.alone:
            texts = [*(_text_pair(text, task) for text in _with_variant(single_texts(), task)), *texts]
            files = [paths.BENCHMARK / SINGLE_TEXTS, *files]
        if texts and (further.alone or not _reference_pairs(task, Split.VALIDATION)):
            texts = _share(texts, split, task, files)
        pairs += texts
    if not pairs:
        raise ToolchainError(
            f"neither {paths.BENCHMARK} nor what was given with it has a text for {task.id} that the {split} split may see: "
            f"give `toolchain train lora {task.id}` JSON lines with `en` and `{task.id}` (--texts), or the benchmark references in both"
        )
    return pairs


def _share(texts: list[Pair], split: Split, task: Task, files: list[Path]) -> list[Pair]:
    """What trains or validates of the texts of `files`, where these are all that can validate; ToolchainError where there is one alone."""
    if len(texts) == 1:
        raise ToolchainError(
            f"there is one text alone for {task.id}, {texts[0].id!r}, in {' and '.join(map(str, files))}: "
            "give two at least, since one is validation's"
        )
    held_out = _held_out(texts)
    return [pair for pair in texts if (pair.id in held_out) is (split is Split.VALIDATION)]


def _held_out(texts: Sequence[Pair]) -> set[str]:
    """The ids of a share of two texts or more; where that is none or all of them, of one."""
    share = {pair.id for pair in texts if percent_of(pair.id) < _HELD_OUT}
    return share if 0 < len(share) < len(texts) else {min(texts, key=lambda pair: percent_of(pair.id)).id}


def _reference_pairs(task: Task, split: Split) -> list[Pair]:
    """The references of an auxiliary task, from English; conversations that have none are left out."""
    return [
        Pair(f"{conversation.id}.{main}", texts[ENGLISH], None, texts[task.id])
        for conversation in conversations(split)
        for main, texts in conversation.references.items()
        if {ENGLISH, task.id} <= texts.keys()
    ]


def _with_variant(texts: Iterable[ParallelText], task: Task) -> list[ParallelText]:
    return [text for text in texts if {ENGLISH, task.id} <= text.variants.keys()]


def _text_pair(text: ParallelText, task: Task) -> Pair:
    return Pair(text.id, text.variants[ENGLISH], None, text.variants[task.id])


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
