"""LC++S beside adapters that are newer than it: what all compositions of a main task share needs no training for one more of them.

What it answers there is to be measured, not taken for granted; LC++F goes on from it.
"""

from dataclasses import replace
from typing import Any

from toolchain.adapters.adapter_logs import stated_licences
from toolchain.adapters.calibration_file import Calibration, read_calibration, write_calibration
from toolchain.adapters.calibration_logs import logged_licences_beside, refuse_log_of_another
from toolchain.adapters.files import adapter_hashes
from toolchain.adapters.main_task_calibration import METHOD
from toolchain.adapters.methods.calibrated import calibration_log_path, calibration_path, training_command
from toolchain.adapters.methods.scope import trained_with
from toolchain.base_model.made_for import refuse_of_another_base
from toolchain.base_model.specification import BaseSpecification
from toolchain.errors import ToolchainError
from toolchain.hashing import sha256_file
from toolchain.log_file import logged, write_log
from toolchain.tasks import Composition, compositions_of


def carry_over(base: BaseSpecification, main: str, seed: int) -> dict[str, Any]:
    """Write the committed LC++S of `main` and a seed for each of its compositions that has none for today's adapters; returns the log.

    The log then names today's adapters, and under `trained_beside` those that it was trained beside, where they were others.

    Raises:
        ToolchainError: there is no such calibration, it is of another base, its log is damaged or of another, every composition has it
            already, or an adapter is missing.
    """
    members = {item: trained_with(item, seed) for item in compositions_of(main)}
    first = next(iter(members.values()))
    log_path, remedy = calibration_log_path(first, METHOD), f"make it with `{training_command(first, METHOD)}`"
    log = logged(log_path, "a calibration", "compositions", "adapter_sha256", "calibration_sha256")
    if not log:
        raise ToolchainError(f"{log_path} is missing, the log of what is to be carried over: {remedy}")
    fields = {"compositions": list, "adapter_sha256": dict, "calibration_sha256": dict}
    if not all(isinstance(log[field], kind) for field, kind in fields.items()):
        raise ToolchainError(f"{log_path} is no log of {METHOD}: {remedy}")
    there: dict[Composition, Calibration] = {}
    for item, kept_as in members.items():
        path = calibration_path(kept_as, METHOD)
        if item.name in log["compositions"]:
            there[item] = read_calibration(path, remedy)
            refuse_of_another_base(path, there[item].made_for, base, "train the calibration again")
            refuse_log_of_another(path, log_path, item)
    if not there:
        raise ToolchainError(f"{log_path} names no composition of {main}: {remedy}")
    hashes = adapter_hashes(dict.fromkeys(task for item in members for task in item.ids))
    own = {item: {task: hashes[task] for task in item.ids} for item in members}
    lacking = [item for item in members if item not in there or there[item].adapter_sha256 != own[item]]
    if not lacking:
        raise ToolchainError(
            f"{log_path.parent} has the calibration of every composition of {main} for the adapters that are there"
        )
    shared = next(iter(there.values()))
    for item in lacking:
        path = calibration_path(members[item], METHOD)
        write_calibration(path, replace(shared, composition=item.name, adapter_sha256=own[item]))
        log["calibration_sha256"][item.name] = sha256_file(path)
    trained_beside = log["adapter_sha256"] | log.get("trained_beside", {})
    log |= {
        "compositions": [item.name for item in members],
        "adapter_sha256": hashes,
        "trained_beside": {task: sha256 for task, sha256 in trained_beside.items() if hashes.get(task) != sha256},
        "adapter_licences": sorted({*logged_licences_beside(log_path), *stated_licences(hashes)}),
    }
    write_log(log_path, log)
    return log
