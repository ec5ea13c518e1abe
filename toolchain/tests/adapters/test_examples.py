"""Training examples: padding on the right, batches of similar length, each example once an epoch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.adapters.examples import Example, batch_indices, collate, encode_pairs
from toolchain.base_model.load import LoadedBase
from toolchain.data.pairs import Pair
from toolchain.errors import ToolchainError
from toolchain.tests.strategies import nonempty_conversations, texts
from toolchain.tests.tiny import BOS, EOS
from toolchain.text import Message

token_lists = st.lists(st.integers(3, 258), min_size=1, max_size=12)
examples = st.builds(Example, token_lists, token_lists)
length_lists = st.lists(st.integers(1, 500), min_size=1, max_size=150)


@given(st.lists(examples, min_size=1, max_size=6))
def test_a_batch_holds_each_example_padded_on_the_right(items: list[Example]) -> None:
    batch = collate(items)
    assert batch.ids.shape == batch.is_target.shape == (len(items), max(item.length for item in items))
    for row, item in enumerate(items):
        assert batch.ids[row, : item.length].tolist() == item.prompt + item.target
        assert not batch.ids[row, item.length :].any()
        assert batch.ids[row][batch.is_target[row]].tolist() == item.target


@given(length_lists, st.integers(1, 9), st.integers(0, 5), st.integers(0, 5))
def test_an_epoch_covers_each_example_once(lengths: list[int], batch_size: int, epoch: int, seed: int) -> None:
    batches = batch_indices(lengths, batch_size, epoch, seed)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    assert all(1 <= len(batch) <= batch_size for batch in batches)


@given(length_lists, st.integers(1, 9), st.integers(0, 5), st.integers(0, 5))
def test_batches_depend_on_seed_and_epoch_alone(lengths: list[int], batch_size: int, epoch: int, seed: int) -> None:
    assert batch_indices(lengths, batch_size, epoch, seed) == batch_indices(lengths, batch_size, epoch, seed)


def test_other_epochs_and_seeds_have_other_batches() -> None:
    lengths = list(range(100))
    made = [batch_indices(lengths, 4, epoch, seed) for epoch in range(3) for seed in range(3)]
    assert all(one != other for index, one in enumerate(made) for other in made[:index])


@given(st.permutations(range(64)), st.integers(0, 5))
def test_a_batch_holds_neighbours_in_length(lengths: list[int], seed: int) -> None:
    # 64 examples in batches of 8 are one bucket, so the batches are slices of the sorted lengths.
    slices = sorted(sorted(lengths[index] for index in batch) for batch in batch_indices(lengths, 8, 0, seed))
    assert slices == [list(range(start, start + 8)) for start in range(0, 64, 8)]


@given(messages=nonempty_conversations, target=texts)
def test_pairs_become_a_prompt_and_a_target(base_once: LoadedBase, messages: list[Message], target: str) -> None:
    (example,) = encode_pairs(base_once, "{input}:", [Pair("a", messages, None, target)])
    assert example.prompt[0] == BOS
    assert len(example.prompt) <= base_once.specification.max_prompt_tokens
    assert example.target[-1] == EOS
    decoded = base_once.tokenizer.decode(example.target[:-1], skip_special_tokens=False)
    assert decoded == f" {target}"


def test_who_replies_is_who_the_pair_says(base_once: LoadedBase) -> None:
    messages = [Message("Ana", "hi"), Message("Ben", "ho")]
    (example,) = encode_pairs(base_once, "{input}\n{reply_speaker}:", [Pair("a", messages, "Ben", "x")])
    assert base_once.tokenizer.decode(example.prompt).endswith("\nBen:")


@pytest.mark.parametrize(
    ("template", "messages", "kind", "remedy"),
    [
        (
            "{reply_speaker}: {input}",
            [Message("Ana", "my secret")],
            "reply-speaker-missing",
            ", or leave the record out",
        ),
        ("{input}", [Message("Ana", " ")], "input-empty", ", or leave the record out"),
        (
            "my secret " * 500 + "{input}",
            [Message("Ana", "hi")],
            "prompt-too-long",
            "even without the input: import the base with a larger --max-prompt-tokens",
        ),
    ],
)
def test_what_cannot_be_a_prompt_is_refused_by_its_id_and_never_its_text(
    base_once: LoadedBase, template: str, messages: list[Message], kind: str, remedy: str
) -> None:
    with pytest.raises(ToolchainError, match=rf"record 'r7' .*{kind}.*{remedy}$") as refused:
        encode_pairs(base_once, template, [Pair("r7", messages, None, "x")])
    assert "secret" not in str(refused.value)
