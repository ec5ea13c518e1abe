"""Export: what is exported verifies, and takes the place of nothing else."""

import json
import re
import zipfile
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from toolchain import paths
from toolchain.adapters.files import TENSORS_FILE, adapter_hash
from toolchain.adapters.methods.calibrated import calibration_log_path, calibration_path
from toolchain.base_model.specification import BaseSpecification
from toolchain.bundle.export import Form, committed_compositions, export_bundle
from toolchain.bundle.manifest import MANIFEST_FILE, SIGNATURE_FILE
from toolchain.bundle.signing import SecretKey
from toolchain.bundle.verify import verify_bundle
from toolchain.errors import ToolchainError
from toolchain.hashing import sha256_file
from toolchain.recommendations import write_recommendations
from toolchain.tasks import Composition
from toolchain.tests.bundles import COMPOSITIONS, contents, leftovers


@pytest.mark.parametrize("pack_base", [True, False])
def test_what_is_exported_verifies(base: BaseSpecification, tmp_path: Path, pack_base: bool) -> None:
    manifest = export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base)
    assert verify_bundle(tmp_path / "bundle") == manifest
    assert (f"base/{base.file}" in manifest.files) == pack_base
    assert [path.name for path in tmp_path.iterdir() if "bundle" in path.name] == ["bundle"], "no half bundle is left"
    for task, adapter in manifest.adapters.items():
        assert adapter.sha256 == adapter_hash(paths.ADAPTERS / task)
    assert (manifest.base.bytes, manifest.base.sha256) == (base.path.stat().st_size, base.sha256)


def test_compositions_are_offered_with_the_main_tasks_alone(base: BaseSpecification, tmp_path: Path) -> None:
    manifest = export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=False)
    offered = {"+".join(item.tasks): item for item in manifest.compositions}
    assert offered.keys() == {"summarize", "reply", *(item.name for item in COMPOSITIONS)}
    for name, item in offered.items():
        assert item.prompt == Composition.parse(name).prompt
        assert sum(item.weights) == pytest.approx(1)
        assert len(item.weights) == len(item.tasks)
        assert (item.recommended_mode == "calibrated") == (item.calibration is not None) == ("+" in name)
    assert {task.id for task in manifest.tasks} == {"summarize", "reply", "es", "witty"}


def test_a_base_that_chats_is_asked_inside_a_turn(base: BaseSpecification, tmp_path: Path) -> None:
    chatting = replace(base, turn_start_ids=(5,), turn_end_ids=(6, 7))
    text = export_bundle(chatting, COMPOSITIONS, tmp_path / "bundle", pack_base=False).text
    assert (text.version, text.turn_start_ids, text.turn_end_ids) == ("text/2", [5], [6, 7])


def test_recommendations_are_in_the_manifest(base: BaseSpecification, tmp_path: Path) -> None:
    name = COMPOSITIONS[0].name
    chosen = {
        "recommended_mode": "merge",
        "validation": {"merge.rouge_l": 0.5},
        "prompt_overrides": {"merge": "Sum up: {input}"},
    }
    write_recommendations({name: chosen})
    manifest = export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=False)
    offered = {"+".join(item.tasks): item for item in manifest.compositions}
    assert offered[name].model_dump(include=set(chosen)) == chosen
    assert offered[COMPOSITIONS[1].name].recommended_mode == "calibrated"


def test_a_recommendation_of_another_calibration_is_not_exported(base: BaseSpecification, tmp_path: Path) -> None:
    for digest, refused in ((sha256_file(calibration_path(COMPOSITIONS[0], "lc++")), False), ("0" * 64, True)):
        write_recommendations({COMPOSITIONS[0].name: {"calibration_sha256": digest}})
        with pytest.raises(ToolchainError, match="is of another summarize") if refused else nullcontext():
            export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=False)


def test_every_committed_calibration_is_exported_by_default_in_the_order_of_the_tasks(base: BaseSpecification) -> None:
    first, second, third = COMPOSITIONS
    assert committed_compositions() == [first, third, second], "summaries come before replies"


