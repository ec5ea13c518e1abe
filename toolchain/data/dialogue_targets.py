"""Compositional targets for outside dialogues: the English reference goes through models of the auxiliary tasks (arXiv 2507.16083, section 3)."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from toolchain.data.benchmark import MAIN_FIELDS
from toolchain.data.dialogues import Dialogue
from toolchain.data.estimate import Estimate
from toolchain.data.held_out import refuse_held_out
from toolchain.data.record_file import Record, RecordFile
from toolchain.data.target_records import target_record
from toolchain.data.unlabelled import answerable
from toolchain.errors import ToolchainError
from toolchain.tasks import Composition, Task
from toolchain.text import normalise, trim

_CONTROL = re.compile("[\0-\x08\x0e-\x1f\x7f-\x9f]")
"""None of them is white space, as a tab is."""
PATIENCE = 10
"""So many dialogues without an answer, one after another, are no accident."""


class Unanswered(ToolchainError):
    """A model was asked and gave no text that can be kept."""


class AuxiliaryModel(Protocol):
    """What does an auxiliary task: a server's chat model, or one of this machine."""

    @property
    def name(self) -> str:
        """As the records name it."""
        ...

    @property
    def sha256(self) -> str | None:
        """Of the model itself, which another of its name differs in; None where only its server could say."""
        ...

    @property
    def batch_size(self) -> int:
        """How many texts it is given at a time at most."""
        ...

    def rewritten(self, task: Task, texts: Sequence[str]) -> list[str]:
        """Each text, translated or rewritten as the task says; trimmed.

        Raises:
            Unanswered: the model made no whole text of one of them.
        """
        ...

    def expected(self, task: Task, texts: Sequence[str]) -> Estimate:
        """What a server will be asked for them."""
        ...

    def template(self, task: Task) -> str:
        """What the model is given, with `{input}` for the text."""
        ...


def one_line(answer: str, asked: str) -> str:
    """A model's answer, trimmed: what an adapter may learn to write, whose own answers end with their first line (text/1).

    Raises:
        Unanswered: it is empty, has several lines, of which some say more than was asked for, or holds a control character; `asked` says who
            was asked for what.
    """
    text = trim(answer)
    if not text:
        found = "it answered with nothing"
    elif normalise(text) != text:
        found = "its answer has several lines"
    elif _CONTROL.search(text):
        found = "its answer holds a control character"
    else:
        return text
    raise Unanswered(f"{asked}: {found}; ask again, give another model, or take it out")


