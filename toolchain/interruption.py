"""Ctrl-C, and SIGTERM as the device core takes it: "interrupted" once on stderr and exit code 130, never a traceback."""

# What this imports is imported before it can be of use.
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_Handler = Callable[[int, FrameType | None], object] | int | signal.Handlers | None

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_EXIT_CODE = 130
"""128 and the number of SIGINT."""
_IMPORT = "<frozen importlib._bootstrap>"


def ends_at_once() -> None:
    """From now on an interruption ends the process where it stands: while a program starts and ends it has nothing to clean up."""
    _handle(_end)


@contextmanager
def unwinds() -> Iterator[None]:
    """In the block an interruption raises KeyboardInterrupt, so that what is half done is cleaned up; a second one ends the process.

    Whatever becomes of that on its way out of the block, such as another error or none, it ends in the exit code.
    """
    came = False

    def unwind(number: int, frame: FrameType | None) -> None:
        nonlocal came
        if _is_importing(
            frame
        ):  # C++ that is half loaded aborts at an exception, and callbacks of the import system swallow it.
            _end(number, frame)
        came = True
        _handle(signal.SIG_DFL)
        _say()
        raise KeyboardInterrupt

    before = _handle(unwind)
    try:
        yield
    finally:
        if came:
            sys.exit(_EXIT_CODE)
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(_number: int, _frame: FrameType | None) -> None:
    _say()
    os._exit(_EXIT_CODE)


def _is_importing(frame: FrameType | None) -> bool:
    while frame and frame.f_code.co_filename != _IMPORT:
        frame = frame.f_back
    return frame is not None


def _handle(handler: _Handler) -> dict[signal.Signals, _Handler]:
    """Set the handler of every signal but one that whoever started the process has it ignore; what was set before is given back."""
    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    return {number: signal.signal(number, handler) for number in heard}


def _say() -> None:
    with suppress(OSError):  # Closed, or full.
        os.write(2, b"interrupted\n")
