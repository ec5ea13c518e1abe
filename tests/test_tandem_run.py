"""End to end on the real base: a bundle that Python exported gives Spanish from `tandem run`."""

import json
from pathlib import Path

import pytest
from conftest import Run, require_program
from conversations import as_input, held_out

from toolchain.evaluation.metrics import LinguaDetector

SUMMARISE = ("--task", "summarize", "--into", "es")
STATISTICS = {
    "id", "text", "mode", "task", "into", "finish_reason", "prompt_tokens", "generated_tokens", "left_out_messages", "input_truncated",
    "load_ms", "compose_ms", "prefill_ms", "decode_ms", "steps", "peak_rss_bytes",
}  # fmt: skip


def test_calibrated_answers_are_spanish_with_all_statistics(run_tandem: Run, bundle: Path) -> None:
    sources = held_out(6)
    done = run_tandem("run", "--bundle", bundle, *SUMMARISE, "--json", lines=[as_input(item) for item in sources])
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == [item.id for item in sources]
    for answer in answers:
        assert answer.keys() >= STATISTICS
        assert answer["mode"] == "calibrated"
        assert LinguaDetector().detect(answer["text"]) == "es", answer["text"]
        assert answer["peak_rss_bytes"] <= 1.3e9
        assert answer["prompt_tokens"] > 0
    assert answers[0]["compose_ms"] > 0
    assert all(answer["compose_ms"] == 0 for answer in answers[1:]), "a second use in the same process composes nothing"


@pytest.mark.parametrize(("mode", "steps"), [("calibrated", 1), ("merge", 1), ("two-step", 2), ("zero-shot", 1)])
def test_every_mode_runs_and_says_so(run_tandem: Run, bundle: Path, mode: str, steps: int) -> None:
    done = run_tandem(
        "run",
        "--bundle",
        bundle,
        *SUMMARISE,
        "--mode",
        mode,
        "--json",
        "--max-tokens",
        24,
        lines=[as_input(held_out(1)[0])],
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["mode"] == mode
    assert len(answer["steps"]) == steps
    assert answer["generated_tokens"] <= 24 * steps


def test_it_works_with_the_network_cut(run_tandem: Run, bundle: Path) -> None:
    require_program("unshare", "-rn", "true")
    lines = [as_input(held_out(1)[0])]
    cut = run_tandem("run", "--bundle", bundle, *SUMMARISE, "--json", lines=lines, prefix=("unshare", "-rn"))
    assert cut.returncode == 0, cut.stderr
    connected = run_tandem("run", "--bundle", bundle, *SUMMARISE, "--json", lines=lines)
    assert json.loads(cut.stdout)["text"] == json.loads(connected.stdout)["text"]


def test_no_socket_is_ever_opened(run_tandem: Run, bundle: Path) -> None:
    require_program("strace", "-qq", "-o", "/dev/null", "true")
    traced = ("strace", "-f", "-qq", "-e", "trace=socket,connect", "-o", "/dev/stderr")
    done = run_tandem(
        "run", "--bundle", bundle, *SUMMARISE, "--max-tokens", 4, lines=[as_input(held_out(1)[0])], prefix=traced
    )
    assert done.returncode == 0, done.stderr
    assert "AF_INET" not in done.stderr


def test_a_refused_input_is_told_and_the_run_goes_on(run_tandem: Run, bundle: Path) -> None:
    good = as_input(held_out(1)[0])
    done = run_tandem(
        "run",
        "--bundle",
        bundle,
        *SUMMARISE,
        "--max-tokens",
        4,
        "--json",
        lines=[{"id": "empty", "conversation": []}, good],
    )
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert done.returncode == 5
    assert first["id"] == "empty"
    assert first["error"]["kind"] == "input-empty"
    assert second["text"]


def test_a_conversation_longer_than_the_context_is_shortened_and_says_so(run_tandem: Run, bundle: Path) -> None:
    messages = as_input(held_out(1)[0])["conversation"] * 60
    done = run_tandem(
        "run",
        "--bundle",
        bundle,
        *SUMMARISE,
        "--max-tokens",
        4,
        "--json",
        lines=[{"id": "long", "conversation": messages}],
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert 0 < answer["left_out_messages"] < len(messages)
    assert answer["prompt_tokens"] <= json.loads((bundle / "manifest.json").read_text())["text"]["max_prompt_tokens"]


def test_the_disk_does_not_grow(run_tandem: Run, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    done = run_tandem("run", "--bundle", bundle, *SUMMARISE, "--max-tokens", 4, lines=[as_input(held_out(1)[0])])
    assert done.returncode == 0, done.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
