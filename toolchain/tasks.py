"""The task algebra: tasks, compositions and their prompt templates. The single source; a bundle's manifest carries it to the device."""

import re
from dataclasses import dataclass
from enum import StrEnum

from toolchain.errors import ToolchainError

_ID = re.compile("[a-z][a-z0-9-]*")
_LANGUAGE = re.compile("[a-z]{2}")


class TaskKind(StrEnum):
    """What a task does to a text."""

    MAIN = "main"
    TRANSLATION = "translation"
    TONE = "tone"


@dataclass(frozen=True)
class Task:
    """A single task: `phrase` says it inside a compositional prompt ("in Spanish", "in a witty tone").

    `language_tag` is a language's ISO 639-1 code: what the language check of an answer (evaluation/metrics.py) gives back.
    """

    id: str
    kind: TaskKind
    prompt: str
    phrase: str = ""
    language_tag: str | None = None

    def __post_init__(self) -> None:
        """Refuse what would be found out only after hours of training."""
        if not _ID.fullmatch(self.id):
            raise ToolchainError(f"task {self.id!r}: an id is small letters, digits and dashes, a letter first")
        if self.language_tag is not None and not _LANGUAGE.fullmatch(self.language_tag):
            raise ToolchainError(
                f"task {self.id!r}: {self.language_tag!r} is no language, want two small letters (ISO 639-1), such as pt"
            )

    @classmethod
    def parse(cls, id: str) -> "Task":
        """The task of that id.

        Raises:
            ToolchainError: there is none.
        """
        if id not in TASKS:
            raise ToolchainError(f"unknown task {id!r}: choose from {', '.join(TASKS)}")
        return TASKS[id]


def _translation(code: str, language: str) -> Task:
    prompt = f"Translate the following text to {language}:\n\n{{input}}\n\nTranslation:"
    return Task(code, TaskKind.TRANSLATION, prompt, phrase=f"in {language}", language_tag=code)


def _tone(tone: str) -> Task:
    prompt = f"Rewrite the following text in a {tone} tone:\n\n{{input}}\n\nRewrite:"
    return Task(tone, TaskKind.TONE, prompt, phrase=f"in a {tone} tone")


_MAIN_TEMPLATES = {
    "summarize": "Summarize the following text{phrase}:\n\n{{input}}\n\nSummary{phrase}:",
    "reply": "Suggest a reply by {{reply_speaker}} to the following text{phrase}:\n\n{{input}}\n\nReply{phrase}:",
}

TASKS = {
    task.id: task
    for task in (
        *(Task(main, TaskKind.MAIN, template.format(phrase="")) for main, template in _MAIN_TEMPLATES.items()),
        _translation("es", "Spanish"),
        _translation("fr", "French"),
        _translation("de", "German"),
        _tone("professional"),
        _tone("casual"),
        _tone("witty"),
        Task(
            "paraphrase",
            TaskKind.TONE,
            "Paraphrase the following text:\n\n{input}\n\nRewrite:",
            phrase="as a paraphrase",
        ),
    )
}
TONES = tuple(task.id for task in TASKS.values() if task.kind is TaskKind.TONE)
MAIN_TASKS = tuple(task.id for task in TASKS.values() if task.kind is TaskKind.MAIN)
AUXILIARY_TASKS = tuple(task.id for task in TASKS.values() if task.kind is not TaskKind.MAIN)


@dataclass(frozen=True)
class Composition:
    """An ordered list of tasks, T_N(…T_2(T_1(x))): a main task first, then auxiliary ones. Written `summarize+es`."""

    tasks: tuple[Task, ...]

    @classmethod
    def parse(cls, name: str) -> "Composition":
        """Read `summarize+witty+fr`.

        Raises:
            ToolchainError: an unknown task, or an order that is not main task first.
        """
        ids = name.split("+")
        if unknown := [task for task in ids if task not in TASKS]:
            raise ToolchainError(f"unknown task {unknown[0]!r} in composition {name!r}: choose from {', '.join(TASKS)}")
        tasks = tuple(TASKS[task] for task in ids)
        if tasks[0].kind is not TaskKind.MAIN or any(task.kind is TaskKind.MAIN for task in tasks[1:]):
            raise ToolchainError(f"composition {name!r}: want a main task ({', '.join(MAIN_TASKS)}) first, then others")
        if len(set(ids)) != len(ids):
            raise ToolchainError(f"composition {name!r} names {max(ids, key=ids.count)} twice: name each task once")
        return cls(tasks)

    @classmethod
    def of(cls, name: str) -> "Composition":
        """What can be evaluated: a composition, or any task alone (`es`), which is then asked as its adapter was trained.

        Raises:
            ToolchainError: as `parse` does.
        """
        return cls((TASKS[name],)) if name in TASKS else cls.parse(name)

    @property
    def is_single_task(self) -> bool:
        """Whether it is one task alone."""
        return len(self.tasks) == 1

    @property
    def name(self) -> str:
        """The ids joined with `+`: the composition's name in files, results and the command line."""
        return "+".join(task.id for task in self.tasks)

    @property
    def stored_as(self) -> str:
        """Under which name, without ending, what was trained for it is kept."""
        return self.name

    @property
    def ids(self) -> tuple[str, ...]:
        """The task ids in order."""
        return tuple(task.id for task in self.tasks)

    @property
    def prompt(self) -> str:
        """The template that asks for all tasks at once."""
        if self.is_single_task:
            return self.tasks[0].prompt
        phrase = "".join(f" {task.phrase}" for task in self.tasks[1:])
        return _MAIN_TEMPLATES[self.tasks[0].id].format(phrase=phrase)


def compositions_of(main: str) -> list[Composition]:
    """A main task with each of the auxiliary tasks."""
    return [Composition.parse(f"{main}+{auxiliary}") for auxiliary in AUXILIARY_TASKS]


def every_composition() -> list[Composition]:
    """All pairs of a main and an auxiliary task."""
    return [composition for main in MAIN_TASKS for composition in compositions_of(main)]
