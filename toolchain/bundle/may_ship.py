"""Whether the licences of what a bundle is made of let it ship. What is only measured on the device is not asked."""

from collections.abc import Sequence

from toolchain import paths
from toolchain.adapters.adapter_logs import refuse_logs_of_other_weights, stated_licence, texts_licences
from toolchain.adapters.calibration_data import logged_targets
from toolchain.adapters.calibration_logs import logged_licences_beside, refuse_log_of_another
from toolchain.adapters.files import IMPORT_LOG, LOG_FILE
from toolchain.adapters.methods.calibrated import calibration_log_path, calibration_path
from toolchain.data.benchmark import UNSTATED, licences
from toolchain.data.licences import forbidding
from toolchain.errors import ToolchainError
from toolchain.recommendations import shipped_calibration
from toolchain.tasks import Composition


def refuse_what_may_not_ship(compositions: Sequence[Composition]) -> None:
    """See that no licence of the benchmark, of an adapter, of a calibration's targets or of what it was trained beside forbids to ship these.

    Raises:
        ToolchainError: one does, or a log is damaged, of another adapter or calibration than the one beside it, or missing beside a calibration.
    """
    if licence := forbidding(licences()):
        found = "whose licence is not stated" if licence == UNSTATED else f"under {licence}"
        raise ToolchainError(f"{paths.BENCHMARK} has data {found}: what is trained on it may not ship")
    for task in sorted({task for composition in compositions for task in composition.ids}):
        refuse_logs_of_other_weights(task)
        log = paths.ADAPTERS / task / IMPORT_LOG
        stated = stated_licence(log)
        licence = forbidding([stated] if stated else [])
        _refuse(licence, f"{log} says that the adapter is under {licence}", "import another one")
        log = paths.ADAPTERS / task / LOG_FILE
        licence = forbidding(texts_licences(log))
        _refuse(licence, f"{log} says that the adapter was trained on texts under {licence}", "train it on others")
    for composition in compositions:
        method = shipped_calibration(composition)
        calibration, log = calibration_path(composition, method), calibration_log_path(composition, method)
        if calibration.is_file() and not log.is_file():
            raise ToolchainError(
                f"{log} is missing, so it is not known under which licences the targets of {calibration} are: restore it, or train the "
                "calibration again"
            )
        if calibration.is_file():
            refuse_log_of_another(calibration, log, composition)
        licence = forbidding(logged_targets(log)["licence"])
        _refuse(
            licence, f"{log} says that the calibration was trained on targets under {licence}", "train it on others"
        )
        licence = forbidding(logged_licences_beside(log))
        found = f"{log} says that the calibration was trained beside an adapter under {licence}"
        remedy = "train it beside others"
        if licence == UNSTATED:
            found = (
                f"{log} says that the calibration goes on from one whose log does not tell the licences of its adapters"
            )
            remedy = "train that one again, then this"
        _refuse(licence, found, remedy)


def _refuse(licence: str | None, found: str, remedy: str) -> None:
    if licence:
        raise ToolchainError(f"{found}, so it may not ship: {remedy}, or leave it out with --only")
