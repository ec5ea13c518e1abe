"""Teacher targets: the English reference passed through the auxiliary adapters, as the paper makes its targets (arXiv 2507.16083, section 3).

They say the reference's content in words that the model itself would choose, which a small calibration learns with less memorising than
from a human translation alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from toolchain import paths
from toolchain.adapters.files import read_adapter
from toolchain.base_model.load import LoadedBase
from toolchain.data.benchmark import ENGLISH, Split, conversations
from toolchain.data.pairs import WRITTEN_TASKS, Pair, composition_pairs
from toolchain.data.targets import Target, read_targets, write_targets
from toolchain.errors import ToolchainError
from toolchain.evaluation.generate import adapter_applied, generate
from toolchain.tasks import Composition, Task
from toolchain.text import encode_prompt

SOURCES = (ENGLISH, "paraphrase")
"""Which references are passed on: the plain one, and the same content in other words."""


def make_teacher_targets(base: LoadedBase, composition: Composition, progress: Callable[[str], None]) -> Path:
    """Write one target for each calibration conversation and source.

    For a composition of more tasks than the benchmark was written for, also its references, for every split that calibrations are
    trained, chosen or reported on: the variant that was written, passed through the tasks that are left.

    Raises:
        ToolchainError: a main task alone has no auxiliary adapter.
    """
    if len(composition.tasks) == 1:
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
        ToolchainError: no targets have been made, or other adapters made them.
    """
    written = Composition(composition.tasks[:WRITTEN_TASKS])
    pairs = {pair.id: pair for pair in composition_pairs(written, Split.CALIBRATION)}
    references = {item.id: item.references[composition.ids[0]] for item in conversations(Split.CALIBRATION)}
    return [
        replace(
            pairs[target.id],
            id=f"{target.id}.{target.source}",
            target=target.text,
            intermediate=target.intermediate or references[target.id][target.source],
        )
        for target in read_targets(composition)
        if target.text and target.through == composition.ids[1:]
    ]


def _passed_on(
    base: LoadedBase,
    composition: Composition,
    split: Split,
    source: str,
    tasks: Sequence[Task],
    progress: Callable[[str], None],
) -> list[Target]:
    spec = base.specification
    items = conversations(split)
    progress(f"{composition.name}: {len(items)} {split} targets from {source} through {'+'.join(t.id for t in tasks)}")
    made: list[str] = [item.references[composition.ids[0]][source] for item in items]
    read: list[str | None] = [None] * len(items)
    for position, task in enumerate(tasks):
        if position:
            read = list(made)
        # What an adapter answered with nothing has nothing to pass on.
        waiting = [index for index, text in enumerate(made) if text]
        prompts = [
            encode_prompt(base.tokenizer, spec.bos_token_id, task.prompt, made[index], spec.max_prompt_tokens).ids
            for index in waiting
        ]
        with adapter_applied(base.model, read_adapter(paths.ADAPTERS / task.id)):
            answers = generate(base, prompts, spec.max_new_tokens, batch_size=16)
        for index, answer in zip(waiting, answers, strict=True):
            made[index] = answer
    through = tuple(task.id for task in tasks)
    return [
        Target(item.id, source, through, text, intermediate)
        for item, text, intermediate in zip(items, made, read, strict=True)
    ]
