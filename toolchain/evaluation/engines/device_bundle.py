"""A bundle that holds one adapter under one prompt: how the device core runs a method that is no mode of the exported bundle."""

from pathlib import Path

from toolchain.adapters.files import Adapter, adapter_hash, write_adapter
from toolchain.base_model.specification import BaseSpecification
from toolchain.bundle.export import adapter_alone, finish_bundle
from toolchain.bundle.manifest import ManifestAdapter, ManifestTask
from toolchain.tasks import TaskKind

TASK = "main"
"""The only task of the bundle; its `merge` mode is the adapter alone."""


def write_single_adapter_bundle(folder: Path, base: BaseSpecification, adapter: Adapter, template: str) -> None:
    """Write a bundle, without its base, whose task `TASK` applies `adapter` to `template`."""
    place = f"adapters/{TASK}"
    write_adapter(folder / place, adapter, base.name)
    finish_bundle(
        folder,
        base,
        pack_base=False,
        tasks=[ManifestTask(id=TASK, kind=TaskKind.MAIN, prompt=template, adapter=TASK)],
        adapters={TASK: ManifestAdapter(path=place, rank=adapter.rank, sha256=adapter_hash(folder / place))},
        compositions=[adapter_alone(TASK, template)],
    )
