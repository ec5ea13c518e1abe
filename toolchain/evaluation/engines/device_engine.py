"""Answers from the device core on an exported bundle: what is measured is what ships."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from toolchain import paths
from toolchain.adapters.files import Adapter
from toolchain.adapters.methods.method import Method
from toolchain.base_model.specification import BaseSpecification
from toolchain.bundle.export import export_bundle
from toolchain.bundle.manifest import Manifest
from toolchain.data.pairs import Pair
from toolchain.errors import ToolchainError
from toolchain.evaluation.engines.device_bundle import TASK, write_single_adapter_bundle
from toolchain.evaluation.engines.device_core import DeviceCore, Run
from toolchain.evaluation.engines.engine import Answer, Question, refuse_changed
from toolchain.evaluation.engines.prompts import prompt_variants
from toolchain.recommendations import shipped_calibration
from toolchain.tasks import Composition


class DeviceEngine:
    """Bundles are exported into `folder`, once a composition; a method that is no mode of them runs from a bundle of its one adapter."""

    id = "device"

    def __init__(self, core: DeviceCore, base: BaseSpecification, folder: Path) -> None:
        self.core, self._base, self._folder = core, base, folder
        self._program = core.sha256()
        self._shipped: dict[str, str] = {}
        self._exported: dict[str, tuple[Path, Manifest]] = {}
        self._digests: dict[tuple[str, str], str] = {}

    @property
    def base(self) -> dict[str, str]:
        """Name and identity of the base, and the hash of the program."""
        return {"base": self._base.name, **self._base.identity, "tandem_sha256": self._program}

    def shipped(self, composition: Composition) -> str:
        """The method whose calibration is the mode `calibrated` of the composition's bundle: one and the same for the length of a run."""
        if composition.name not in self._shipped:
            self._shipped[composition.name] = shipped_calibration(composition)
        return self._shipped[composition.name]

    def prompts(self, method: Method, composition: Composition) -> dict[str, str]:
        """The manifest's prompt for a mode; for another method what PyTorch may choose from.

        Raises:
            ToolchainError: it is a task alone, which no bundle has a composition for.
        """
        if composition.is_single_task:
            raise ToolchainError(f"{composition.name} is a single task: evaluate it with --engine python")
        variants = prompt_variants(composition)
        if mode := self._mode(method, composition):
            _, manifest = self._export(composition)
            offered = next(item for item in manifest.compositions if tuple(item.tasks) == composition.ids)
            template = next(
                (prompt for name, prompt in offered.prompt_overrides.items() if name == mode), offered.prompt
            )
            name = next((name for name, variant in variants.items() if variant == template), "manifest")
            return {name: template}
        return variants if method.tunes_prompt else {"contract": variants["contract"]}

    def key(self, question: Question) -> str:
        """The program, and the manifest's content (all hashes) and mode, or the one adapter and its prompt.

        Raises:
            ToolchainError: as `run`.
        """
        if mode := self._mode(question.method, question.composition):
            _, manifest = self._export(question.composition)
            content = manifest.model_dump(mode="json", exclude={"tool"})
            return repr((self._program, mode, json.dumps(content, sort_keys=True)))
        name = question.method.id, question.composition.name
        if name not in self._digests:
            self._adapter(question)
        limits = (self._base.max_prompt_tokens, self._base.max_new_tokens, *self._base.turn)
        return repr((self._program, self._base.sha256, limits, question.template, self._digests[name]))

    def answers(self, question: Question, pairs: Sequence[Pair]) -> Iterator[dict[str, Answer]]:
        """One process for all pairs."""
        for pair_id, answer in self.core.answers(self.run(question), pairs):
            yield {pair_id: answer}

    def run(self, question: Question) -> Run:
        """The bundle and the mode that answer a question.

        Raises:
            ToolchainError: the method is neither a mode of the bundle nor a single adapter, or what it is made of was replaced since its key
                was told.
        """
        if mode := self._mode(question.method, question.composition):
            bundle, _ = self._export(question.composition)
            main, *others = question.composition.ids
            return Run(bundle, self._base.path, main, ",".join(others) or "none", mode)
        adapter = self._adapter(question)
        bundle = self._folder / f"{question.composition.name}.{question.method.id}"
        write_single_adapter_bundle(bundle, self._base, adapter, question.template)
        return Run(bundle, self._base.path, TASK, "none", "merge")

    def _mode(self, method: Method, composition: Composition) -> str | None:
        """The mode of the exported bundle that is this method."""
        return "calibrated" if method.id == self.shipped(composition) else method.mode

    def _adapter(self, question: Question) -> Adapter:
        adapter = _only_adapter(question)
        refuse_changed(question, [adapter], self._digests)
        return adapter

    def _export(self, composition: Composition) -> tuple[Path, Manifest]:
        if composition.name not in self._exported:
            target = self._folder / composition.name
            manifest = export_bundle(self._base, [composition], target, pack_base=False)
            if shipped_calibration(composition) != self.shipped(composition):
                raise ToolchainError(
                    f"{paths.CALIBRATIONS}: what ships of {composition.name} changed while it was evaluated: run the same command again, "
                    "which keeps what still holds"
                )
            self._exported[composition.name] = target, manifest
        return self._exported[composition.name]


def _only_adapter(question: Question) -> Adapter:
    adapters = question.method.adapters(question.composition)
    if len(adapters) != 1 or adapters[0] is None or any(name.endswith(".bias") for name in adapters[0].tensors):
        raise ToolchainError(
            f"method {question.method.id!r} is no single plain LoRA: evaluate it with --engine python, the device core cannot run it"
        )
    return adapters[0]
