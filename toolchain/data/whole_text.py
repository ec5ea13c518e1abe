"""Text of the command line that records can hold: an argument or a name may have bytes that are no UTF-8, which Python keeps as half characters."""

from toolchain.errors import ToolchainError


def refuse_half_characters(what: str, text: str, remedy: str) -> None:
    """See that a text can be written; `what` it is, and the `remedy`, are for the message.

    Raises:
        ToolchainError: it cannot.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        byte = ascii(error.object[error.start])[1:-1]
        raise ToolchainError(f"{what} holds a byte that is no UTF-8 ({byte}): {remedy}") from None
