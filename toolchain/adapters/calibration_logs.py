"""The logs beside calibrations: which files they are of."""

from pathlib import Path

from toolchain.errors import ToolchainError
from toolchain.hashing import sha256_file
from toolchain.log_file import logged
from toolchain.tasks import Composition


def refuse_log_of_another(calibration: Path, log: Path, composition: Composition) -> None:
    """See that the log of a composition's calibration names the file that is there; one of a main task names that of each composition.

    Raises:
        ToolchainError: it names another or none, or is damaged.
    """
    named = logged(log, "a calibration").get("calibration_sha256")
    of_it = named.get(composition.name) if isinstance(named, dict) else named
    remedy = "restore both, or train the calibration again"
    if not of_it:
        raise ToolchainError(
            f"{log} does not say by its hash which calibration it is of, as {calibration} needs: {remedy}"
        )
    if of_it != (found := sha256_file(calibration)):
        raise ToolchainError(f"{log} is of a calibration with the hash {of_it}, {calibration} has {found}: {remedy}")
