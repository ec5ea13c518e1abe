"""Several processes: the shares of a batch make it, and two give the loss curve, and the result file, of one. One that is killed goes on."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from toolchain import paths
from toolchain.adapters.files import read_adapter
from toolchain.adapters.processes import ALONE, Processes, launched, on_device
from toolchain.base_model.from_folder import import_base
from toolchain.errors import ToolchainError
from toolchain.evaluation.result_file import answers_path
from toolchain.tests.tiny_bases import write_tiny

NAME = "tiny-llama"
# No dropout: each process draws its own. Seven examples in two processes: shares of four and three, with targets of all lengths.
OPTIONS = ("--steps", "6", "--batch-size", "7", "--learning-rate", "0.03", "--rank", "4", "--alpha", "8", "--dropout", "0")  # fmt: skip


@given(items=st.lists(st.integers()), count=st.integers(1, 9))
def test_each_item_is_in_one_share_and_shares_are_alike(items: list[int], count: int) -> None:
    shares = [Processes(index, count, ALONE.device).share(items) for index in range(count)]
    assert sorted(item for share in shares for item in share) == sorted(items)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_alone_nothing_is_shared_and_nothing_is_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOCAL_RANK", "ACCELERATE_MIXED_PRECISION"):
        monkeypatch.delenv(name, raising=False)
    assert launched() is ALONE
    tensor = torch.ones(3)
    assert ALONE.sum(tensor) is tensor
    assert ALONE.first
    written: list[str] = []
    ALONE.by_the_first(lambda: written.append("once"))
    ALONE.refuse_different(3, "nothing")
    assert written == ["once"]


def test_one_process_writes_and_all_go_on_from_the_same_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Processes, "wait", lambda _self: None)
    monkeypatch.setattr(Processes, "sum", lambda _self, _tensor: torch.tensor([30]))
    written: list[int] = []
    for index, first in ((0, 30), (1, 0)):
        processes = Processes(index, 2, ALONE.device)
        processes.by_the_first(lambda index=index: written.append(index))  # type: ignore[misc]
        with pytest.raises(ToolchainError, match=f"step.*here {first}.*TANDEM_CACHE"):
            processes.refuse_different(first, "the step that they go on from")
    Processes(0, 2, ALONE.device).refuse_different(15, "nothing")
    assert written == [0]


def test_what_one_process_does_alone_refuses_several() -> None:
    ALONE.refuse_several()
    with pytest.raises(ToolchainError, match="2 processes were started"):
        Processes(0, 2, ALONE.device).refuse_several()


def test_a_model_is_on_the_device_for_the_length_of_a_block() -> None:
    moved: list[str] = []

    class Model(torch.nn.Module):
        def to(self, device: Any) -> "Model":  # type: ignore[override]
            moved.append(str(device))
            return self

    with on_device(Model(), ALONE.device):
        assert torch.zeros(1).device.type == "cpu"
    assert moved == []
    with on_device(Model(), torch.device("meta")):
        assert (torch.zeros(1).device.type, torch.tensor([1]).device.type) == ("meta", "meta")
    assert moved == ["meta", "cpu"]


def _environment(cache: Path) -> dict[str, str]:
    own = {"TANDEM_CACHE": str(cache), "TANDEM_BASE": NAME, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    return os.environ | own | {"PYTHONPATH": str(paths.REPOSITORY)}


def _train(cache: Path, out: Path, launcher: Sequence[str], *more: str) -> tuple[dict[str, Any], str]:
    """The log of `train lora`, and what went to standard output."""
    command = [sys.executable, *launcher, "-m", "toolchain.cli", "train", "lora", "summarize"]
    recipe = ("--recipe", paths.DEFAULT_BASE)
    done = subprocess.run(
        [*command, *recipe, *OPTIONS, *more, "--out", str(out)],
        env=_environment(cache),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    log: dict[str, Any] = json.loads((out / "training_log.json").read_text(encoding="utf-8"))
    return log, done.stdout


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with a tiny base in it."""
    folder = tmp_path_factory.mktemp("several")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TANDEM_CACHE", str(folder / "cache"))
        patch.setenv("TANDEM_BASE", NAME)
        import_base(write_tiny(folder / "llama", "llama"), NAME, 120, 8, lambda _line: None)
    return folder / "cache"


