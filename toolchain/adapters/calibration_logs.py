"""The logs beside calibrations: which files they are of, and under which licences adapters are that they were trained beside."""

from collections.abc import Mapping
from pathlib import Path

from toolchain.adapters.adapter_logs import stated_licences
from toolchain.data.benchmark import UNSTATED
from toolchain.errors import ToolchainError
from toolchain.hashing import sha256_file
from toolchain.log_file import logged, logged_texts
from toolchain.tasks import Composition


def refuse_log_of_another(calibration: Path, log: Path, composition: Composition) -> None:
    """See that the log of a composition's calibration names the file that is there; one of a main task names that of each composition.

    Raises:
        ToolchainError: it names another or none, or is damaged.
    """
    of_it, found = _named(log, composition), sha256_file(calibration)
    remedy = "restore both, or train the calibration again"
    if not of_it:
        raise ToolchainError(
            f"{log} does not say by its hash which calibration it is of, as {calibration} needs: {remedy}"
        )
    if of_it != found:
        raise ToolchainError(f"{log} is of a calibration with the hash {of_it}, {calibration} has {found}: {remedy}")


def licences_beside(composition: Composition, goes_on_from: Mapping[Path, Path]) -> list[str]:
    """The licences that a composition's adapters state, and those in the logs of what its calibration goes on from, {calibration: log}.

    Where such a log is missing or of another calibration, they are not known: UNSTATED.

    Raises:
        ToolchainError: a log is damaged, or one beside an adapter is of another.
    """
    found = set(stated_licences(composition.ids))
    for calibration, log in goes_on_from.items():
        is_of_it = _named(log, composition) == sha256_file(calibration)
        found.update(logged_licences_beside(log) if is_of_it else [UNSTATED])
    return sorted(found)


def logged_licences_beside(log: Path) -> list[str]:
    """The licences of adapters, as a calibration's log says them; none where they are all ours.

    Raises:
        ToolchainError: the log is damaged.
    """
    return logged_texts(log, "a calibration", "adapter_licences", "restore it, or train the calibration again")


def _named(log: Path, composition: Composition) -> str | None:
    named = logged(log, "a calibration").get("calibration_sha256")
    of_it = named.get(composition.name) if isinstance(named, dict) else named
    return of_it if isinstance(of_it, str) else None
