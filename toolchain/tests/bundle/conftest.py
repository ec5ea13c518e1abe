"""What the tests of bundles share."""

from pathlib import Path

import pytest

from toolchain.base_model.specification import BaseSpecification
from toolchain.tests.bundles import commit


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BaseSpecification:
    """A base in a cache, and adapters and calibrations for it where committed ones would be."""
    return commit(tmp_path, monkeypatch)