def test_a_composition_whose_recommended_calibration_is_missing_is_not_left_out(
    base: BaseSpecification, tmp_path: Path
) -> None:
    write_recommendations({COMPOSITIONS[0].name: {"calibration": "lc++s"}})
    missing = calibration_path(COMPOSITIONS[0], "lc++s")
    with pytest.raises(ToolchainError, match=re.escape(f"{missing} is missing")):
        export_bundle(base, committed_compositions(), tmp_path / "bundle", pack_base=False)


def test_an_export_is_deterministic_but_for_the_commit(base: BaseSpecification, tmp_path: Path) -> None:
    def content(folder: Path) -> tuple[dict[str, bytes], dict[str, Any]]:
        export_bundle(base, COMPOSITIONS, folder, pack_base=True)
        files = contents(folder)
        manifest: dict[str, Any] = json.loads(files.pop("manifest.json"))
        assert manifest["tool"].pop("git_commit")
        return files, manifest

    assert content(tmp_path / "one") == content(tmp_path / "other")


def test_an_export_replaces_an_older_bundle_but_nothing_else(base: BaseSpecification, tmp_path: Path) -> None:
    export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=True)
    (tmp_path / "bundle" / "adapters" / "es" / TENSORS_FILE).write_bytes(b"damaged")
    export_bundle(base, COMPOSITIONS[:1], tmp_path / "bundle", pack_base=False)
    verify_bundle(tmp_path / "bundle")
    (tmp_path / "bundle" / "precious.txt").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "bundle")
    extension = tmp_path / "extension"
    extension.mkdir()
    (extension / MANIFEST_FILE).write_text('{"manifest_version": 3}')
    (extension / "precious.js").write_text("x")
    for target, why in ((tmp_path / "bundle", r"precious\.txt"), (extension, "no bundle"), (tmp_path / "link", "link")):
        before = contents(target)
        with pytest.raises(ToolchainError, match=why):
            export_bundle(base, COMPOSITIONS, target, pack_base=False)
        assert contents(target) == before
    assert not leftovers(tmp_path)


