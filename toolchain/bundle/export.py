"""Export a bundle from the committed adapters and calibrations: written beside its place, verified, then put there at once."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain import __version__, paths
from toolchain.adapters.calibration_file import Calibration, read_calibration, refuse_foreign
from toolchain.adapters.compose import compose, mean_weights
from toolchain.adapters.files import CONFIG_FILE, TENSORS_FILE, adapter_hash, read_adapter, refuse_beyond_fp16
from toolchain.adapters.methods.calibrated import calibration_path
from toolchain.base_model.specification import BaseSpecification
from toolchain.bundle.archive import archive_path, write_archive
from toolchain.bundle.manifest import (
    BUNDLE_FORMAT,
    MANIFEST_FILE,
    SIGNATURE_FILE,
    TURN_VERSION,
    Base,
    FileEntry,
    Manifest,
    ManifestAdapter,
    ManifestComposition,
    ManifestTask,
    Text,
    Tool,
)
from toolchain.bundle.manifest_file import mistakes_refused
from toolchain.bundle.measured_alone import validation_alone
from toolchain.bundle.model_card import CARD_FILE, model_card
from toolchain.bundle.signing import SecretKey
from toolchain.bundle.target import refuse_inside_a_bundle, refuse_to_replace_what_is_no_bundle
from toolchain.bundle.verify import verify_bundle
from toolchain.data.benchmark import LICENCE_FILE
from toolchain.errors import ToolchainError
from toolchain.folders import refuse_as_target, take_place, written_beside
from toolchain.hashing import sha256_file, sha256_once
from toolchain.provenance import git_commit
from toolchain.recommendations import SHIPPABLE, recommended, recommended_names, refuse_outdated, shipped_calibration
from toolchain.tasks import TASKS, Composition, TaskKind
from toolchain.text import TEXT_VERSION
from toolchain.whole_file import write_text_whole

_LEFT_OUT = ("adapters", "base")
"""What a bundle of calibrations leaves to the device, which holds it from an earlier bundle."""


@dataclass(frozen=True)
class Form:
    """How a bundle is handed over: signed, in one file, without what an earlier bundle brought."""

    sign: SecretKey | None = None
    archive: bool = False
    calibrations_only: bool = False


def committed_compositions() -> list[Composition]:
    """Every composition whose calibration is committed, in the order of the task algebra.

    One that was recommended is among them though its file is missing, so that `export` says so instead of leaving a language out.
    """
    order = list(TASKS)
    names = {path.stem for method in SHIPPABLE for path in (paths.CALIBRATIONS / method).glob("*.safetensors")}
    there = {item for item in map(_committed, names) if _shipped(item).is_file()}
    found = there | {Composition.parse(name) for name in recommended_names()}
    return sorted(found, key=lambda item: [order.index(task) for task in item.ids])


def _committed(name: str) -> Composition:
    try:
        composition = Composition.parse(name)
    except ToolchainError as error:
        raise ToolchainError(
            f"{paths.CALIBRATIONS} holds a calibration {name}.safetensors: {error}; or move it away"
        ) from None
    if composition.is_single_task:
        raise ToolchainError(
            f"{paths.CALIBRATIONS} holds a calibration of {name}, which is a single task: move it away"
        )
    return composition


def export_bundle(
    base: BaseSpecification,
    compositions: Sequence[Composition],
    target: Path,
    pack_base: bool,
    form: Form = Form(),
    base_file: Path | None = None,
) -> Manifest:
    """Write the bundle `target`, a folder or, in one file, `archive_path(target)`; one that is there is replaced.

    `base_file` is where the base model's file lies if not in the cache. Licences are another question: `refuse_what_may_not_ship`.

    Raises:
        ToolchainError: the device core cannot run the base, something is missing or cannot be said in a manifest, a calibration belongs to
            another base or to other adapters, or `target` lies in a bundle, or is there and is none.
    """
    _refuse_what_the_core_cannot_run(base)
    if not compositions:
        raise ToolchainError(f"{paths.CALIBRATIONS} holds no calibration: train one with `toolchain train calibration`")
    if pack_base and form.calibrations_only:
        raise ToolchainError("a bundle of calibrations only has no base: leave out --base or --calibrations-only")
    if form.archive:
        target = archive_path(target)
    refuse_as_target(target)
    refuse_inside_a_bundle(target)
    refuse_to_replace_what_is_no_bundle(target, form.archive)
    with written_beside(target) as partial:
        with mistakes_refused():
            manifest = _put_all(base, compositions, partial, pack_base, base_file or base.path)
        verify_bundle(partial)
        if form.sign:
            signature = partial / SIGNATURE_FILE
            form.sign.sign((partial / MANIFEST_FILE).read_bytes(), signature, f"file:{MANIFEST_FILE}\thashed")
            verify_bundle(partial, form.sign.public_key())
        if form.calibrations_only:
            for name in _LEFT_OUT:
                shutil.rmtree(partial / name)
        if form.archive:
            write_archive(partial, target)
        else:
            take_place(partial, target)
    return manifest


def _put_all(
    base: BaseSpecification, compositions: Sequence[Composition], bundle: Path, pack_base: bool, base_file: Path
) -> Manifest:
    tasks = [task for task in TASKS.values() if any(task in composition.tasks for composition in compositions)]
    adapters = {task.id: _put_adapter(task.id, base, bundle) for task in tasks}
    mains = [task for task in tasks if task.kind is TaskKind.MAIN]
    offered = [
        adapter_alone(main.id, main.prompt, validation_alone(main.id, base, adapters[main.id].sha256)) for main in mains
    ]
    offered += [_put_composition(item, base, adapters, bundle) for item in compositions]
    described = [
        ManifestTask(id=task.id, kind=task.kind, language_tag=task.language_tag, prompt=task.prompt, adapter=task.id)
        for task in tasks
    ]
    write_text_whole(bundle / CARD_FILE, model_card(base, adapters, offered))
    return finish_bundle(bundle, base, pack_base, described, adapters, offered, base_file)


def finish_bundle(
    folder: Path,
    base: BaseSpecification,
    pack_base: bool,
    tasks: Sequence[ManifestTask],
    adapters: dict[str, ManifestAdapter],
    compositions: Sequence[ManifestComposition],
    base_file: Path | None = None,
) -> Manifest:
    """Put the base's part and the licences into `folder`, which holds the rest, and write the manifest of all its files.

    Raises:
        ToolchainError: a file of the base or a licence is missing or damaged.
    """
    _refuse_what_the_core_cannot_run(base)
    base_file = base_file or base.path
    licence = _put_base(base, base_file, folder, pack_base)
    manifest = Manifest(
        format=BUNDLE_FORMAT,
        tool=Tool(name="tandem-toolchain", version=__version__, git_commit=git_commit()),
        base=Base(
            name=base.name,
            architecture=base.architecture,
            file=base.file,
            bytes=base_file.stat().st_size,
            sha256=base.sha256,
            licence=licence,
        ),
        text=Text(
            version=TURN_VERSION if base.turn else TEXT_VERSION,
            bos_token_id=base.bos_token_id,
            eos_token_ids=list(base.eos_token_ids),
            max_prompt_tokens=base.max_prompt_tokens,
            max_new_tokens=base.max_new_tokens,
            turn_start_ids=list(base.turn_start_ids),
            turn_end_ids=list(base.turn_end_ids),
        ),
        tasks=list(tasks),
        adapters=adapters,
        compositions=list(compositions),
        files=_file_entries(folder),
    )
    write_text_whole(folder / MANIFEST_FILE, manifest.to_json())
    return manifest


def _put_adapter(task: str, base: BaseSpecification, bundle: Path) -> ManifestAdapter:
    source = paths.ADAPTERS / task
    adapter = read_adapter(source, base)
    path = f"adapters/{task}"
    for name in (CONFIG_FILE, TENSORS_FILE):
        _copy(source / name, bundle / path / name)
    return ManifestAdapter(path=path, rank=adapter.rank, sha256=adapter_hash(source))


def adapter_alone(main: str, prompt: str, validation: Mapping[str, float] = {}) -> ManifestComposition:
    """The main task alone: its merge is its adapter."""
    return ManifestComposition(
        tasks=[main],
        prompt=prompt,
        method=None,
        weights=[1.0],
        calibration=None,
        validation=dict(validation),
        recommended_mode="merge",
    )


def _put_composition(
    composition: Composition, base: BaseSpecification, adapters: dict[str, ManifestAdapter], bundle: Path
) -> ManifestComposition:
    source = _shipped(composition)
    calibration = read_calibration(source)
    hashes = {task: adapters[task].sha256 for task in composition.ids}
    refuse_foreign(source, calibration, composition.name, base, hashes)
    _refuse_what_no_device_composes(source, composition, calibration)
    path = f"calibrations/{composition.name}.safetensors"
    _copy(source, bundle / path)
    refuse_outdated(composition, source)
    measured = recommended(composition)
    return ManifestComposition(
        tasks=list(composition.ids),
        prompt=composition.prompt,
        prompt_overrides=measured.get("prompt_overrides", {}),
        method=calibration.method,
        weights=mean_weights(len(composition.ids)),
        calibration=path,
        validation=measured.get("validation", {}),
        recommended_mode=measured.get("recommended_mode", "calibrated"),
    )


def _refuse_what_no_device_composes(source: Path, composition: Composition, calibration: Calibration) -> None:
    try:
        adapters = [read_adapter(paths.ADAPTERS / task) for task in composition.ids]
        composed = compose(adapters, mean_weights(len(adapters)), calibration)
    except ToolchainError as error:
        raise ToolchainError(f"{source} cannot be composed: {error}") from None
    refuse_beyond_fp16(str(source), composed, "train it again")


def _shipped(composition: Composition) -> Path:
    return calibration_path(composition, shipped_calibration(composition))


def _refuse_what_the_core_cannot_run(base: BaseSpecification) -> None:
    if base.refusal:
        raise ToolchainError(
            f"{base.name} cannot be exported, for the device core cannot run it: {base.refusal}; evaluate it with --engine python"
        )


def _put_base(base: BaseSpecification, base_file: Path, bundle: Path, pack_base: bool) -> str:
    given = "give that file with --base-file, or leave the option out" if base_file != base.path else base.remedy
    for path, expected, remedy in (
        (base_file, base.sha256, given),
        (base.tokenizer_path, base.tokenizer_sha256, base.remedy),
    ):
        if not path.is_file() or sha256_once(path) != expected:
            raise ToolchainError(f"{path} is missing, or not the {base.name} file with SHA-256 {expected}: {remedy}")
    _copy(base.tokenizer_path, bundle / "base" / base.tokenizer_path.name)
    if pack_base:
        _copy(base_file, bundle / "base" / base.file)
    for licence in (*base.licence_paths(), paths.REPOSITORY / "LICENSE", paths.BENCHMARK / LICENCE_FILE):
        name = "LICENSE-DATA" if licence.parent == paths.BENCHMARK else licence.name
        if not licence.is_file():
            raise ToolchainError(f"{licence} is missing: {base.remedy}, or restore it from the checkout")
        _copy(licence, bundle / "licences" / name)
    return f"licences/{base.terms_file}"


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _file_entries(bundle: Path) -> dict[str, FileEntry]:
    files = sorted(path for path in bundle.rglob("*") if path.is_file() and path != bundle / MANIFEST_FILE)
    return {
        path.relative_to(bundle).as_posix(): FileEntry(bytes=path.stat().st_size, sha256=sha256_file(path))
        for path in files
    }