def make_targets(
    dialogues: Sequence[Dialogue],
    composition: Composition,
    models: Mapping[str, AuxiliaryModel],
    out: Path,
    origin: dict[str, str],
    progress: Callable[[str], None],
) -> int:
    """Add a record to `out` for each dialogue that has a reference and no record yet; returns how many were made.

    What servers will be asked is said before anything is sent; the texts that later tasks read are taken to be as long as the references.
    A dialogue that a model gives no answer to is left out, which is said, and asked about again by the next run.

    `models` maps auxiliary tasks to what does them. A record carries `origin` (source with its hash, licence), the teacher with its hash and
    what it was given, its split, and the text that the last model read, so that nothing is used where it may not be. Dialogues that the main
    task cannot be asked about are left out.

    Raises:
        ToolchainError: there is no auxiliary task, one has no model, or `out` holds records of another origin, teacher, prompt or composition;
            a dialogue is one that the benchmark holds out; none can be asked about, or none was answered and `out` holds no record; or a
            model gave `PATIENCE` dialogues in a row no answer: what was made before is kept.
    """
    main, auxiliary = composition.ids[0], composition.tasks[1:]
    if not auxiliary:
        raise ToolchainError(f"{composition.name} has no auxiliary task: its references are its targets")
    if missing := [task.id for task in auxiliary if task.id not in models]:
        raise ToolchainError(f"no model does {missing[0]}: give --local {missing[0]}=FOLDER, or --endpoint and --model")
    shared: Record = {
        "composition": composition.name,
        **origin,
        "teacher": _teacher({task.id: models[task.id].name for task in auxiliary}),
        "teacher_sha256": {task.id: models[task.id].sha256 for task in auxiliary},
        "prompt_sha256": {task.id: _sha256(models[task.id].template(task)) for task in auxiliary},
    }

    refuse_held_out((item.id, item.messages) for item in dialogues)
    referenced = [item for item in dialogues if _reference(item, main)]
    field = MAIN_FIELDS[main]
    if not referenced:
        raise ToolchainError(f"none of the {len(dialogues)} dialogues has a {field}: give dialogues that have one")
    if left_out := len(dialogues) - len(referenced):
        progress(f"{left_out} of {len(dialogues)} dialogues have no {field} and are left out")
    none = f"none of the {len(referenced)} dialogues with a {field}"
    asked = answerable(referenced, composition.tasks[0], none, progress)
    # What one model answers is lost if another, later on, gives no answer: no more at once than the most careful one wants.
    batch_size = min(models[task.id].batch_size for task in auxiliary)
    asking = _Asking(composition, models, progress)
    file = RecordFile(out, "toolchain data targets")

    def tell_expected(left: Sequence[Dialogue]) -> None:
        references = [_reference(item, main) for item in left]
        expected = sum((models[task.id].expected(task, references) for task in auxiliary), Estimate())
        if expected.calls:
            progress(f"{shared['teacher']} for {len(left)} dialogues: {expected}")

    made = file.complete(asked, shared, asking.records, batch_size, progress, tell_expected)
    if not (made or file.read()):
        raise ToolchainError(
            f"none of the {len(asked)} dialogues has an answer that can be kept, for the reasons above, so that {out} holds no target: "
            "ask again, give another model, or other dialogues"
        )
    if asking.unanswered:
        progress(
            f"{asking.unanswered} of {len(asked)} dialogues have no target: the same command asks about them again"
        )
    return made


@dataclass
class _Asking:
    """What the models are asked, and how often they gave no answer."""

    composition: Composition
    models: Mapping[str, AuxiliaryModel]
    progress: Callable[[str], None]
    unanswered: int = 0
    in_a_row: int = 0

    def records(self, batch: Sequence[Dialogue]) -> Iterator[Record]:
        """Those of the dialogues that were answered; where one of several was not, each is asked about alone.

        One after another, so that those before the last of `PATIENCE` are kept.
        """
        try:
            records = self._answered(batch)
        except Unanswered as error:
            if len(batch) > 1:
                for item in batch:
                    yield from self.records([item])
                return
            self.unanswered += 1
            self.in_a_row += 1
            if self.in_a_row == PATIENCE:
                raise Unanswered(f"{PATIENCE} dialogues in a row, the last one {batch[0].id}: {error}") from None
            self.progress(f"dialogue {batch[0].id} is left out: {error}")
            return
        except ToolchainError as error:
            if len(batch) > 1:
                raise
            # It may be this dialogue alone that a server always fails at.
            raise ToolchainError(f"dialogue {batch[0].id}: {error}") from None
        self.in_a_row = 0
        yield from records

    def _answered(self, batch: Sequence[Dialogue]) -> list[Record]:
        read: list[str] = []
        texts = [_reference(item, self.composition.ids[0]) for item in batch]
        for task in self.composition.tasks[1:]:
            read, texts = texts, self.models[task.id].rewritten(task, texts)
        return [
            target_record(item.id, item.split, item.messages, item.reply_speaker, text, intermediate)
            for item, text, intermediate in zip(batch, texts, read, strict=True)
        ]


def _teacher(names: Mapping[str, str]) -> str:
    """The name of the model that does all tasks, else each task's."""
    if len(set(names.values())) == 1:
        return next(iter(names.values()))
    return ", ".join(f"{task}: {name}" for task, name in names.items())


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _reference(item: Dialogue, main: str) -> str:
    """Empty where the dialogue has none."""
    references = {"summarize": item.summary, "reply": item.reply}
    return normalise(references.get(main) or "")