def test_an_export_takes_the_place_of_an_empty_folder_but_not_inside_a_bundle(
    base: BaseSpecification, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    export_bundle(base, COMPOSITIONS, bundle, pack_base=False)
    for target, form in ((bundle / "sub", Form()), (bundle / "adapters" / "b.tandem", Form(archive=True))):
        with pytest.raises(ToolchainError, match=f"lies in the bundle {bundle}"):
            export_bundle(base, COMPOSITIONS, target, pack_base=False, form=form)
    verify_bundle(bundle)


def test_an_archive_replaces_an_older_one_but_nothing_else(base: BaseSpecification, tmp_path: Path) -> None:
    target, form = tmp_path / "notes.tandem", Form(archive=True)
    export_bundle(base, COMPOSITIONS, target, pack_base=False, form=form)
    export_bundle(base, COMPOSITIONS[:1], target, pack_base=False, form=form)
    whole = target.read_bytes()
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("precious.txt", "x")
    for content in (target.read_bytes(), b"hello", whole[:-1], b""):
        target.write_bytes(content)
        with pytest.raises(ToolchainError, match=r"notes\.tandem is there"):
            export_bundle(base, COMPOSITIONS, target, pack_base=False, form=form)
        assert target.read_bytes() == content


def test_an_export_that_ends_while_it_replaces_loses_nothing(
    base: BaseSpecification, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=True)
    before, rename = contents(tmp_path / "bundle"), Path.rename

    def ended(path: Path, target: Path) -> Path:
        if path.name.endswith(".partial"):
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", ended)
    with pytest.raises(KeyboardInterrupt):
        export_bundle(base, COMPOSITIONS[:1], tmp_path / "bundle", pack_base=False)
    assert contents(tmp_path / "bundle") == before
    assert not leftovers(tmp_path)


@pytest.mark.parametrize("archive", [False, True])
@pytest.mark.parametrize("target", [".", "/", "..", "file/bundle", "/proc/z/bundle"])
def test_where_nothing_can_be_written_nothing_is(
    base: BaseSpecification, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, archive: bool
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "file").write_text("x")
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises((ToolchainError, OSError)):
        export_bundle(base, COMPOSITIONS, Path(target), pack_base=False, form=Form(archive=archive))
    assert contents(tmp_path / "here") == {"file": b"x"}


def test_a_mount_point_is_refused_before_anything_is_made(base: BaseSpecification) -> None:
    with pytest.raises(ToolchainError, match="/proc is a mount point"):
        export_bundle(base, COMPOSITIONS, Path("/proc"), pack_base=False)


def test_a_signed_export_verifies_with_its_key_alone(base: BaseSpecification, tmp_path: Path) -> None:
    key, bundle = SecretKey.make(), tmp_path / "bundle"
    manifest = export_bundle(base, COMPOSITIONS, bundle, pack_base=False, form=Form(sign=key))
    assert verify_bundle(bundle, key.public_key()) == manifest
    with pytest.raises(ToolchainError, match=SIGNATURE_FILE):
        verify_bundle(bundle, SecretKey.make().public_key())
    # A manifest that is still one, but not the one that was signed.
    (bundle / MANIFEST_FILE).write_text((bundle / MANIFEST_FILE).read_text(encoding="utf-8") + "\n", encoding="utf-8")
    verify_bundle(bundle)
    with pytest.raises(ToolchainError, match=SIGNATURE_FILE):
        verify_bundle(bundle, key.public_key())


def test_an_export_without_a_signature_is_refused_where_one_is_wanted(base: BaseSpecification, tmp_path: Path) -> None:
    export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=False, form=Form(sign=SecretKey.make()))
    export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=False)
    with pytest.raises(ToolchainError, match="not signed"):
        verify_bundle(tmp_path / "bundle", SecretKey.make().public_key())


def test_an_archive_is_the_folder_in_one_file_the_same_each_time(base: BaseSpecification, tmp_path: Path) -> None:
    key = SecretKey.make()
    export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=True, form=Form(sign=key))
    archives = []
    for _ in range(2):
        export_bundle(base, COMPOSITIONS, tmp_path / "one", pack_base=True, form=Form(sign=key, archive=True))
        archives.append((tmp_path / "one.tandem").read_bytes())
    assert archives[0] == archives[1]
    with zipfile.ZipFile(tmp_path / "one.tandem") as archive:
        found = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    assert found == contents(tmp_path / "bundle")
    assert {path.name for path in tmp_path.iterdir()} >= {"bundle", "one.tandem"}
    assert not [path.name for path in tmp_path.iterdir() if "partial" in path.name]


def test_an_archive_takes_no_folders_place(base: BaseSpecification, tmp_path: Path) -> None:
    (tmp_path / "mine.tandem").mkdir()
    with pytest.raises(ToolchainError, match=r"mine\.tandem"):
        export_bundle(base, COMPOSITIONS, tmp_path / "mine", pack_base=False, form=Form(archive=True))


@pytest.mark.parametrize("leads_to", ["notes.tandem", "nowhere"])
def test_an_archive_takes_no_links_place(base: BaseSpecification, tmp_path: Path, leads_to: str) -> None:
    form = Form(archive=True)
    export_bundle(base, COMPOSITIONS, tmp_path / "notes", pack_base=False, form=form)
    link = tmp_path / "link.tandem"
    link.symlink_to(tmp_path / leads_to)
    for given in (tmp_path / "link", link):
        with pytest.raises(ToolchainError, match=r"link\.tandem is a symbolic link"):
            export_bundle(base, COMPOSITIONS, given, pack_base=False, form=form)
    assert link.readlink() == tmp_path / leads_to


