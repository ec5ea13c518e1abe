"""A table has as many cells in every line as its head has."""

from hypothesis import given
from hypothesis import strategies as st

from toolchain.markdown import markdown_table

texts = st.text(st.characters() | st.sampled_from("|\n\r\u2028"), max_size=8)


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(texts, min_size=n, max_size=n), min_size=1, max_size=4)))
def test_no_cell_is_lost_and_none_begins_within_another(lines: list[list[str]]) -> None:
    head, *rows = lines
    written = markdown_table(head, rows).splitlines()
    assert len(written) == len(rows) + 2
    assert all(line.count("|") == len(head) + 1 for line in written)
    assert written[1] == "| " + " | ".join(["---"] * len(head)) + " |"
