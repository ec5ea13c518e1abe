"""What a model thinks before it answers."""

_OPENS, _CLOSES = "<think>", "</think>"


def without_thoughts(text: str) -> str:
    """The answer alone; nothing where the thoughts do not end. A prompt may have opened them, so that they only close."""
    before, closed, answer = text.partition(_CLOSES)
    if before.lstrip().startswith(_OPENS) or (closed and _OPENS not in before):
        return answer
    return text
