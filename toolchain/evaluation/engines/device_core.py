"""`tandem run --json` as a child process: conversations in, answers with their statistics out."""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from toolchain.data.pairs import Pair
from toolchain.errors import ToolchainError
from toolchain.evaluation.engines.engine import Answer
from toolchain.hashing import sha256_file

STATISTICS = ("load_ms", "compose_ms", "prefill_ms", "decode_ms", "prompt_tokens", "generated_tokens", "peak_rss_bytes")
_WARM_UP = json.dumps({"id": None, "text": "Hello."}) + "\n"


@dataclass(frozen=True)
class Run:
    """What to run: a bundle, the base beside it, the main task, the other tasks (comma-separated, or `none`) and the mode."""

    bundle: Path
    base: Path
    task: str
    into: str
    mode: str


@dataclass(frozen=True)
class DeviceCore:
    """The built command line of the device core."""

    program: Path

    def sha256(self) -> str:
        """Hash of the program.

        Raises:
            ToolchainError: it is not built.
        """
        if not self.program.is_file():
            raise ToolchainError(f"{self.program} is missing: run `make build`")
        return sha256_file(self.program)

    def answers(self, run: Run, pairs: Sequence[Pair], warm_up: bool = False) -> Iterator[tuple[str, Answer]]:
        """(pair id, answer) as the core finishes them; `warm_up` answers a word first, so that no pair pays for a cold start.

        Raises:
            ToolchainError: the core refused the bundle or an input, or failed.
        """
        command = [self.program, "run", "--json", "--bundle", run.bundle, "--base", run.base]
        command += ["--task", run.task, "--into", run.into, "--mode", run.mode]
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8") as lines,
            tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
        ):
            lines.write(_WARM_UP if warm_up else "")
            lines.writelines(json.dumps(_line(pair), ensure_ascii=False) + "\n" for pair in pairs)
            lines.seek(0)
            process = subprocess.Popen(
                list(map(str, command)), stdin=lines, stdout=subprocess.PIPE, stderr=errors, encoding="utf-8"
            )
            try:
                yield from self._read(process, pairs, warm_up)
            finally:
                process.kill()
                process.wait()
                if process.stdout:
                    process.stdout.close()
            errors.seek(0)
            self._refuse_failure(process.returncode, errors.read())

    def _read(
        self, process: "subprocess.Popen[str]", pairs: Sequence[Pair], warm_up: bool
    ) -> Iterator[tuple[str, Answer]]:
        waiting = [*([None] if warm_up else []), *(pair.id for pair in pairs)]
        for line in process.stdout or ():
            row = self._row(line)
            if not waiting or row.get("id") != waiting.pop(0):
                raise ToolchainError(f"{self.program} answered what it was not asked: run `make build`")
            if row["id"] is None:
                continue
            if error := row.get("error"):
                raise ToolchainError(f"{self.program} refused conversation {row['id']}: {error['message']}")
            if row.get("finish_reason") == "cancelled":
                raise ToolchainError(
                    f"{self.program} was stopped in conversation {row['id']}: run the same command again"
                )
            yield row["id"], Answer(row["text"], {name: float(row[name]) for name in STATISTICS})
        if process.wait() == 0 and waiting:
            raise ToolchainError(f"{self.program} left conversations unanswered: run `make build`")

    def _row(self, line: str) -> dict[str, Any]:
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise ToolchainError(f"{self.program} printed a line that is no JSON object: run `make build`")
        return row

    def _refuse_failure(self, code: int, errors: str) -> None:
        if code:
            last = next(reversed(errors.strip().splitlines()), "no message")
            raise ToolchainError(f"{self.program} ended with exit code {code}: {last}")


def _line(pair: Pair) -> dict[str, Any]:
    if isinstance(pair.source, str):
        return {"id": pair.id, "text": pair.source}
    messages = [asdict(message) for message in pair.source]
    return {"id": pair.id, "conversation": messages} | (
        {"reply_speaker": pair.reply_speaker} if pair.reply_speaker else {}
    )
