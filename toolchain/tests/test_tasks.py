"""The task algebra and its contract prompts."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.errors import ToolchainError
from toolchain.evaluation.metrics import detector_for
from toolchain.tasks import AUXILIARY_TASKS, MAIN_TASKS, TASKS, Composition, Task, TaskKind

LANGUAGES = {"es": "Spanish", "fr": "French", "de": "German"}
TONES = ("professional", "casual", "witty")

valid_ids = st.tuples(
    st.sampled_from(MAIN_TASKS), st.lists(st.sampled_from(AUXILIARY_TASKS), unique=True, max_size=3)
).map(lambda parts: [parts[0], *parts[1]])


def test_single_task_prompts_are_the_contracts() -> None:
    assert TASKS["summarize"].prompt == "Summarize the following text:\n\n{input}\n\nSummary:"
    assert TASKS["reply"].prompt == "Suggest a reply by {reply_speaker} to the following text:\n\n{input}\n\nReply:"
    for tag, language in LANGUAGES.items():
        assert TASKS[tag].prompt == f"Translate the following text to {language}:\n\n{{input}}\n\nTranslation:"
        assert TASKS[tag].language_tag == tag
    for tone in TONES:
        assert TASKS[tone].prompt == f"Rewrite the following text in a {tone} tone:\n\n{{input}}\n\nRewrite:"
    assert TASKS["paraphrase"].prompt == "Paraphrase the following text:\n\n{input}\n\nRewrite:"
    assert set(TASKS) >= {"summarize", "reply", *LANGUAGES, *TONES, "paraphrase"}


def test_compositional_prompts_are_the_contracts() -> None:
    phrases = {tag: f"in {name}" for tag, name in LANGUAGES.items()} | {tone: f"in a {tone} tone" for tone in TONES}
    for task, phrase in phrases.items():
        assert (
            Composition.parse(f"summarize+{task}").prompt
            == f"Summarize the following text {phrase}:\n\n{{input}}\n\nSummary {phrase}:"
        )
        assert (
            Composition.parse(f"reply+{task}").prompt
            == f"Suggest a reply by {{reply_speaker}} to the following text {phrase}:\n\n{{input}}\n\nReply {phrase}:"
        )


def test_only_translations_have_a_language() -> None:
    for task in TASKS.values():
        assert (task.language_tag is not None) == (task.kind is TaskKind.TRANSLATION)


@pytest.mark.parametrize("tag", ["pt-BR", "PT", "por", ""])
def test_a_language_is_its_iso_639_1_code(tag: str) -> None:
    with pytest.raises(ToolchainError, match="ISO 639-1"):
        Task("portuguese", TaskKind.TRANSLATION, "{input}", language_tag=tag)


@pytest.mark.parametrize("id", ["pt-BR", "1st", "a+b", "../a", ""])
def test_an_id_is_small_letters_digits_and_dashes(id: str) -> None:
    with pytest.raises(ToolchainError, match="small letters") as refused:
        Task(id, TaskKind.TONE, "{input}")
    assert repr(id) in str(refused.value)


def test_the_language_check_knows_every_language() -> None:
    for task in TASKS.values():
        if task.language_tag:
            detector_for(task.language_tag)


def test_every_sub_task_has_a_prompt_of_its_own() -> None:
    names = [f"{main}+{auxiliary}" for main, auxiliary in itertools.product(MAIN_TASKS, AUXILIARY_TASKS)]
    assert len({Composition.parse(name).prompt for name in names}) == len(names) >= 14


@given(valid_ids)
def test_a_name_is_parsed_to_what_it_names(ids: list[str]) -> None:
    composition = Composition.parse("+".join(ids))
    assert composition.name == "+".join(ids)
    assert list(composition.ids) == ids
    assert composition.prompt.count("{input}") == 1
    assert composition.prompt.count("{reply_speaker}") == (ids[0] == "reply")
    assert composition.prompt.endswith(":")


def test_a_main_task_alone_has_its_own_prompt() -> None:
    for main in MAIN_TASKS:
        assert Composition.parse(main).prompt == TASKS[main].prompt


def test_any_task_alone_can_be_evaluated_with_its_own_prompt() -> None:
    for task in TASKS.values():
        alone = Composition.of(task.id)
        assert (alone.tasks, alone.name, alone.prompt, alone.is_single_task) == ((task,), task.id, task.prompt, True)
    assert Composition.of("summarize+es") == Composition.parse("summarize+es")
    for name in ("es+summarize", "xx"):
        with pytest.raises(ToolchainError, match=name.replace("+", r"\+")):
            Composition.of(name)


@given(st.one_of(st.text(), st.lists(st.sampled_from([*TASKS, "", "xx"]), max_size=4).map("+".join)))
def test_any_other_name_is_refused_in_one_sentence_that_repeats_it(name: str) -> None:
    ids = name.split("+")
    valid = ids[0] in MAIN_TASKS and all(task in AUXILIARY_TASKS for task in ids[1:]) and len(set(ids)) == len(ids)
    if valid:
        assert Composition.parse(name).name == name
        return
    with pytest.raises(ToolchainError) as refused:
        Composition.parse(name)
    assert repr(name) in str(refused.value)
    assert "\n" not in str(refused.value)
