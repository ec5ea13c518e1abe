"""Where an import is written: where nothing is lost by it."""

from pathlib import Path

import numpy as np
import pytest

from toolchain.adapters.files import read_adapter, write_adapter
from toolchain.adapters.importing import Shapes, import_adapter
from toolchain.adapters.linears import adapted_linears
from toolchain.errors import ToolchainError
from toolchain.tests.tiny import SPECIFICATION, random_adapter, tiny_model

SHAPES: Shapes = {name: (linear.out_features, linear.in_features) for name, linear in adapted_linears(tiny_model())}


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    write_adapter(tmp_path / "foreign", random_adapter(seed=9), SPECIFICATION.name)
    return tmp_path / "foreign"


def test_an_import_takes_the_place_of_an_adapter_alone(foreign: Path, tmp_path: Path) -> None:
    thesis = tmp_path / "thesis"
    thesis.mkdir()
    (thesis / "thesis.tex").write_text("x")
    write_adapter(tmp_path / "es", random_adapter(seed=1), SPECIFICATION.name)
    (tmp_path / "es" / "notes.txt").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "es")
    for folder, why in ((thesis, "no adapter"), (tmp_path / "es", r"notes\.txt"), (tmp_path / "link", "symbolic link")):
        before = {path: path.read_bytes() for path in folder.iterdir()}
        with pytest.raises(ToolchainError, match=why):
            import_adapter(foreign, SPECIFICATION, SHAPES, folder, None, replace=True)
        assert {path: path.read_bytes() for path in folder.iterdir()} == before
    with pytest.raises(ToolchainError, match="name of its own"):
        import_adapter(foreign, SPECIFICATION, SHAPES, Path(), None, replace=True)


def test_an_empty_folder_is_taken_as_it_is(foreign: Path, tmp_path: Path) -> None:
    (tmp_path / "es").mkdir()
    import_adapter(foreign, SPECIFICATION, SHAPES, tmp_path / "es", None, replace=False)
    given, imported = read_adapter(foreign), read_adapter(tmp_path / "es")
    assert (imported.rank, imported.alpha) == (given.rank, given.alpha)
    np.testing.assert_equal(imported.tensors, given.tensors)
