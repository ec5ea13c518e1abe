"""A model is called as the hub calls it, or as its folder is called."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.base_model.model_name import model_name

names = st.from_regex(r"[A-Za-z0-9]([._-]?[A-Za-z0-9])*", fullmatch=True)
commits = st.text("0123456789abcdef", min_size=40, max_size=40)


@given(st.lists(names, min_size=1, max_size=2), commits)
def test_what_lies_in_the_hubs_cache_has_its_id(parts: list[str], commit: str) -> None:
    assert model_name(Path("/hub") / "--".join(["models", *parts]) / "snapshots" / commit) == "/".join(parts)


@given(names, names)
def test_any_other_model_has_the_name_of_its_folder(above: str, name: str) -> None:
    for folder in (Path("/") / above / name, Path("/models--a--b") / name, Path("/") / above / "snapshots" / name):
        assert model_name(folder) == name


def test_the_folder_that_one_is_in_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert model_name(Path()) == tmp_path.name