# Port 0: one that is free.
_TWO = ("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--mixed_precision", "no", "--main_process_port", "0")  # fmt: skip


def test_two_processes_give_the_loss_curve_of_one(cache: Path, tmp_path: Path) -> None:
    alone, _ = _train(cache, tmp_path / "alone", ())
    together, said = _train(cache, tmp_path / "together", _TWO, "--gradient-checkpointing")
    assert len(together["losses"]) == 6
    # The sums are taken in another order; nothing else differs.
    assert together["losses"] == pytest.approx(alone["losses"], rel=1e-4)
    last = max(alone["validation_losses"], key=int)
    assert together["validation_losses"][last] == pytest.approx(alone["validation_losses"][last], rel=1e-4)
    assert together["losses"][0] != pytest.approx(together["losses"][-1], rel=1e-2), (
        "it must learn for this to mean anything"
    )
    one, other = read_adapter(tmp_path / "alone"), read_adapter(tmp_path / "together")
    for name, tensor in one.tensors.items():
        assert other.tensors[name] == pytest.approx(tensor, abs=2e-3)
    assert json.loads(said)["adapter_sha256"] == together["adapter_sha256"], "one process speaks for both"
    assert not list((cache / "bases" / NAME).rglob("*.pt")), "the checkpoint goes once the adapter is written"


ASKED = ("summarize+es", "reply+fr", "summarize+witty")
EVALUATE = ("-m", "toolchain.cli", "evaluate", "--methods", "zero-shot", "--compositions", ",".join(ASKED), "--limit", "3")  # fmt: skip


def _evaluate(cache: Path, out: Path, launcher: Sequence[str] = ()) -> tuple[dict[str, Any], bytes, bytes]:
    """Both result files of an evaluation that ran to its end, without the checkout's commit, which others may change between two runs."""
    command = [sys.executable, *launcher, *EVALUATE, "--out", str(out)]
    done = subprocess.run(command, env=_environment(cache), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("| zero-shot |") == len(ASKED), "one process prints the tables"
    if launcher:
        assert 0 < done.stderr.count(": answered in ") < len(_cells(cache)), (
            "the first, which speaks, answers its share"
        )
    first, rows = out.read_bytes().split(b"\n", 1)
    meta: dict[str, Any] = json.loads(first)
    assert meta.pop("git_commit")
    return meta, rows, answers_path(out).read_bytes()


def _kill_after_cells(cache: Path, out: Path, least: int) -> None:
    """Begin an evaluation and kill it, in whatever it does, once so many cells are kept."""
    command = [sys.executable, *EVALUATE, "--out", str(out)]
    with subprocess.Popen(command, env=_environment(cache), stderr=subprocess.DEVNULL) as running:
        while len(_cells(cache)) < least:
            assert running.poll() is None, "it must still be at work when it is killed"
        running.kill()


def _cells(cache: Path) -> list[Path]:
    return sorted((cache / "bases" / NAME / "cells").glob("*.json"))


def _forget(cache: Path) -> None:
    for path in _cells(cache):
        path.unlink()


def test_an_evaluation_that_is_killed_or_shared_makes_the_same_result_files(cache: Path, tmp_path: Path) -> None:
    whole = _evaluate(cache, tmp_path / "whole.jsonl")
    every = [path.name for path in _cells(cache)]
    _forget(cache)
    _kill_after_cells(cache, tmp_path / "killed.jsonl", least=3)
    assert 0 < len(_cells(cache)) < len(every), "the kill must leave something to do"
    assert _evaluate(cache, tmp_path / "killed.jsonl") == whole
    _forget(cache)
    assert _evaluate(cache, tmp_path / "shared.jsonl", _TWO) == whole
    assert [path.name for path in _cells(cache)] == every
