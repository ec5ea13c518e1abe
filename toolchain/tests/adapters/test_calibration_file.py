"""Calibration files: what is written is read back; names are parsed strictly; other files are refused."""

from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from toolchain.adapters.calibration_file import (
    CALIBRATION_FORMAT,
    Calibration,
    Entry,
    read_calibration,
    write_calibration,
)
from toolchain.adapters.files import MODULES
from toolchain.adapters.safetensors_file import Array
from toolchain.errors import NotFinite
from toolchain.tests.refusals import refusal_of

METADATA = {"format": CALIBRATION_FORMAT, "method": "lc", "composition": "summarize+es", "base_sha256": "0" * 64}
P = {"layers.0-2.q_proj.p": np.zeros(4, np.float16)}

digests = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")


@st.composite
def entries(draw: st.DrawFn, first: int, last: int, module: str, tasks: int) -> Entry:
    kinds = draw(st.sets(st.sampled_from(("pair", "p", "weights")), min_size=1))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    return Entry(
        first,
        last,
        module,
        p1=random.standard_normal((4, 6)).astype(np.float16) if "pair" in kinds else None,
        p2=random.standard_normal((5, 4)).astype(np.float16) if "pair" in kinds else None,
        p=random.standard_normal(5).astype(np.float16) if "p" in kinds else None,
        weights=random.standard_normal(draw(st.sampled_from([(tasks,), (tasks, 4)]))).astype(np.float32)
        if "weights" in kinds
        else None,
    )


@st.composite
def calibrations(draw: st.DrawFn) -> Calibration:
    items = []
    adapters = draw(st.dictionaries(st.sampled_from(("summarize", "es", "witty")), digests, min_size=1))
    for module in draw(st.sets(st.sampled_from(MODULES), min_size=1)):
        cuts = sorted(draw(st.sets(st.integers(1, 30), max_size=2)))
        for first, after in zip([0, *cuts], [*cuts, 31], strict=True):
            items.append(draw(entries(first, after - 1, module, len(adapters))))
    return Calibration(draw(st.sampled_from(("lc", "lc++"))), "+".join(adapters), draw(digests), adapters, tuple(items))


def _equal(one: Array | None, other: Array | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.dtype == other.dtype and np.array_equal(one, other)


@given(calibration=calibrations())
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, calibration: Calibration) -> None:
    path = tmp_path_factory.mktemp("calibration") / "c.safetensors"
    write_calibration(path, calibration)
    found = read_calibration(path)
    assert (found.method, found.composition, found.base_sha256, found.adapter_sha256) == (
        calibration.method,
        calibration.composition,
        calibration.base_sha256,
        calibration.adapter_sha256,
    )
    expected = sorted(calibration.entries, key=lambda entry: (entry.first, entry.last, entry.module))
    assert len(found.entries) == len(expected)
    for one, other in zip(found.entries, expected, strict=True):
        assert (one.first, one.last, one.module) == (other.first, other.last, other.module)
        assert all(_equal(getattr(one, field), getattr(other, field)) for field in ("p1", "p2", "p", "weights"))
    before = path.read_bytes()
    write_calibration(path, calibration)
    assert path.read_bytes() == before


@given(calibration=calibrations(), layer=st.integers(0, 30), module=st.sampled_from(MODULES))
def test_an_entry_is_found_where_its_range_covers_the_layer(calibration: Calibration, layer: int, module: str) -> None:
    expected = [
        entry for entry in calibration.entries if entry.module == module and layer in range(entry.first, entry.last + 1)
    ]
    assert calibration.find(layer, module) == expected
    assert len(expected) <= 1


def _write(path: Path, tensors: dict[str, Array], **metadata: str) -> None:
    save_file(tensors, path, metadata=METADATA | metadata)


def _refusal(path: Path) -> str:
    message = refusal_of(lambda: read_calibration(path))
    assert str(path) in message
    return message


@given(
    kind=st.sampled_from(("p1", "p2", "p", "weights")),
    number=st.sampled_from((np.nan, np.inf, -1e39, 1e300)),
    place=st.integers(0, 3),
)
def test_what_would_be_refused_is_not_written(
    tmp_path_factory: pytest.TempPathFactory, kind: str, number: float, place: int
) -> None:
    path = tmp_path_factory.mktemp("calibration") / "c.safetensors"
    shapes = {"p1": (4, 6), "p2": (5, 4), "p": (5,), "weights": (2, 4)}
    good = {name: np.zeros(shape) for name, shape in shapes.items()}
    whole = Calibration("lc", "summarize+es", "0" * 64, {}, (Entry(0, 2, "q_proj", **good),))
    write_calibration(path, whole)
    before = path.read_bytes()
    good[kind].flat[place] = number
    with pytest.raises(NotFinite, match=r"c\.safetensors is not written: .* lower learning rate"):
        write_calibration(path, whole)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


_strange_names = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
    st.builds(
        "layers.{}-{}.{}.{}".format,
        st.sampled_from(("0", "1", "-1", "", "x", "0 ")),
        st.sampled_from(("2", "1", "", "y")),
        st.sampled_from((*MODULES, "lm_head", "Q_PROJ", "")),
        st.sampled_from(("P1", "p", "P2", "weights", "P3", "p1", "WEIGHTS", "")),
    ),
)


