"""One thread, reproducible properties, and the tiny base as a fixture."""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # Read by torch when it is imported: the machine is shared.

import pytest
from hypothesis import settings

from toolchain.base_model.load import LoadedBase
from toolchain.tests.tiny import tiny_base

# No deadline: the machine is shared. Derandomised: a failure is the commit's, not the day's.
settings.register_profile("toolchain", deadline=None, derandomize=True, database=None, max_examples=60)
settings.load_profile("toolchain")


@pytest.fixture
def base() -> LoadedBase:
    """A fresh tiny base, the same in every test."""
    return tiny_base()


@pytest.fixture(scope="session")
def base_once() -> LoadedBase:
    """The tiny base for tests that leave it as it is: property tests run many examples on one."""
    return tiny_base()
