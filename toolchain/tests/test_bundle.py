"""Bundles: what is exported verifies, and every kind of damage is refused by name."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from toolchain import paths
from toolchain.adapters.calibration import CalibrationMethod
from toolchain.adapters.files import adapter_hash, write_adapter
from toolchain.base_model.specification import BaseModel
from toolchain.bundle.export import committed_compositions, export_bundle
from toolchain.bundle.manifest import Manifest, manifest_schema
from toolchain.bundle.verify import MAX_MANIFEST_BYTES, verify_bundle
from toolchain.errors import ToolchainError
from toolchain.evaluation.methods import calibration_path
from toolchain.hashing import sha256_file
from toolchain.tasks import Composition
from toolchain.tests.assets import put_adapters, put_calibration
from toolchain.tests.tiny import SPECIFICATION, byte_tokenizer, random_adapter

COMPOSITIONS = [Composition.parse(name) for name in ("summarize+es", "reply+witty", "summarize+witty+es")]
Json = dict[str, Any]


def _base(cache: Path) -> BaseModel:
    """A base whose files are there; nothing of a bundle looks into them."""
    models = cache / "model"
    models.mkdir(parents=True)
    (models / SPECIFICATION.file).write_bytes(b"GGUF and tensors")
    byte_tokenizer().save(str(models / "tokenizer.json"))
    (models / SPECIFICATION.terms_file).write_text("terms")
    (models / SPECIFICATION.notice_file).write_text("notice")
    return replace(
        SPECIFICATION,
        sha256=sha256_file(models / SPECIFICATION.file),
        tokenizer_sha256=sha256_file(models / "tokenizer.json"),
    )


def _commit(folder: Path, patch: pytest.MonkeyPatch) -> BaseModel:
    """Adapters and calibrations where committed ones would be, for a base in a cache."""
    patch.setenv("TANDEM_CACHE", str(folder / "cache"))
    patch.setattr(paths, "ADAPTERS", folder / "adapters")
    patch.setattr(paths, "CALIBRATIONS", folder / "calibrations")
    base = _base(folder / "cache")
    put_adapters(Composition.parse("summarize+es+witty"))
    put_adapters(Composition.parse("reply+witty"))
    for composition in COMPOSITIONS:
        put_calibration(composition, CalibrationMethod.LC_PLUS_PLUS, base.sha256)
    return base


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BaseModel:
    return _commit(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One bundle with its base, to be copied before it is damaged."""
    folder = tmp_path_factory.mktemp("exported")
    with pytest.MonkeyPatch.context() as patch:
        base = _commit(folder, patch)
        export_bundle(base, COMPOSITIONS, folder / "bundle", pack_base=True)
    return folder / "bundle"


@pytest.fixture
def bundle(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / "bundle"))


def _files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _refusal(folder: Path) -> str:
    with pytest.raises(ToolchainError) as refused:
        verify_bundle(folder)
    message = str(refused.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("pack_base", [True, False])
def test_what_is_exported_verifies(base: BaseModel, tmp_path: Path, pack_base: bool) -> None:
    manifest = export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base)
    assert verify_bundle(tmp_path / "bundle") == manifest
    assert (f"base/{base.file}" in manifest.files) == pack_base
    assert [path.name for path in tmp_path.iterdir() if "bundle" in path.name] == ["bundle"], "no half bundle is left"
    for task, adapter in manifest.adapters.items():
        assert adapter.sha256 == adapter_hash(paths.ADAPTERS / task)
    assert (manifest.base.bytes, manifest.base.sha256) == (base.path.stat().st_size, base.sha256)


def test_compositions_are_offered_with_the_main_tasks_alone(base: BaseModel, tmp_path: Path) -> None:
    manifest = export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=False)
    offered = {"+".join(item.tasks): item for item in manifest.compositions}
    assert offered.keys() == {"summarize", "reply", *(item.name for item in COMPOSITIONS)}
    for name, item in offered.items():
        assert item.prompt == Composition.parse(name).prompt
        assert sum(item.weights) == pytest.approx(1)
        assert len(item.weights) == len(item.tasks)
        assert (item.recommended_mode == "calibrated") == (item.calibration is not None) == ("+" in name)
    assert {task.id for task in manifest.tasks} == {"summarize", "reply", "es", "witty"}