def test_calibrations_only_leave_out_what_the_device_holds(base: BaseSpecification, tmp_path: Path) -> None:
    whole = export_bundle(base, COMPOSITIONS, tmp_path / "whole", pack_base=False)
    part = export_bundle(base, COMPOSITIONS, tmp_path / "part", pack_base=False, form=Form(calibrations_only=True))
    assert part == whole
    files, there = contents(tmp_path / "whole"), contents(tmp_path / "part")
    assert there.items() <= files.items()
    left_out = {name for name in files if name.split("/")[0] in ("adapters", "base")}
    assert files.keys() - there.keys() == left_out
    assert any(name.startswith("calibrations/") for name in there)
    with pytest.raises(ToolchainError, match="--base"):
        export_bundle(base, COMPOSITIONS, tmp_path / "part", pack_base=True, form=Form(calibrations_only=True))


def test_a_base_from_elsewhere_is_packed_if_it_is_the_base(base: BaseSpecification, tmp_path: Path) -> None:
    elsewhere = base.path.rename(tmp_path / "downloaded.gguf")
    manifest = export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=True, base_file=elsewhere)
    assert (tmp_path / "bundle" / "base" / base.file).read_bytes() == elsewhere.read_bytes()
    assert manifest.base.bytes == elsewhere.stat().st_size
    elsewhere.write_bytes(b"another")
    for file in (elsewhere, tmp_path / "nowhere.gguf"):
        with pytest.raises(ToolchainError, match=rf"{file.name}.*SHA-256.*--base-file"):
            export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=False, base_file=file)


def test_a_model_card_says_what_is_inside(base: BaseSpecification, tmp_path: Path) -> None:
    scores = {"calibrated.rouge_l": 0.24687, "calibrated.language": 1.0, "merge.rouge_l": 0.18625}
    write_recommendations({COMPOSITIONS[0].name: {"recommended_mode": "merge", "validation": scores}})
    (paths.ADAPTERS / "es" / "import_log.json").write_text('{"source": "my-es", "licence": "CC0-1.0"}')
    trained = {
        "training_pairs": 910,
        "git_commit": f"{'0' * 40}-dirty",
        "data": {"formality-control.train.telephony.en-es.en": "1"},
        "texts_licences": ["CC BY-SA 4.0"],
    }
    for task in ("es", "witty"):
        (paths.ADAPTERS / task / "training_log.json").write_text(json.dumps(trained))
    targets = {"file": "x.jsonl", "source": ["hub:someone/x"], "licence": ["CC BY-SA 4.0"], "teacher": ["a model"]}
    calibration_log_path(COMPOSITIONS[1], "lc++").write_text(json.dumps({"targets": targets}))
    manifest = export_bundle(base, COMPOSITIONS, tmp_path / "bundle", pack_base=False)
    card = (tmp_path / "bundle" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "MODEL_CARD.md" in manifest.files
    lines = card.splitlines()
    for task, adapter in manifest.adapters.items():
        (row,) = (line for line in lines if line.startswith(f"| {task} | {adapter.rank} |"))
        assert adapter.sha256 in row
        assert ("imported from my-es, licence: CC0-1.0" in row) == (task == "es")
        origin = (
            "910 pairs, CoCoA-MT (CDLA-Sharing-1.0) and texts (CC BY-SA 4.0) among them, commit `000000000000-dirty`"
        )
        assert (origin in row) == (task in ("es", "witty"))
    offered = {"+".join(item.tasks): item for item in manifest.compositions}
    rows = {name: line for name in offered for line in lines if line.startswith(f"| {name} |")}
    assert all(item.recommended_mode in rows[name] for name, item in offered.items())
    assert "calibrated: rouge_l 24.7, language 100.0; merge: rouge_l 18.6" in rows[COMPOSITIONS[0].name]
    assert "not measured" in rows[COMPOSITIONS[1].name]
    assert "source: hub:someone/x; licence: CC BY-SA 4.0; teacher: a model" in rows[COMPOSITIONS[1].name]
    assert manifest.base.licence.removeprefix("licences/") in card
