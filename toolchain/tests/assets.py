"""Random adapters, calibrations and made-up targets of the tiny base, written where committed ones would be."""

from dataclasses import replace

import numpy as np

from toolchain import paths
from toolchain.adapters.calibration_file import Calibration, Entry, write_calibration
from toolchain.adapters.corrections import CalibrationMethod
from toolchain.adapters.files import adapter_hash, write_adapter
from toolchain.adapters.linears import adapted_linears
from toolchain.adapters.methods.calibrated import calibration_path
from toolchain.data.benchmark import Split, conversations
from toolchain.data.teacher_targets import Target, write_targets
from toolchain.tasks import Composition
from toolchain.tests.tiny import SPECIFICATION, random_adapter, tiny_model


def put_adapters(composition: Composition) -> None:
    """One random adapter for each task, of the same rank."""
    for seed, task in enumerate(composition.ids):
        write_adapter(paths.ADAPTERS / task, random_adapter(seed), "tiny")


def put_calibration(
    composition: Composition,
    method: CalibrationMethod,
    base_sha256: str = SPECIFICATION.sha256,
    committed_as: str | None = None,
) -> None:
    """A random calibration that belongs to the adapters that are there, where `evaluate` looks for it."""
    random = np.random.default_rng(0)
    linears = {name.rsplit(".", 1)[1]: linear for name, linear in adapted_linears(tiny_model())}
    entries = []
    for module, linear in linears.items():
        p1, p2 = random.standard_normal((4, linear.in_features)), random.standard_normal((linear.out_features, 4)) / 10
        if method is CalibrationMethod.LC:
            entries.append(Entry(0, 2, module, p=p2[:, 0]))
        else:
            entries.append(Entry(0, 2, module, p1=p1, p2=p2))
        if method in (CalibrationMethod.LC_PLUS_PLUS_W, CalibrationMethod.LC_PLUS_PLUS_D):
            weights = random.uniform(0, 1, (3, len(composition.ids)))
            entries += [Entry(layer, layer, module, weights=row) for layer, row in enumerate(weights)]
    hashes = {task: adapter_hash(paths.ADAPTERS / task) for task in composition.ids}
    calibration = Calibration(method, composition.name, base_sha256, hashes, tuple(entries))
    write_calibration(calibration_path(composition, committed_as or method), calibration)


def put_targets(composition: Composition) -> None:
    """References of a composition of three tasks, the last one empty, and targets of a teacher, every second one empty, as if adapters had made
    them.
    """
    splits = (Split.CALIBRATION, Split.VALIDATION, Split.TEST)
    ids = {split: [item.id for item in conversations(split)] for split in splits}
    _, written, *left = composition.ids
    references = [Target(name, written, tuple(left), f"on {name}") for split in splits for name in ids[split]]
    teacher = [Target(name, "en", composition.ids[1:], f"on {name}", "a joke") for name in ids[Split.CALIBRATION]]
    empty = [replace(target, source="paraphrase", text="") for target in teacher]
    write_targets(composition, [*references[:-1], replace(references[-1], text=""), *teacher, *empty])