def test_every_committed_calibration_is_exported_by_default(base: BaseModel) -> None:
    assert {item.name for item in committed_compositions()} == {item.name for item in COMPOSITIONS}


def test_an_export_is_deterministic_but_for_the_commit(base: BaseModel, tmp_path: Path) -> None:
    def content(folder: Path) -> tuple[dict[str, bytes], Json]:
        export_bundle(base, COMPOSITIONS, folder, pack_base=True)
        files = _files(folder)
        manifest: Json = json.loads(files.pop("manifest.json"))
        assert manifest["tool"].pop("git_commit")
        return files, manifest

    assert content(tmp_path / "one") == content(tmp_path / "other")


def test_an_export_replaces_an_older_bundle_but_nothing_else(base: BaseModel, tmp_path: Path) -> None:
    export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=True)
    (tmp_path / "bundle" / "leftover").write_text("x")
    export_bundle(base, COMPOSITIONS[:1], tmp_path / "bundle", pack_base=False)
    verify_bundle(tmp_path / "bundle")
    precious = tmp_path / "photographs"
    precious.mkdir()
    (precious / "1.jpg").write_text("x")
    with pytest.raises(ToolchainError, match="photographs"):
        export_bundle(base, COMPOSITIONS, precious, pack_base=False)
    assert (precious / "1.jpg").exists()


@pytest.mark.parametrize("missing", ["adapter", "calibration", "base", "tokenizer", "terms"])
def test_an_export_names_what_is_missing_and_leaves_the_old_bundle(
    base: BaseModel, tmp_path: Path, missing: str
) -> None:
    export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=True)
    before = _files(tmp_path / "bundle")
    path = {
        "adapter": paths.ADAPTERS / "es" / "adapter_model.safetensors",
        "calibration": calibration_path(COMPOSITIONS[0], CalibrationMethod.LC_PLUS_PLUS),
        "base": base.path,
        "tokenizer": base.tokenizer_path,
        "terms": base.licence_paths()[0],
    }[missing]
    path.unlink()
    with pytest.raises(ToolchainError) as refused:
        export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=True)
    assert str(path) in str(refused.value)
    assert _files(tmp_path / "bundle") == before


def test_a_calibration_of_anything_else_is_not_exported(base: BaseModel, tmp_path: Path) -> None:
    def refusal(composition: Composition, base: BaseModel) -> str:
        with pytest.raises(ToolchainError) as refused:
            export_bundle(base, [composition], tmp_path / "bundle", pack_base=False)
        assert str(calibration_path(composition, CalibrationMethod.LC_PLUS_PLUS)) in str(refused.value)
        return str(refused.value)

    first, _, third = COMPOSITIONS
    calibrations = paths.CALIBRATIONS / "lc++"
    other_order = Composition.parse("summarize+es+witty")
    shutil.copy(calibrations / f"{third.name}.safetensors", calibrations / f"{other_order.name}.safetensors")
    assert third.name in refusal(other_order, base)
    base.path.write_bytes(b"another base")
    refusal(first, replace(base, sha256=sha256_file(base.path)))
    write_adapter(paths.ADAPTERS / "es", random_adapter(seed=99), "tiny")
    assert "es adapter" in refusal(first, base)


def test_a_damaged_base_is_not_exported(base: BaseModel, tmp_path: Path) -> None:
    base.path.write_bytes(b"damaged")
    with pytest.raises(ToolchainError, match=base.file):
        export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=True)


def test_nothing_to_export_is_an_error(base: BaseModel, tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="no calibration"):
        export_bundle(base, [], tmp_path / "bundle", pack_base=False)