@given(name=_strange_names)
def test_only_the_contracts_names_are_read(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    path = tmp_path_factory.mktemp("names") / "c.safetensors"
    parts = name.split(".")
    valid = (
        len(parts) == 4
        and parts[0] == "layers"
        and parts[1] in ("0-2", "1-2", "0-1", "1-1")
        and parts[2] in MODULES
        and parts[3] in ("p", "weights")
    )
    _write(path, {name: np.zeros(2, np.float32 if name.endswith("weights") else np.float16)})
    if valid:
        (entry,) = read_calibration(path).entries
        assert f"{entry.first}-{entry.last}" == parts[1]
        assert entry.module == parts[2]
        assert (entry.p is None, entry.weights is None) == (parts[3] != "p", parts[3] != "weights")
    else:
        _refusal(path)


_PAIR = {"P1": np.ones((4, 6), np.float16), "P2": np.ones((5, 4), np.float16)}


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({"p": np.full(4, np.nan, np.float16)}, "not finite"),
        ({"p": np.zeros(4, np.float32)}, "float32 of shape [4], wanted float16 with 1 axes"),
        ({"p": np.zeros((4, 1), np.float16)}, "shape [4, 1], wanted float16"),
        (_PAIR | {"P2": np.full((5, 4), np.inf, np.float16)}, "P2 that are not finite"),
        (_PAIR | {"P1": np.ones((4, 6), np.float32)}, "P1 as float32"),
        ({"weights": np.zeros(2, np.float16)}, "weights as float16"),
        ({"weights": np.full(2, np.nan, np.float32)}, "not finite"),
        ({"weights": np.zeros(1, np.float32)}, "weights of 1 adapters for 2 tasks"),
        ({"weights": np.zeros((3, 4), np.float32)}, "weights of 3 adapters for 2 tasks"),
    ],
)
def test_what_the_device_core_refuses_is_refused(tmp_path: Path, tensors: dict[str, Array], said: str) -> None:
    path = tmp_path / "c.safetensors"
    _write(path, {f"layers.0-2.q_proj.{kind}": tensor for kind, tensor in tensors.items()})
    assert said in _refusal(path)


@pytest.mark.parametrize("given_format", ["tandem.calibration/2", ""])
def test_another_format_is_refused(tmp_path: Path, given_format: str) -> None:
    path = tmp_path / "c.safetensors"
    _write(path, P, format=given_format)
    assert CALIBRATION_FORMAT in _refusal(path)


def test_a_file_without_metadata_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    save_file(P, path)
    assert CALIBRATION_FORMAT in _refusal(path)


@pytest.mark.parametrize("missing", ["method", "composition", "base_sha256"])
def test_missing_metadata_is_named(tmp_path: Path, missing: str) -> None:
    path = tmp_path / "c.safetensors"
    save_file(P, path, metadata={key: value for key, value in METADATA.items() if key != missing})
    assert missing in _refusal(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    _refusal(tmp_path / "nothing.safetensors")


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff" * 40])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.safetensors"
    path.write_bytes(content)
    _refusal(path)


def test_numbers_that_numpy_lacks_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    safetensors.torch.save_file({name: torch.zeros(4, dtype=torch.float8_e4m3fn) for name in P}, path, METADATA)
    assert "no readable safetensors file" in _refusal(path)


def test_a_layer_with_more_digits_than_python_reads_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    _write(path, {f"layers.0-{'9' * 5000}.q_proj.p": np.zeros(4, np.float16)})
    assert "that no calibration has" in _refusal(path)


@pytest.mark.parametrize("kind", ["P1", "P2"])
def test_half_of_a_pair_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "c.safetensors"
    _write(path, {f"layers.0-2.q_proj.{kind}": np.zeros((4, 4), np.float16)})
    assert f"layers.0-2.q_proj.{kind}" in _refusal(path)


@given(a=st.tuples(st.integers(0, 9), st.integers(0, 9)), b=st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_ranges_of_one_module_do_not_overlap(
    tmp_path_factory: pytest.TempPathFactory, a: tuple[int, int], b: tuple[int, int]
) -> None:
    path = tmp_path_factory.mktemp("ranges") / "c.safetensors"
    layers = [set(range(first, last + 1)) for first, last in (a, b)]
    _write(path, {f"layers.{first}-{last}.q_proj.p": np.zeros(4, np.float16) for first, last in (a, b)})
    if all(layers) and (a == b or not layers[0] & layers[1]):
        assert len(read_calibration(path).entries) == len({a, b})
    else:
        _refusal(path)


def test_a_pair_of_different_ranks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    _write(path, {f"layers.0-2.q_proj.{kind}": np.zeros((4, 3), np.float16) for kind in ("P1", "P2")})
    assert "(4, 3)" in _refusal(path)


def test_ranges_of_different_kinds_may_overlap(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    _write(path, P | {"layers.1-1.q_proj.weights": np.ones(2, np.float32)})
    assert len(read_calibration(path).find(1, "q_proj")) == 2
