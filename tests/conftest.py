"""What crosses the parts is tested on the real base, the demo bundle and the built device core."""

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

from toolchain import paths
from toolchain.base_model.specification import BaseSpecification, base_model

REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"


def _required(path: Path, advice: str) -> Path:
    if not path.exists():
        _lacking(f"{path} is missing: {advice}")
    return path


def require_program(name: str, *arguments: str) -> None:
    """Skip the test where the program is not installed, or a trial of it with these arguments fails; fail it where all tests have to run."""
    if shutil.which(name) is None:
        _lacking(f"{name} is not installed (scripts/system_packages.sh)")
    if not arguments:
        return
    trial = subprocess.run([name, *arguments], capture_output=True, text=True, check=False)
    if trial.returncode:
        _lacking(
            f"this machine does not permit `{shlex.join([name, *arguments])}`, which the test wants to end with 0: "
            f"exit {trial.returncode}, {trial.stderr.strip() or 'without a word'}"
        )


def _lacking(reason: str) -> None:
    pytest.fail(reason) if REQUIRE_ALL else pytest.skip(reason)


@pytest.fixture(scope="session")
def base() -> BaseSpecification:
    """The default base model, fetched and dequantised."""
    specification = base_model()
    _required(specification.path, "make base")
    _required(specification.dequantised_path, "make training-base")
    return specification


@pytest.fixture(scope="session")
def bundle() -> Path:
    """The demo bundle, base packed."""
    return _required(paths.DEMO_BUNDLE / "manifest.json", "make bundle").parent


@pytest.fixture(scope="session")
def tandem() -> Path:
    """The device core's command line."""
    return _required(paths.tandem_binary(), "make build")


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def run_tandem(tandem: Path) -> Run:
    """Run `tandem` with arguments and lines of input."""

    def run(
        *arguments: object, lines: list[dict[str, Any]] | None = None, prefix: tuple[str, ...] = ()
    ) -> "subprocess.CompletedProcess[str]":
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines or [])
        command = [*prefix, str(tandem), *map(str, arguments)]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=900)

    return run
