"""The PyTorch engine holds what one question is answered with, not what a whole grid is."""

from dataclasses import replace
from pathlib import Path

import pytest

from toolchain import paths
from toolchain.adapters.files import Adapter, write_adapter
from toolchain.adapters.methods.method import Method
from toolchain.adapters.methods.registry import METHODS
from toolchain.base_model.load import LoadedBase
from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs
from toolchain.errors import ToolchainError
from toolchain.evaluation.engines.engine import Question
from toolchain.evaluation.engines.python_engine import PythonEngine
from toolchain.tasks import Composition
from toolchain.tests.tiny import random_adapter

COMPOSITION = Composition.parse("summarize+es")


def _question(method: Method) -> Question:
    return Question(method, COMPOSITION, COMPOSITION.prompt)


def test_it_makes_adapters_anew_when_another_question_has_been_asked_since(base: LoadedBase, assets: Path) -> None:
    made: list[str] = []

    def counted(name: str) -> Method:
        def make(composition: Composition) -> list[Adapter | None]:
            made.append(name)
            return list(METHODS[name].make(composition))

        return replace(METHODS[name], make=make)

    engine, pairs = PythonEngine(base), composition_pairs(COMPOSITION, Split.TEST)[:1]
    main, merge = (_question(counted(name)) for name in ("main", "merge"))
    keys = [engine.key(question) for question in (main, merge)]
    first = [*engine.answers(main, pairs)]
    assert made == ["main", "merge", "main"]
    assert [*engine.answers(main, pairs)] == first
    assert [engine.key(question) for question in (main, merge)] == keys
    assert made == ["main", "merge", "main"], "one question's adapters, and every key, are kept"


def test_what_was_replaced_since_its_key_was_told_answers_nothing(base: LoadedBase, assets: Path) -> None:
    engine, pairs = PythonEngine(base), composition_pairs(COMPOSITION, Split.TEST)[:1]
    main, merge = (_question(METHODS[name]) for name in ("main", "merge"))
    for question in (main, merge):
        engine.key(question)
    write_adapter(paths.ADAPTERS / "summarize", random_adapter(seed=99), "tiny")
    with pytest.raises(ToolchainError, match=r"what main makes of summarize\+es changed while it was evaluated"):
        next(engine.answers(main, pairs))
