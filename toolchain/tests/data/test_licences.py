"""What may ship: which licences forbid it, whose they are, and where nothing that they forbid is written."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from toolchain import paths
from toolchain.data import benchmark
from toolchain.data.benchmark import (
    CONVERSATIONS,
    FILES,
    OURS,
    SINGLE_CONVERSATIONS,
    SINGLE_TEXTS,
    UNLABELLED_CONVERSATIONS,
    UNSTATED,
    Split,
    foreign_licences,
    licences,
)
from toolchain.data.commands import origin_of
from toolchain.data.json_lines import json_lines
from toolchain.data.licences import forbidding, refuse_to_commit
from toolchain.data.pairs import FurtherTexts
from toolchain.data.target_records import read_target_records, target_record
from toolchain.errors import ToolchainError
from toolchain.tasks import TASKS, Composition
from toolchain.text import Message

NC = "CC BY-NC 4.0"


@pytest.mark.parametrize(
    "licence",
    [
        "CC BY-NC-ND 4.0",
        "cc-by-nd-4.0",
        "cc_by_nc_4.0",
        "CC-BY-NC4.0",
        "CC BY-NoDerivs 3.0",
        "No Derivatives",
        "NonCommercialShareAlike",
        "Non Commercial use only",
        "for non-commercial use",
        "no commercial use",
        "non\N{EN DASH}commercial",
        "CCBYNC",
        "Not for commercial use",
        "for research only",
        "research-only",
        "Personal use only",
        "academic use",
        "All rights reserved",
        "proprietary",
        "unknown",
        "not stated",
        "none",
        "unspecified",
        "CC BYNC 4.0",
        "for evaluation only",
        "internal use only",
        "non profit only",
        "research licence",
        "no redistribution",
        "confidential",
        "commercial use not permitted",
        "Commercial use is prohibited",
        "prohibits commercial use",
        "no licence",
        "unlicensed",
        "N/A",
        "null",
        "TBD",
        "not known",
        "unclear",
        "do not distribute",
        "not for training",
        "restricted to research",
        "academic",
        "\N{FULLWIDTH LATIN CAPITAL LETTER N}\N{FULLWIDTH LATIN CAPITAL LETTER C}",
        "non comm.",
        "scientific use",
        "commercial use requires permission",
    ],
)
def test_no_commercial_use_and_no_derivatives_forbid_to_ship(licence: str) -> None:
    assert forbidding([OURS, licence]) == licence


@pytest.mark.parametrize(
    "licence",
    [
        OURS,
        "CC BY 4.0 International",
        "CC BY-SA 4.0",
        "CC0-1.0",
        "MIT",
        "CDLA-Permissive-2.0",
        "Ncorp Inc., 2nd",
        "Open Research Data, any use",
        "The Unlicense",
        "Apache-2.0",
        "Open Data Commons Attribution License 1.0",
        "any use, commercial too",
        "no comment",
        "commercial use requires attribution",
    ],
)
def test_other_licences_do_not(licence: str) -> None:
    assert forbidding([licence]) is None


def test_a_blank_licence_is_none() -> None:
    assert forbidding([OURS, " "]) == UNSTATED


@pytest.mark.parametrize("blank", ["", " "])
def test_only_a_line_without_the_field_is_under_ours(tmp_path: Path, blank: str) -> None:
    for file in FILES:
        (tmp_path / file).write_text('{"id": "1"}\n' + json.dumps({"id": "2", "licence": blank}) + "\n")
    assert licences(tmp_path) == [OURS, UNSTATED]
    (tmp_path / "texts.jsonl").write_text(json.dumps({"id": "1", "en": "x", "es": "y", "licence": blank}) + "\n")
    assert FurtherTexts(parallel=tmp_path / "texts.jsonl").licences(TASKS["es"]) == [UNSTATED]


def test_a_file_of_the_benchmark_is_ours_where_its_lines_say_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [{"id": "1", "en": "x", "es": "y"}, {"id": "2", "en": "x", "fr": "y", "licence": NC}]
    for folder in (tmp_path / "benchmark", tmp_path / "elsewhere"):
        folder.mkdir()
        (folder / "texts.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts))
    monkeypatch.setattr(paths, "BENCHMARK", tmp_path / "benchmark")
    monkeypatch.chdir(tmp_path / "benchmark")
    assert FurtherTexts(parallel=Path("texts.jsonl")).licences(TASKS["es"]) == []
    assert FurtherTexts(parallel=Path("texts.jsonl")).licences(TASKS["fr"]) == [NC]
    assert FurtherTexts(parallel=Path("../elsewhere/texts.jsonl")).licences(TASKS["es"]) == [UNSTATED]


def test_targets_under_a_blank_licence_are_refused(tmp_path: Path) -> None:
    shared = {"composition": "summarize+es", "source": "d.json", "licence": " "}
    messages = [Message("Ana", "Hi.")]
    record = target_record("d", Split.CALIBRATION, messages, None, "Hola.", "Hi.")
    (tmp_path / "t.jsonl").write_text(json.dumps(shared | record) + "\n")
    with pytest.raises(ToolchainError, match="line 1: licence is blank"):
        read_target_records(tmp_path / "t.jsonl", Composition.parse("summarize+es"), "x")


@pytest.mark.parametrize("name", [*FILES, UNLABELLED_CONVERSATIONS])
def test_every_file_of_a_benchmark_has_a_say(tmp_path: Path, name: str) -> None:
    for file in {*FILES, name}:
        rows = [{"id": "1"}, {"id": "2", "licence": NC}] if file == name else [{"id": "3"}]
        (tmp_path / file).write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert licences(tmp_path) == [OURS, NC]


def test_what_is_trained_is_under_the_licences_of_what_it_reads(tmp_path: Path) -> None:
    """One's own conversations, to be measured on (`data own`), change nothing of what is trained beside them."""
    rows = [{"id": split, "split": split, "licence": f"of {split}"} for split in Split]
    (tmp_path / CONVERSATIONS).write_text(json_lines([*rows, {"id": "ours", "split": "calibration"}]))
    for name in (SINGLE_CONVERSATIONS, SINGLE_TEXTS):
        (tmp_path / name).write_text(json_lines([{"id": "1", "licence": f"of {name}"}]))
    assert foreign_licences(Split.CALIBRATION, tmp_path) == ["of calibration"]
    single = ["of single", f"of {SINGLE_CONVERSATIONS}", f"of {SINGLE_TEXTS}"]
    assert foreign_licences(Split.SINGLE, tmp_path) == sorted(single)