@given(data=st.data())
def test_a_flipped_bit_in_any_file_is_refused_by_name(exported: Path, data: st.DataObject) -> None:
    names = sorted(verify_bundle(exported).files)
    path = exported / data.draw(st.sampled_from(names))
    content = path.read_bytes()
    position = data.draw(st.integers(0, len(content) - 1))
    bit = data.draw(st.integers(0, 7))
    try:
        path.write_bytes(content[:position] + bytes([content[position] ^ 1 << bit]) + content[position + 1 :])
        assert str(path) in _refusal(exported)
    finally:
        path.write_bytes(content)


@given(position=st.integers(0, 100_000), byte=st.integers(0, 255))
def test_a_changed_manifest_is_refused_or_still_a_manifest(exported: Path, position: int, byte: int) -> None:
    # Only a signature tells a changed name; what can be told without one is never an unexpected error.
    path = exported / "manifest.json"
    content = path.read_bytes()
    position %= len(content)
    assume(content[position] != byte)
    try:
        path.write_bytes(content[:position] + bytes([byte]) + content[position + 1 :])
        try:
            verify_bundle(exported)
        except ToolchainError as error:
            assert str(exported) in str(error)
    finally:
        path.write_bytes(content)


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def _replace_by_a_link(path: Path) -> None:
    elsewhere = path.rename(path.parent.parent.parent / "elsewhere")
    path.symlink_to(elsewhere)


def _replace_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [_truncate, _lengthen, Path.unlink, _replace_by_a_link, _replace_by_a_folder])
@pytest.mark.parametrize("kind", ["config", "tensors", "calibration", "tokenizer", "base", "licence"])
def test_a_damaged_file_is_refused_by_name(bundle: Path, damage: Callable[[Path], object], kind: str) -> None:
    path = {
        "config": bundle / "adapters/es/adapter_config.json",
        "tensors": bundle / "adapters/es/adapter_model.safetensors",
        "calibration": bundle / "calibrations/summarize+es.safetensors",
        "tokenizer": bundle / "base/tokenizer.json",
        "base": bundle / "base" / SPECIFICATION.file,
        "licence": bundle / "licences" / SPECIFICATION.terms_file,
    }[kind]
    damage(path)
    assert str(path) in _refusal(bundle)


@pytest.mark.parametrize("name", ["extra.txt", "adapters/es/README.md", "deep/er/extra", ".hidden"])
def test_an_extra_file_is_refused_by_name(bundle: Path, name: str) -> None:
    (bundle / name).parent.mkdir(parents=True, exist_ok=True)
    (bundle / name).write_text("x")
    assert str(bundle / name) in _refusal(bundle)


def test_a_linked_folder_is_refused(bundle: Path) -> None:
    (bundle / "adapters").rename(bundle.parent / "adapters-elsewhere")
    (bundle / "adapters").symlink_to(bundle.parent / "adapters-elsewhere")
    assert str(bundle / "adapters") in _refusal(bundle)


def test_a_signature_is_no_extra_file(bundle: Path) -> None:
    (bundle / "manifest.json.minisig").write_text("untrusted comment: a signature")
    verify_bundle(bundle)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"\xff", b"[" * 100_000, b" " * (MAX_MANIFEST_BYTES + 1)])
def test_what_is_no_manifest_is_refused_by_name(bundle: Path, content: bytes | None) -> None:
    (bundle / "manifest.json").unlink()
    if content is not None:
        (bundle / "manifest.json").write_bytes(content)
    assert str(bundle / "manifest.json") in _refusal(bundle)


def test_what_is_no_bundle_is_refused(tmp_path: Path) -> None:
    _refusal(tmp_path)
    _refusal(tmp_path / "nothing")
    (tmp_path / "file").write_text("x")
    _refusal(tmp_path / "file")


def _of(manifest: Json, name: str) -> Json:
    """The composition or the task called `name`."""
    items = [*manifest["compositions"], *manifest["tasks"]]
    found: Json = next(item for item in items if name in (item.get("id"), "+".join(item.get("tasks", []))))
    return found


def _move(manifest: Json, old: str, new: str) -> None:
    manifest["files"][new] = manifest["files"].pop(old)


