"""The manifest: mistakes are refused with their place, and the committed schema is its own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from toolchain import paths
from toolchain.bundle.manifest import Manifest, manifest_schema
from toolchain.bundle.verify import verify_bundle
from toolchain.errors import ToolchainError
from toolchain.tests.tiny import SPECIFICATION

Json = dict[str, Any]


def _of(manifest: Json, name: str) -> Json:
    """The composition or the task called `name`."""
    items = [*manifest["compositions"], *manifest["tasks"]]
    found: Json = next(item for item in items if name in (item.get("id"), "+".join(item.get("tasks", []))))
    return found


def _move(manifest: Json, old: str, new: str) -> None:
    manifest["files"][new] = manifest["files"].pop(old)


def _entry(manifest: Json) -> Json:
    found: Json = manifest["files"]["base/tokenizer.json"]
    return found


MISTAKES: dict[str, tuple[Callable[[Json], object], str]] = {
    "another major version": (lambda m: m.update(format="tandem.bundle/2"), "format"),
    "another text version": (lambda m: m["text"].update(version="text/3"), "text.version"),
    "a hash that is none": (lambda m: m["base"].update(sha256="xyz"), "base.sha256"),
    "a limit of zero": (lambda m: m["text"].update(max_prompt_tokens=0), "max_prompt_tokens"),
    "an absolute path": (lambda m: _move(m, "base/tokenizer.json", "/base/tokenizer.json"), "files"),
    "a backslash": (lambda m: _move(m, "base/tokenizer.json", "base\\tokenizer.json"), "files"),
    "a climbing path": (lambda m: m["files"].update({"../x": m["files"]["base/tokenizer.json"]}), "../x"),
    "a path to the system's files": (lambda m: m["files"].update({"../../etc/passwd": _entry(m)}), "unsafe"),
    "a path that goes nowhere": (lambda m: m["files"].update({"./manifest.json": _entry(m)}), "unsafe"),
    "a drive": (lambda m: m["files"].update({"C:/x": _entry(m)}), "unsafe"),
    "a line break in a path": (lambda m: m["files"].update({"a\nb": _entry(m)}), "unsafe"),
    "a control character in a path": (lambda m: m["files"].update({"a\u0085b": _entry(m)}), "unsafe"),
    "text that turns in a path": (lambda m: m["files"].update({"a\u202eb": _entry(m)}), "unsafe"),
    "a name with a terminal's escape": (lambda m: m["tool"].update(name="a\x1b[2J"), "tool.name 'a\\x1b[2J'"),
    "a version of two lines": (lambda m: m["tool"].update(version="1\nbase: other"), "tool.version"),
    "a base whose name turns": (lambda m: m["base"].update(name="a\u2066b"), "base.name"),
    "a language with a control character": (lambda m: _of(m, "es").update(language_tag="es\x9b"), "language_tag"),
    "a manifest that lists itself": (lambda m: m["files"].update({"manifest.json": _entry(m)}), "cannot list itself"),
    "a base above": (lambda m: m["base"].update(file=".."), "base.file"),
    "a base without a name": (lambda m: m["base"].update(file=""), "base.file"),
    "a base with a backslash": (lambda m: m["base"].update(file="a\\b"), "base.file"),
    "a size in quotes": (lambda m: m["base"].update(bytes="2088"), "base.bytes '2088'"),
    "a size with a fraction": (lambda m: m["base"].update(bytes=2088.0), "base.bytes"),
    "a size beyond 64 bits": (lambda m: m["base"].update(bytes=1 << 64), "base.bytes"),
    "a weight in quotes": (lambda m: _of(m, "summarize").update(weights=["0.5"]), "weights"),
    "a weight that is no number": (lambda m: _of(m, "summarize").update(weights=[float("nan")]), "NaN"),
    "a weight without end": (lambda m: _of(m, "summarize").update(weights=[float("-inf")]), "-Infinity"),
    "a negative token": (lambda m: m["text"].update(eos_token_ids=[-1]), "eos_token_ids"),
    "a token beyond 32 bits": (lambda m: m["text"].update(eos_token_ids=[1 << 40]), "eos_token_ids"),
    "a task id with a space": (lambda m: _of(m, "es").update(id="pt BR"), "'pt BR'"),
    "an adapter elsewhere": (lambda m: m["adapters"]["es"].update(path="../es"), "unsafe"),
    "another adapter hash": (lambda m: m["adapters"]["es"].update(sha256="0" * 64), "adapters/es"),
    "no adapter": (lambda m: m["adapters"].pop("es"), "es"),
    "no tokenizer": (lambda m: m["files"].pop("base/tokenizer.json"), "base/tokenizer.json"),
    "no licence": (lambda m: m["files"].pop(m["base"]["licence"]), "licences"),
    "no calibration": (lambda m: m["files"].pop("calibrations/summarize+es.safetensors"), "summarize+es.safetensors"),
    "another packed base": (lambda m: m["base"].update(sha256="0" * 64), SPECIFICATION.file),
    "another size of the packed base": (lambda m: m["base"].update(bytes=1), SPECIFICATION.file),
    "two adapters at one path": (lambda m: m["adapters"].update(es=m["adapters"]["witty"]), "at one path"),
    "a base in a folder": (lambda m: m["base"].update(file="x/y.gguf"), "x/y.gguf"),
    "an unknown kind": (lambda m: _of(m, "es").update(kind="dialect"), "kind"),
    "a translation without language": (lambda m: _of(m, "es").update(language_tag=None), "es"),
    "a tone with language": (lambda m: _of(m, "witty").update(language_tag="en"), "witty"),
    "a prompt without input": (lambda m: _of(m, "es").update(prompt="Translate:"), "{input}"),
    "a task twice": (lambda m: m["tasks"].append(m["tasks"][0]), "twice"),
    "a composition twice": (lambda m: m["compositions"].append(m["compositions"][0]), "twice"),
    "an unknown task": (lambda m: _of(m, "summarize+es").update(tasks=["summarize", "it"]), "it"),
    "no main task first": (lambda m: _of(m, "summarize+es").update(tasks=["es", "summarize"]), "main task first"),
    "a task of a composition twice": (
        lambda m: _of(m, "summarize+es").update(tasks=["summarize", "es", "es"], weights=[0.5, 0.5, 0.5]),
        "summarize+es+es: a task",
    ),
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
    with pytest.raises(ToolchainError) as refused:
        verify_bundle(bundle)
    assert str(bundle) in str(refused.value)
    assert where in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"weights": [', '"later": 1e999, "weights": [', "1e999"),
        ('"name": "tiny"', '"name": "tiny", "name": "tiny"', "'name' is there twice"),
        ('"text": {', '"later": ' + "[" * 100_000 + "]" * 100_000 + ', "text": {', "nested"),
    ],
)
def test_json_that_two_readers_take_differently_is_no_manifest(bundle: Path, old: str, new: str, why: str) -> None:
    path = bundle / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ToolchainError, match=why) as refused:
        verify_bundle(bundle)
    assert str(path) in str(refused.value)


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