@pytest.mark.parametrize(
    "place", [lambda: paths.ASSETS / "new", lambda: paths.ADAPTERS / "es", lambda: paths.CALIBRATIONS / "x.safetensors"]
)
@pytest.mark.usefixtures("assets")
def test_what_may_not_ship_is_not_written_where_it_would(place: Callable[[], Path]) -> None:
    refuse_to_commit([OURS], place())
    with pytest.raises(ToolchainError, match=NC):
        refuse_to_commit([OURS, NC], place())


def test_it_may_be_written_elsewhere(assets: Path) -> None:
    refuse_to_commit([NC], assets / "elsewhere" / "x.safetensors")


def test_beside_a_benchmark_that_may_not_ship_either(assets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is trained there, and `export` refuses all of it."""
    monkeypatch.setattr(benchmark, "licences", lambda: [NC])
    refuse_to_commit([NC], paths.ADAPTERS / "es")
    with pytest.raises(ToolchainError, match=str(paths.ASSETS)):
        refuse_to_commit([NC], paths.ASSETS / "adapters" / "es")


def test_a_file_has_the_licence_that_it_is_given_or_that_of_its_layout(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_text("[]")
    assert origin_of("d.json", path, "samsum", None)["licence"] == "CC BY-NC-ND 4.0"
    assert origin_of("d.json", path, "samsum", "MIT")["licence"] == "MIT"
    for blank in (None, "", " "):
        with pytest.raises(ToolchainError, match="--licence"):
            origin_of("d.json", path, "jsonl", blank)
