"""What a calibration is trained and validated on: the benchmark's references, or targets that carry their own conversations."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolchain import paths
from toolchain.data.benchmark import FURTHER_CONVERSATIONS, OURS, Split, foreign_licences, further_licences, licences
from toolchain.data.held_out import refuse_held_out, refuse_said_in
from toolchain.data.pairs import Pair, composition_pairs, further_pairs, target_files
from toolchain.data.target_records import read_target_records, target_pairs
from toolchain.errors import ToolchainError
from toolchain.log_file import logged
from toolchain.tasks import Composition

_DESCRIBED = ("source", "licence", "teacher")


@dataclass(frozen=True)
class CalibrationData:
    """`described` is what the log says of it; `files` are those that were read beside the benchmark's, for their hashes."""

    training: Sequence[Pair]
    validation: Sequence[Pair]
    described: dict[str, Any]
    files: list[Path] = field(default_factory=list)

    @property
    def licences(self) -> list[str]:
        """Those of the targets, of the further conversations and of the benchmark."""
        of_targets = self.described.get("targets", {}).get("licence", ())
        return [*of_targets, *self.described.get("further_licence", ()), *licences()]


def benchmark_data(composition: Composition, teacher: Sequence[Pair] = (), *, further: bool = False) -> CalibrationData:
    """The calibration split, and the teacher's targets for it, validated on the validation split; with `further` the benchmark's further
    conversations as well.

    Raises:
        ToolchainError: a file is missing or damaged; a further conversation is one of a split, which may be held out, or an adapter's.
    """
    more = further_pairs(composition) if further else []
    path = paths.BENCHMARK / FURTHER_CONVERSATIONS
    if more:
        spoken = ((f"{path}: {pair.id}", pair.source) for pair in more if not isinstance(pair.source, str))
        refuse_said_in(Split, spoken, "take it out of there")
    return CalibrationData(
        [*composition_pairs(composition, Split.CALIBRATION), *more, *teacher],
        composition_pairs(composition, Split.VALIDATION),
        {"of_which_teacher": len(teacher), "benchmark_licence": foreign_licences(Split.CALIBRATION)}
        | ({"of_which_further": len(more), "further_licence": further_licences()} if further else {}),
        [*target_files([composition], with_teacher=bool(teacher)), *([path] if further else [])],
    )


def target_data(composition: Composition, path: Path, command: str) -> CalibrationData:
    """The targets of one file (`data two-step`, `data targets`), and none of the benchmark's references; `command` makes one, for messages.

    Raises:
        ToolchainError: the file is missing, damaged, another composition's, of other adapters, has nothing to train on, or would train on a
            conversation that the benchmark holds out.
    """
    records = read_target_records(path, composition, command)
    training = target_pairs(records, Split.CALIBRATION)
    if not training:
        raise ToolchainError(f"{path} holds no target to train on: none of its dialogues is of the calibration split")
    refuse_held_out((pair.id, pair.source) for pair in training if not isinstance(pair.source, str))
    described = {key: sorted({str(record.get(key)) for record in records}) for key in _DESCRIBED}
    validation = target_pairs(records, Split.VALIDATION)
    return CalibrationData(training, validation, {"targets": {"file": path.name, **described}}, [path])


def logged_targets(*logs: Path) -> dict[str, list[str]]:
    """`source`, `licence` and `teacher` of the targets, and the licences of the benchmark and of further conversations, that calibrations with
    these logs, or those that they went on from, were trained on; empty for our own.

    Raises:
        ToolchainError: a log is damaged.
    """
    found: dict[str, set[str]] = {key: set() for key in _DESCRIBED}
    for path in logs:
        try:
            log = logged(path, "a calibration")
            for targets in (log.get("targets", {}), log.get("start_targets", {})):
                for key, values in found.items():
                    values.update(map(str, targets.get(key, ())))
            for of_ours in ("benchmark_licence", "further_licence"):
                found["licence"] |= {*map(str, log.get(of_ours, ()))} - {OURS}
        except (AttributeError, TypeError):
            raise ToolchainError(
                f"{path} is no log of a calibration: restore it, or train the calibration again"
            ) from None
    return {key: sorted(values) for key, values in found.items()}
