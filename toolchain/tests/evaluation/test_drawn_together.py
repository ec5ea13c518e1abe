"""Which examples an interval draws together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.evaluation.drawn_together import conversations_of
from toolchain.tasks import AUXILIARY_TASKS, MAIN_TASKS, Composition, every_composition

names = st.lists(st.text("ab.1", min_size=1), unique=True)


@given(names, st.sampled_from(sorted(AUXILIARY_TASKS)))
def test_the_texts_of_a_conversation_are_of_it_whatever_it_is_called(ids: list[str], task: str) -> None:
    texts = [f"{id}.{main}" for id in ids for main in MAIN_TASKS]
    assert conversations_of(Composition.of(task), texts) == [id for id in ids for _ in MAIN_TASKS]


@given(names, st.sampled_from(sorted(AUXILIARY_TASKS)))
def test_a_text_that_is_of_no_conversation_is_alone(ids: list[str], task: str) -> None:
    assert conversations_of(Composition.of(task), ids) == ids


@pytest.mark.parametrize("name", [*MAIN_TASKS, *(composition.name for composition in every_composition())])
def test_a_conversation_is_alone_whatever_it_is_called(name: str) -> None:
    ids = [f"1.{main}" for main in MAIN_TASKS]
    assert conversations_of(Composition.of(name), ids) == ids
