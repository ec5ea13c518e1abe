"""JSON Lines that grow while their records are made, and go on growing where a killed run has left them."""

import fcntl
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO, TypeVar

from toolchain.errors import ToolchainError, refused_of
from toolchain.text_file import file_bytes

Record = dict[str, Any]
_BEGINNING = b'{"id": "'
"""Of every record."""


class Identified(Protocol):
    """What a record is made of."""

    @property
    def id(self) -> str:
        """No two items of a file have the same one."""
        ...


Item = TypeVar("Item", bound=Identified)


@dataclass(frozen=True)
class RecordFile:
    """One record a line, each with its `id`; `made_by` is the command that makes the file, for messages.

    Half a record at the end is what a killed run has left: readers do not see it, and the next run cuts it off.
    """

    path: Path
    made_by: str

    def read(self) -> list[Record]:
        """All whole records.

        Raises:
            ToolchainError: the file is missing or damaged.
        """
        whole, _ = self._content()
        return self._records(whole)

    def complete(
        self,
        items: Sequence[Item],
        shared: Record,
        make: Callable[[Sequence[Item]], Iterable[Record]],
        batch_size: int,
        progress: Callable[[str], None],
        tell_left: Callable[[Sequence[Item]], None] = lambda _left: None,
    ) -> int:
        """Append the records of those `items` that have none yet, in the order of `items`; returns how many were made.

        `tell_left` is given those before the first is made.

        `make` gives at most one record for each item of a batch, and those that it gives before an error are kept; what depends on no
        item is `shared` by all records. Batches are cut from all items, not from those that are left: an item stands among the same
        neighbours in whichever run it is made (a batched sum may differ in its last bit from another batch's), so that a run killed at
        any moment and started again ends with the same file.

        Raises:
            ToolchainError: the file is damaged or something else, another process is writing it, or its records do not share what these would;
            it is left as it is.
        OSError: the file cannot be written.
        """
        if self.path.exists() and not self.path.is_file():
            kind = "a directory" if self.path.is_dir() else "a pipe or a device"
            raise ToolchainError(f"{self.path} is {kind}: give another --out, the name of a file")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        made = 0
        with refused_of(self.path), self.path.open("a", encoding="utf-8") as stream:
            self._refuse_other_writers(stream)
            there = {record["id"] for record in self._to_go_on_with(shared)}
            left = [item for item in items if item.id not in there]
            tell_left(left)
            done = len(items) - len(left)
            for start in range(0, len(items), batch_size):
                batch = items[start : start + batch_size]
                if all(item.id in there for item in batch):
                    continue
                progress(f"{self.path.name}: {done + made} of {len(items)}")
                for record in make(batch):
                    if record["id"] not in there:
                        stream.write(json.dumps(record | shared, ensure_ascii=False) + "\n")
                        made += 1
                stream.flush()
        return made

    def _refuse_other_writers(self, stream: TextIO) -> None:
        """Two runs that add to one file would add everything twice; the lock goes with the stream, and with a run that is killed."""
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ToolchainError(
                f"{self.path} is being written by another process: wait for it, or give another --out"
            ) from None

    def _to_go_on_with(self, shared: Record) -> list[Record]:
        whole, torn = self._content()
        records = self._records(whole)
        all_there = [*records, *self._last(torn)]
        for key, value in shared.items():
            if other := [record for record in all_there if record.get(key) != value]:
                raise ToolchainError(
                    f"{self.path} holds records whose {key} is {other[0].get(key)!r}, not {value!r}: "
                    "move it away, or give another --out"
                )
        with self.path.open("r+b") as stream:
            stream.truncate(len(whole))
        return records

    def _content(self) -> tuple[bytes, bytes]:
        """The whole lines, and what stands behind them."""
        content = file_bytes(self.path, f"make it with `{self.made_by}`")
        end = content.rfind(b"\n") + 1
        return content[:end], content[end:]

    def _records(self, lines: bytes) -> list[Record]:
        # Not splitlines: a text may hold U+2028, which is no line end of JSON Lines.
        try:
            records = [json.loads(line) for line in lines.decode("utf-8").split("\n")[:-1]]
        except (ValueError, RecursionError):
            records = [None]
        if not all(isinstance(record, dict) and isinstance(record.get("id"), str) for record in records):
            raise ToolchainError(f"{self.path} is not JSON Lines of records: move it away and make it again")
        return records

    def _last(self, torn: bytes) -> list[Record]:
        """The record behind the last line end if it is whole; none if it is half of one. Anything else is not ours to cut off."""
        if not (torn.startswith(_BEGINNING) or _BEGINNING.startswith(torn)):
            raise ToolchainError(f"{self.path} does not end in a record: move it away, or give another --out")
        try:
            record = json.loads(torn)
        except (ValueError, RecursionError):
            return []
        return [record]