MISTAKES: dict[str, tuple[Callable[[Json], object], str]] = {
    "another major version": (lambda m: m.update(format="tandem.bundle/2"), "format"),
    "another text version": (lambda m: m["text"].update(version="text/2"), "text.version"),
    "a hash that is none": (lambda m: m["base"].update(sha256="xyz"), "base.sha256"),
    "a limit of zero": (lambda m: m["text"].update(max_prompt_tokens=0), "max_prompt_tokens"),
    "an absolute path": (lambda m: _move(m, "base/tokenizer.json", "/base/tokenizer.json"), "files"),
    "a backslash": (lambda m: _move(m, "base/tokenizer.json", "base\\tokenizer.json"), "files"),
    "a climbing path": (lambda m: m["files"].update({"../x": m["files"]["base/tokenizer.json"]}), "../x"),
    "an adapter elsewhere": (lambda m: m["adapters"]["es"].update(path="../es"), "../es/adapter_config.json"),
    "another adapter hash": (lambda m: m["adapters"]["es"].update(sha256="0" * 64), "adapters/es"),
    "no adapter": (lambda m: m["adapters"].pop("es"), "es"),
    "no tokenizer": (lambda m: m["files"].pop("base/tokenizer.json"), "base/tokenizer.json"),
    "no licence": (lambda m: m["files"].pop(m["base"]["licence"]), "licences"),
    "no calibration": (lambda m: m["files"].pop("calibrations/summarize+es.safetensors"), "summarize+es.safetensors"),
    "another packed base": (lambda m: m["base"].update(sha256="0" * 64), SPECIFICATION.file),
    "a base in a folder": (lambda m: m["base"].update(file="x/y.gguf"), "x/y.gguf"),
    "an unknown kind": (lambda m: _of(m, "es").update(kind="dialect"), "kind"),
    "a translation without language": (lambda m: _of(m, "es").update(language_tag=None), "es"),
    "a tone with language": (lambda m: _of(m, "witty").update(language_tag="en"), "witty"),
    "a prompt without input": (lambda m: _of(m, "es").update(prompt="Translate:"), "{input}"),
    "a task twice": (lambda m: m["tasks"].append(m["tasks"][0]), "twice"),
    "a composition twice": (lambda m: m["compositions"].append(m["compositions"][0]), "twice"),
    "an unknown task": (lambda m: _of(m, "summarize+es").update(tasks=["summarize", "it"]), "it"),
    "no main task first": (lambda m: _of(m, "summarize+es").update(tasks=["es", "summarize"]), "main task first"),
    "no task": (lambda m: _of(m, "summarize").update(tasks=[]), "tasks"),
    "too few weights": (lambda m: _of(m, "summarize+es").update(weights=[1.0]), "weights"),
    "a method without calibration": (lambda m: _of(m, "summarize").update(method="lc"), "summarize"),
    "calibrated without calibration": (
        lambda m: _of(m, "summarize").update(recommended_mode="calibrated"),
        "calibrated",
    ),
    "auto recommended": (lambda m: _of(m, "summarize").update(recommended_mode="auto"), "recommended_mode"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistaken_manifest_is_refused_with_the_place(bundle: Path, mistake: str) -> None:
    make, where = MISTAKES[mistake]
    path = bundle / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    make(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")
    message = _refusal(bundle)
    assert str(bundle) in message
    assert where in message


def test_unknown_keys_are_ignored(bundle: Path) -> None:
    path = bundle / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["later"] = manifest["base"]["later"] = {"a": 1}
    path.write_text(json.dumps(manifest), encoding="utf-8")
    verify_bundle(bundle)


def test_the_committed_schema_is_current_and_holds(exported: Path) -> None:
    committed = json.loads((paths.REPOSITORY / "docs" / "manifest.schema.json").read_text(encoding="utf-8"))
    assert committed == manifest_schema()
    manifest = json.loads((exported / "manifest.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(committed)
    jsonschema.validate(manifest, committed)
    manifest["format"] = "tandem.bundle/2"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(manifest, committed)


def test_the_manifest_is_read_as_it_was_written(exported: Path) -> None:
    text = (exported / "manifest.json").read_text(encoding="utf-8")
    assert Manifest.model_validate_json(text).to_json() == text
