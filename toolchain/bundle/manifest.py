"""The manifest of a bundle (docs/bundle-format.md); its JSON Schema is generated from here."""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from toolchain.tasks import TaskKind

MANIFEST_FILE = "manifest.json"
SIGNATURE_FILE = "manifest.json.minisig"
BUNDLE_FORMAT: Literal["tandem.bundle/1"] = "tandem.bundle/1"
MODES = ("calibrated", "two-step", "merge", "zero-shot")

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
TaskId = Annotated[str, Field(pattern="^[a-z][a-z0-9-]*$")]
RelativePath = Annotated[str, Field(pattern=r"^[^/\\\x00]+(/[^/\\\x00]+)*$")]
Mode = Literal["calibrated", "two-step", "merge", "zero-shot"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Tool(_Part):
    """What exported the bundle."""

    name: str
    version: str
    git_commit: str


class Base(_Part):
    """The base model that the adapters belong to; `licence` is a file of the bundle."""

    name: str
    architecture: str
    file: str
    bytes: int = Field(gt=0)
    sha256: Sha256
    licence: RelativePath


class Text(_Part):
    """The text rules and their limits, in tokens."""

    version: Literal["text/1"]
    bos_token_id: int = Field(ge=0)
    eos_token_ids: list[int] = Field(min_length=1)
    max_prompt_tokens: int = Field(gt=0)
    max_new_tokens: int = Field(gt=0)


class ManifestTask(_Part):
    """A single task with its prompt and its adapter."""

    id: TaskId
    kind: TaskKind
    language_tag: str | None = None
    prompt: str
    adapter: TaskId


class ManifestAdapter(_Part):
    """Where an adapter lies; `sha256` is the adapter hash."""

    path: RelativePath
    rank: int = Field(gt=0)
    sha256: Sha256


class ManifestComposition(_Part):
    """A composition that the bundle offers."""

    tasks: list[TaskId] = Field(min_length=1)
    prompt: str
    prompt_overrides: dict[Mode, str] = Field(default_factory=dict)
    method: str | None
    weights: list[float]
    calibration: RelativePath | None
    validation: dict[str, float] = Field(default_factory=dict)
    recommended_mode: Mode

    @model_validator(mode="after")
    def _calibration_fits(self) -> "ManifestComposition":
        if len(self.weights) != len(self.tasks):
            raise ValueError(
                f"composition {'+'.join(self.tasks)}: {len(self.weights)} weights for {len(self.tasks)} tasks"
            )
        if (self.calibration is None) != (self.method is None):
            raise ValueError(f"composition {'+'.join(self.tasks)}: method and calibration come together")
        if self.recommended_mode == "calibrated" and self.calibration is None:
            raise ValueError(f"composition {'+'.join(self.tasks)}: calibrated is recommended without a calibration")
        return self


class FileEntry(_Part):
    """Size and hash of one file."""

    bytes: int = Field(ge=0)
    sha256: Sha256


class Manifest(_Part):
    """The whole manifest."""

    format: Literal["tandem.bundle/1"]
    tool: Tool
    base: Base
    text: Text
    tasks: list[ManifestTask]
    adapters: dict[TaskId, ManifestAdapter]
    compositions: list[ManifestComposition]
    files: dict[RelativePath, FileEntry]

    @model_validator(mode="after")
    def _references_hold(self) -> "Manifest":
        ids = {task.id for task in self.tasks}
        if missing := {task.adapter for task in self.tasks} - self.adapters.keys():
            raise ValueError(f"no adapter {', '.join(sorted(missing))}")
        for composition in self.compositions:
            if missing := set(composition.tasks) - ids:
                raise ValueError(
                    f"composition {'+'.join(composition.tasks)} names unknown task {', '.join(sorted(missing))}"
                )
            if composition.calibration and composition.calibration not in self.files:
                raise ValueError(f"{composition.calibration} is not among the files")
        if self.base.licence not in self.files:
            raise ValueError(f"{self.base.licence} is not among the files")
        return self

    def to_json(self) -> str:
        """The bytes of manifest.json as text."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


def manifest_schema() -> dict[str, Any]:
    """JSON Schema of manifest.json."""
    return Manifest.model_json_schema() | {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": BUNDLE_FORMAT,
    }
