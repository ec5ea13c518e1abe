"""A bundle that holds one adapter under one prompt: how the device core runs a method that is no mode of the exported bundle."""

import shutil
from pathlib import Path

from toolchain import __version__
from toolchain.adapters.files import CONFIG_FILE, TENSORS_FILE, Adapter, adapter_hash, write_adapter
from toolchain.base_model.specification import BaseModel
from toolchain.bundle.manifest import (
    BUNDLE_FORMAT,
    MANIFEST_FILE,
    TOKENIZER_PATH,
    Base,
    FileEntry,
    Manifest,
    ManifestAdapter,
    ManifestComposition,
    ManifestTask,
    Text,
    Tool,
)
from toolchain.hashing import sha256_file, write_text_whole
from toolchain.provenance import git_commit
from toolchain.tasks import TaskKind
from toolchain.text import TEXT_VERSION

TASK = "main"
"""The only task of the bundle; its `merge` mode is the adapter alone."""


def write_single_adapter_bundle(folder: Path, base: BaseModel, adapter: Adapter, template: str) -> None:
    """Write a bundle, without its base, whose task `TASK` applies `adapter` to `template`."""
    place = f"adapters/{TASK}"
    write_adapter(folder / place, adapter, base.name)
    licence = f"licences/{base.terms_file}"
    for source, name in ((base.tokenizer_path, TOKENIZER_PATH), (base.licence_paths()[0], licence)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / name)
    names = [f"{place}/{CONFIG_FILE}", f"{place}/{TENSORS_FILE}", TOKENIZER_PATH, licence]
    manifest = Manifest(
        format=BUNDLE_FORMAT,
        tool=Tool(name="tandem-toolchain", version=__version__, git_commit=git_commit()),
        base=Base(
            name=base.name,
            architecture=base.architecture,
            file=base.file,
            bytes=base.path.stat().st_size,
            sha256=base.sha256,
            licence=licence,
        ),
        text=Text(
            version=TEXT_VERSION,
            bos_token_id=base.bos_token_id,
            eos_token_ids=list(base.eos_token_ids),
            max_prompt_tokens=base.max_prompt_tokens,
            max_new_tokens=base.max_new_tokens,
        ),
        tasks=[ManifestTask(id=TASK, kind=TaskKind.MAIN, prompt=template, adapter=TASK)],
        adapters={
            TASK: ManifestAdapter(path=place, rank=adapter.rank, sha256=adapter_hash(folder / place)),
        },
        compositions=[
            ManifestComposition(
                tasks=[TASK], prompt=template, method=None, weights=[1.0], calibration=None, recommended_mode="merge"
            )
        ],
        files={
            name: FileEntry(bytes=(folder / name).stat().st_size, sha256=sha256_file(folder / name)) for name in names
        },
    )
    write_text_whole(folder / MANIFEST_FILE, manifest.to_json())
