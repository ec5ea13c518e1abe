"""Ctrl-C and SIGTERM: "interrupted" once and exit code 130, whenever they come."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolchain import paths

_BEGIN = """
import os, signal, time
from toolchain.interruption import ends_at_once, unwinds
def wait(word):
    print(word, flush=True)
    time.sleep(60)
"""
WORK = f"""{_BEGIN}
with unwinds():
    try:
        wait("working")
    finally:
        print("cleaned up", flush=True)
"""
ANOTHER_ERROR = f"""{_BEGIN}
with unwinds():
    try:
        wait("working")
    except KeyboardInterrupt:
        raise ValueError
"""
NO_ERROR = f"""{_BEGIN}
with unwinds():
    try:
        wait("working")
    except KeyboardInterrupt:
        pass
"""
STUCK = f"""{_BEGIN}
with unwinds():
    try:
        wait("working")
    finally:
        wait("cleaning up")
"""
END = f"""{_BEGIN}
ends_at_once()
with unwinds():
    pass
wait("done")
"""
IGNORED = f"""{_BEGIN}
signal.signal(signal.SIGINT, signal.SIG_IGN)
ends_at_once()
with unwinds():
    os.kill(os.getpid(), signal.SIGINT)
print("done")
"""
COMMAND = f"""{_BEGIN}
import sys
from toolchain import cli
cli.show = lambda _data: wait("working")
sys.argv[1:] = ["paths"]
cli.main()
"""
_START = {"PYTHONPATH": str(paths.REPOSITORY), "PATH": os.environ["PATH"]}


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    """A program inherits what its parent ignores, as this one ignores SIGINT where it was started in the background."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _interrupted(
    *command: str, path: str = "", number: signal.Signals = signal.SIGINT, times: int = 1
) -> tuple[int, list[str], str]:
    """Exit code, stdout and stderr of what is sent the signal each time that it has said something."""
    environment = _START | {"PYTHONPATH": os.pathsep.join(filter(None, [path, _START["PYTHONPATH"]]))}
    with subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout
        said = []
        for _ in range(times):
            said.append(process.stdout.readline())
            process.send_signal(number)
        out, err = process.communicate()
    return process.returncode, [*map(str.strip, said), *out.split("\n")[:-1]], err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_half_done_is_cleaned_up(number: signal.Signals) -> None:
    assert _interrupted("-c", WORK, number=number) == (130, ["working", "cleaned up"], "interrupted\n")


@pytest.mark.parametrize("script", [ANOTHER_ERROR, NO_ERROR])
def test_whatever_becomes_of_an_interruption_it_is_one(script: str) -> None:
    assert _interrupted("-c", script) == (130, ["working"], "interrupted\n")


def test_a_second_one_ends_what_is_stuck() -> None:
    assert _interrupted("-c", STUCK, times=2) == (-signal.SIGINT, ["working", "cleaning up"], "interrupted\n")


def test_at_its_end_a_program_ends_at_once() -> None:
    assert _interrupted("-c", END) == (130, ["done"], "interrupted\n")


def test_the_command_line_can_be_interrupted_while_it_is_imported(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("import time\nprint('importing', flush=True)\ntime.sleep(60)\n")
    assert _interrupted("-m", "toolchain.cli", path=str(tmp_path)) == (130, ["importing"], "interrupted\n")


def test_a_command_is_interrupted_without_a_traceback() -> None:
    assert _interrupted("-c", COMMAND) == (130, ["working"], "interrupted\n")


def test_an_import_is_not_unwound(tmp_path: Path) -> None:
    swallows = "try:\n    wait('importing')\nfinally:\n    print('unwound')\n"
    (tmp_path / "slow.py").write_text(_BEGIN + swallows)
    script = f"{_BEGIN}\nwith unwinds():\n    import slow\n"
    assert _interrupted("-c", script, path=str(tmp_path)) == (130, ["importing"], "interrupted\n")


def test_a_signal_that_is_ignored_stays_so() -> None:
    done = subprocess.run([sys.executable, "-c", IGNORED], capture_output=True, text=True, env=_START, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
