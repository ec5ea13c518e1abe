"""Texts as users write them: any Unicode, with line breaks, odd white space, braces and special tokens more often than chance."""

from hypothesis import strategies as st

from toolchain.tests.tiny import SPECIAL_TOKENS
from toolchain.text import Message

LINE_BREAKS = ("\r\n", "\n", "\r", "\v", "\f", "\u0085", "\u2028", "\u2029")
_PIECES = (
    *LINE_BREAKS,
    *SPECIAL_TOKENS,
    "{input}",
    "{reply_speaker}",
    "{",
    "}",
    " ",
    "\t",
    "\u00a0",
    "\u3000",
    "\u001c",
    ": ",
)

texts = st.lists(
    st.one_of(st.sampled_from(_PIECES), st.text(st.characters(codec="utf-8"), max_size=6)), max_size=8
).map("".join)
speakers = st.one_of(st.sampled_from(("", "Ana", "Ben", " Ben\n")), texts)
messages = st.builds(Message, speakers, texts)
conversations = st.lists(messages, max_size=6)
spoken = st.builds(Message, speakers, texts.map(lambda text: text + "x"))
"""A message that has a text."""
nonempty_conversations = st.lists(spoken, min_size=1, max_size=6)
