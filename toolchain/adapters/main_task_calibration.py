"""LC++S: one P2·P1 for all compositions of a main task, trained on the data of all of them, each row of a batch beside its own merge.

Every conversation is seen with as many targets as there are auxiliary tasks, in as many words and languages: what they have in common is
what is to be said, which a calibration on the few conversations of one composition learns by heart instead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

import torch

from toolchain.adapters.adapter_logs import stated_licences
from toolchain.adapters.calibration_data import CalibrationData
from toolchain.adapters.calibration_file import Calibration, write_calibration
from toolchain.adapters.corrections import CalibrationMethod, attach
from toolchain.adapters.examples import Example, encode_pairs, weighted_ends
from toolchain.adapters.files import adapter_hashes
from toolchain.adapters.processes import launched
from toolchain.adapters.quantised_activations import quantise_activations
from toolchain.adapters.row_merge import merge_by_row
from toolchain.adapters.training import Schedule, checkpoint_path, finish, train
from toolchain.base_model.load import LoadedBase
from toolchain.data.pairs import Pair
from toolchain.hashing import sha256_file
from toolchain.provenance import made_with, peak_memory
from toolchain.tasks import Composition

METHOD = CalibrationMethod.LC_PLUS_PLUS_S


def train_for_main_task(
    base: LoadedBase, main: str, schedule: Schedule, folder: Path, data: Mapping[Composition, CalibrationData]
) -> dict[str, Any]:
    """Train on the `data` of all compositions of `main` over the exported fp16 adapters.

    Writes the same tensors as a calibration file for each composition, and their log as `<main>.json` beside them; returns the log.

    Raises:
        NotFinite: a loss is not, or fp16 does not hold what was trained.
        ToolchainError: an adapter is missing, damaged or of another base, or a log beside it is damaged or of another.
    """

    def encoded(pairs: Mapping[Composition, Sequence[Pair]]) -> dict[Composition, list[Example]]:
        return {item: encode_pairs(base, item.prompt, of_it) for item, of_it in pairs.items()}

    tasks = tuple(dict.fromkeys(chain(*(item.ids for item in data))))
    hashes = adapter_hashes(tasks)
    licences = stated_licences(tasks)
    made = made_with(sorted({path for of_it in data.values() for path in of_it.files}))
    training = encoded({item: of_it.training for item, of_it in data.items()})
    if schedule.end_weight != 1:
        training = {item: weighted_ends(base, of_it, schedule.end_weight) for item, of_it in training.items()}
    validation = encoded({item: of_it.validation for item, of_it in data.items()})
    torch.manual_seed(schedule.seed)
    corrections = attach(base.model, METHOD)
    merge_by_row(base.model, {item: [*training[item], *validation[item]] for item in data}, tasks)
    if schedule.quantised_activations:
        quantise_activations(base.model)
    checkpoint = checkpoint_path(f"{main}-{METHOD}", *base.specification.identity.values(), schedule, hashes)
    parameters = dict(corrections.named_parameters())
    examples, measured = list(chain(*training.values())), list(chain(*validation.values()))
    log = train(base.model, parameters, examples, measured, schedule, checkpoint, lambda _training: None)
    entries = corrections.entries(base.model.config.num_hidden_layers)

    paths = {item: folder / f"{item.name}.safetensors" for item in data}

    def write() -> None:
        for item, path in paths.items():
            own = {task: hashes[task] for task in item.ids}
            calibration = Calibration(
                METHOD, item.name, adapter_sha256=own, entries=entries, **base.specification.identity
            )
            write_calibration(path, calibration)

    launched().by_the_first(write)
    content = {
        "main_task": main,
        "compositions": [item.name for item in data],
        "method": METHOD,
        "parameters": sum(parameter.numel() for parameter in parameters.values()),
        **base.specification.identity,
        "adapter_sha256": hashes,
        # Only the first has written them, and only its log is written.
        "calibration_sha256": {item.name: sha256_file(path) for item, path in paths.items() if launched().first},
        "adapter_licences": licences,
        "training_pairs": len(examples),
        "of_which_teacher": sum(of_it.described["of_which_teacher"] for of_it in data.values()),
        "benchmark_licence": sorted(
            {licence for of_it in data.values() for licence in of_it.described["benchmark_licence"]}
        ),
        "validation_pairs": len(measured),
        "schedule": asdict(schedule),
        "peak_rss_bytes": peak_memory(),
        **made,
        **asdict(log),
    }
    finish(folder / f"{main}.json", content, checkpoint)
    return content
