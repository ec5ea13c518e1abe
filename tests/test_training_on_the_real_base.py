"""Twenty short steps on the real base: the loss falls."""

from pathlib import Path

from toolchain.adapters.corrections import CalibrationMethod, attach, merge_into
from toolchain.adapters.examples import encode_pairs
from toolchain.adapters.files import read_adapter
from toolchain.adapters.training import Precision, Schedule, train
from toolchain.base_model.load import load_base
from toolchain.base_model.specification import BaseSpecification
from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs
from toolchain.tasks import Composition


def test_twenty_steps_of_calibration_lower_the_loss(base: BaseSpecification, bundle: Path, tmp_path: Path) -> None:
    loaded, composition = load_base(base), Composition.parse("summarize+es")
    shortest = sorted(
        encode_pairs(loaded, composition.prompt, composition_pairs(composition, Split.CALIBRATION)),
        key=lambda item: item.length,
    )[:8]
    merge_into(loaded.model, [read_adapter(bundle / "adapters" / task) for task in composition.ids])
    corrections = attach(loaded.model, CalibrationMethod.LC_PLUS_PLUS)
    schedule = Schedule(
        steps=20,
        batch_size=2,
        learning_rate=3e-3,
        warmup_steps=2,
        evaluate_every=20,
        precision=Precision.BF16.where_it_helps(),
    )
    log = train(
        loaded.model,
        dict(corrections.named_parameters()),
        shortest,
        [],
        schedule,
        tmp_path / "checkpoint.pt",
        lambda _training: None,
    )
    assert sum(log.losses[-4:]) < 0.8 * sum(log.losses[:4])
