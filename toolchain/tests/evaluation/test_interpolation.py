"""LC++I: its ends are what it lies between, and validation chooses the point."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain import paths
from toolchain.adapters import interpolation
from toolchain.adapters.calibration_file import Calibration, Entry, read_calibration, write_calibration
from toolchain.adapters.compose import compose, mean_weights
from toolchain.adapters.files import Adapter, adapters_digest, write_adapter
from toolchain.adapters.interpolation import METHOD, POINTS, Point, interpolate
from toolchain.adapters.methods.calibrated import calibration_log_path, calibration_path
from toolchain.adapters.methods.method import Method, single_adapters
from toolchain.adapters.methods.registry import METHODS
from toolchain.adapters.methods.scope import trained_with
from toolchain.base_model.load import LoadedBase
from toolchain.data import pairs as data_pairs
from toolchain.data.benchmark import UNSTATED
from toolchain.data.pairs import Pair, composition_pairs
from toolchain.errors import ToolchainError
from toolchain.evaluation import choose_point
from toolchain.evaluation.choose_point import choose_points
from toolchain.evaluation.engines.engine import Answer, Question
from toolchain.evaluation.engines.python_engine import PythonEngine
from toolchain.evaluation.paper import group_of
from toolchain.hashing import sha256_file
from toolchain.log_file import write_log
from toolchain.tasks import Composition, compositions_of
from toolchain.tests.assets import put_calibration
from toolchain.tests.tiny import random_adapter

MODULES = ("q_proj", "o_proj")
shares = st.floats(0, 1)


def _calibration(seed: int, method: str = "lc++") -> Calibration:
    """What `seed` made of the same random P1."""
    start, learned = np.random.default_rng(0), np.random.default_rng(seed)
    entries = []
    for module in MODULES:
        p1 = start.standard_normal((4, 6)) + 0.1 * learned.standard_normal((4, 6))
        p2 = learned.standard_normal((5, 4))
        entries.append(Entry(0, 2, module, p1=p1.astype(np.float16), p2=p2.astype(np.float16)))
    return Calibration(method, "summarize+es", "base", {"summarize": "a", "es": "b"}, tuple(entries))


OWN, SHARED = _calibration(1), _calibration(2, "lc++s")


def _tensors(calibration: Calibration) -> list[np.ndarray]:
    return [np.asarray(tensor) for entry in calibration.entries for tensor in (entry.p1, entry.p2)]


def test_the_ends_are_the_two_calibrations_and_the_merge() -> None:
    for point, expected in ((Point(1, 1), OWN), (Point(0, 1), SHARED)):
        found = interpolate(OWN, SHARED, point)
        assert found.method == METHOD
        assert all(np.array_equal(a, b) for a, b in zip(_tensors(found), _tensors(expected), strict=True))
    at_the_merge = interpolate(OWN, SHARED, Point(0.5, 0))
    assert all(entry.p2 is not None and not entry.p2.any() for entry in at_the_merge.entries)


@given(shares, shares)
def test_the_share_is_of_both_factors_and_the_strength_of_p2_alone(own: float, strength: float) -> None:
    found = interpolate(OWN, SHARED, Point(own, strength))
    for entry, one, other in zip(found.entries, OWN.entries, SHARED.entries, strict=True):
        for tensor, a, b, factor in ((entry.p1, one.p1, other.p1, 1.0), (entry.p2, one.p2, other.p2, strength)):
            assert tensor is not None
            assert a is not None
            assert b is not None
            np.testing.assert_allclose(
                tensor, factor * (own * a.astype(float) + (1 - own) * b.astype(float)), atol=1e-5
            )


@given(shares, shares)
def test_a_point_is_the_same_from_either_side_and_no_larger(own: float, strength: float) -> None:
    found = interpolate(OWN, SHARED, Point(own, strength))
    mirrored = interpolate(replace(SHARED, method="lc++"), replace(OWN, method="lc++s"), Point(1 - own, strength))
    for a, b in zip(_tensors(found), _tensors(mirrored), strict=True):
        assert np.allclose(a, b, atol=1e-5)
    assert found.parameters == OWN.parameters == sum(tensor.size for tensor in _tensors(OWN))


@pytest.mark.parametrize(
    "other",
    [
        replace(SHARED, composition="summarize+fr"),
        replace(SHARED, base_sha256="another"),
        replace(SHARED, adapter_sha256={"summarize": "a", "es": "c"}),
        replace(SHARED, entries=SHARED.entries[:1]),
    ],
)
def test_what_does_not_belong_together_is_refused(other: Calibration) -> None:
    with pytest.raises(ToolchainError, match=r"summarize\+es: lc\+\+ and lc\+\+s are not of the same"):
        interpolate(OWN, other, POINTS[0])


def test_calibrations_of_two_random_starts_are_refused() -> None:
    random = np.random.default_rng(9)
    entries = tuple(replace(entry, p1=random.standard_normal((4, 6))) for entry in SHARED.entries)
    with pytest.raises(ToolchainError, match="P1 of q_proj: the two calibrations did not start from the same one"):
        interpolate(OWN, replace(SHARED, entries=entries), POINTS[0])


@pytest.mark.usefixtures("assets")
def test_without_a_validation_split_there_is_no_point_to_choose(
    base: LoadedBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_pairs, "composition_pairs", lambda *_: [])
    with pytest.raises(ToolchainError, match=r"no validation split to choose the point of lc\+\+i for summarize\+"):
        choose_points(PythonEngine(base), "summarize", 0, tmp_path / "cells", lambda _: None)


@pytest.mark.parametrize(
    ("missing", "command"),
    [
        ("lc++", "toolchain train calibration summarize+es --method lc++ --seed 1"),
        ("lc++s", "toolchain train main-task summarize --seed 1"),
    ],
)
def test_a_calibration_that_is_missing_is_named_with_the_command_that_makes_it(
    base: LoadedBase, assets: Path, missing: str, command: str
) -> None:
    repeat = trained_with(Composition.parse("summarize+es"), 1)
    for method in {"lc++", "lc++s"} - {missing}:
        path = calibration_path(repeat, method)
        path.parent.mkdir()
        path.write_bytes(calibration_path(Composition.parse("summarize+es"), method).read_bytes())
    with pytest.raises(ToolchainError, match=re.escape(f"is missing: make it with `{command}`")):
        choose_points(PythonEngine(base), "summarize", 1, assets / "cells", lambda _: None)


def _at(composition: Composition, point: Point) -> Adapter:
    """The single adapters composed by the calibration at a point."""
    own, shared = (read_calibration(calibration_path(composition, method)) for method in ("lc++", "lc++s"))
    single = single_adapters(composition)
    return compose(single, mean_weights(len(single)), interpolate(own, shared, point))


def _turn_round(path: Path) -> None:
    """Give a calibration another P2 from the same P1."""
    calibration = read_calibration(path)
    turned = [replace(entry, p2=None if entry.p2 is None else -entry.p2) for entry in calibration.entries]
    write_calibration(path, replace(calibration, entries=tuple(turned)))


class _EngineThatKnowsTheReferences:
    """Answers with the reference where it is asked with the adapter that it likes of a composition, else with a word."""

    id = "python"
    base: ClassVar = {"base": "tiny", "base_sha256": "1" * 64}

    def __init__(self, liked: Mapping[str, Adapter]) -> None:
        self._liked = {name: adapters_digest([adapter]) for name, adapter in liked.items()}

    def prompts(self, _method: Method, composition: Composition) -> dict[str, str]:
        return {"contract": composition.prompt}

    def key(self, question: Question) -> str:
        return adapters_digest(question.method.adapters(question.composition))

    def answers(self, question: Question, pairs: Sequence[Pair]) -> Iterator[dict[str, Answer]]:
        likes = self.key(question) == self._liked[question.composition.name]
        yield {pair.id: Answer(pair.target if likes else "word") for pair in pairs}


def test_a_group_gets_the_point_that_answers_its_validation_conversations_best(
    assets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = compositions_of("summarize")
    for seed, task in enumerate(sorted({task for item in members for task in item.ids})):
        write_adapter(paths.ADAPTERS / task, random_adapter(40 + seed), "tiny")
    for item in members:
        for method in ("lc++", "lc++s"):
            put_calibration(item, interpolation.METHOD, committed_as=method)
        _turn_round(calibration_path(item, "lc++s"))
    own_hash, shared_hash = (sha256_file(calibration_path(members[1], method)) for method in ("lc++", "lc++s"))
    write_log(calibration_log_path(members[1], "lc++"), {"calibration_sha256": own_hash})
    beside = {"calibration_sha256": {members[1].name: shared_hash}, "adapter_licences": ["CC BY-NC 4.0"]}
    write_log(calibration_log_path(members[1], "lc++s"), beside)
    log_of_one = calibration_log_path(members[0], "lc++")
    log_of_one.write_text('{"targets": {"file": "x", "licence": ["CC BY-NC 4.0"], "source": ["x"], "teacher": ["y"]}}')
    monkeypatch.setattr(data_pairs, "composition_pairs", lambda *given: composition_pairs(*given)[:1])
    monkeypatch.setattr(choose_point, "POINTS", POINTS[:3])
    liked = {"S+Tr": POINTS[2], "S+Tone": POINTS[1]}
    engine = _EngineThatKnowsTheReferences({item.name: _at(item, liked[str(group_of(item))]) for item in members})
    told: list[str] = []
    logs = choose_points(engine, "summarize", 0, assets / "cells", told.append)
    assert "summarize, translation: 50% LC++, strength 1.0" in told
    assert [log["composition"] for log in logs] == [item.name for item in members]
    for item in members:
        log = json.loads(calibration_log_path(item, METHOD).read_text(encoding="utf-8"))
        point = liked[str(group_of(item))]
        assert (log["point"]["own"], log["point"]["strength"]) == (point.own, point.strength)
        assert log.get("targets", {}).get("licence") == (["CC BY-NC 4.0"] if item == members[0] else None)
        own, shared = (read_calibration(calibration_path(item, method)) for method in ("lc++", "lc++s"))
        write_calibration(assets / "expected.safetensors", interpolate(own, shared, point))
        written = calibration_path(item, METHOD).read_bytes()
        assert written == (assets / "expected.safetensors").read_bytes()
        assert log["adapter_licences"] == (["CC BY-NC 4.0"] if item == members[1] else [UNSTATED])
        assert log["calibration_sha256"] == sha256_file(calibration_path(item, METHOD))
        assert METHODS[METHOD].adapters(item)
