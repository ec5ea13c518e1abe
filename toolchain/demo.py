"""`toolchain demo`: the device core summarises a sample in Spanish, streamed; beside it what the plain merge and the two-step way give."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from toolchain import paths
from toolchain.errors import ToolchainError

SAMPLES = paths.ASSETS / "samples" / "conversations.json"
_MAIN, _INTO = "summarize", "es"
_COMPARED = {"merge": "plain merge of the two adapters", "two-step": "two passes, summarise then translate"}


def run_demo(tandem: Path, bundle: Path) -> None:
    """Verify the bundle, then run the sample in every way.

    Raises:
        ToolchainError: the device core is not built, or refuses something (it has said why on stderr).
    """
    if not tandem.is_file():
        raise ToolchainError(f"{tandem} is missing: run `make build`")
    sample = json.loads(SAMPLES.read_text(encoding="utf-8"))[0]
    line = json.dumps({key: sample[key] for key in ("id", "conversation", "reply_speaker")}, ensure_ascii=False)
    _checked([tandem, "verify", "--bundle", bundle], None)
    _title("The conversation")
    print("\n".join(f"  {message['speaker']}: {message['text']}" for message in sample["conversation"]))
    _title("In Spanish, in one pass (calibrated)")
    run = [tandem, "run", "--bundle", bundle, "--task", _MAIN, "--into", _INTO]
    _checked([*run, "--mode", "calibrated"], line)
    answers = {"calibrated": _answer(run, "calibrated", line)}
    for mode, description in _COMPARED.items():
        answers[mode] = _answer(run, mode, line)
        _title(f"{description[0].upper()}{description[1:]} ({mode})")
        print(textwrap.fill(answers[mode]["text"], 100, initial_indent="  ", subsequent_indent="  "))
    _title("Time")
    print(
        f"  {'mode':<12}{'passes':>7}{'compose':>10}{'prefill':>10}{'decode':>10}{'tokens':>8}{'prefill + decode':>18}"
    )
    for mode, answer in answers.items():
        spent = answer["prefill_ms"] + answer["decode_ms"]
        cells = [f"{answer[key]:.0f} ms" for key in ("compose_ms", "prefill_ms", "decode_ms")]
        print(
            f"  {mode:<12}{len(answer['steps']):>7}"
            + "".join(f"{cell:>10}" for cell in cells)
            + f"{answer['generated_tokens']:>8}{spent:>15.0f} ms"
        )
    last = answers["calibrated"]
    print(
        f"\n  load {last['load_ms'] / 1000:.1f} s, peak memory {last['peak_rss_bytes'] / 2**20:.0f} MiB, on this machine's CPU\n"
    )


def _answer(run: list[Any], mode: str, line: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(_checked([*run, "--mode", mode, "--json"], line, capture=True))
    return answer


def _checked(command: list[Any], line: str | None, capture: bool = False) -> str:
    sys.stdout.flush()
    done = subprocess.run(
        list(map(str, command)),
        input=line,
        text=True,
        stdout=subprocess.PIPE if capture else None,
        stderr=subprocess.PIPE if capture else None,
        check=False,
    )
    if done.returncode:
        reason = f": {done.stderr.strip()}" if done.stderr else ""
        raise ToolchainError(f"{' '.join(map(str, command[:2]))} ended with exit code {done.returncode}{reason}")
    return done.stdout or ""


def _title(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")
