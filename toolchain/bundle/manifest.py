"""The manifest of a bundle (docs/bundle-format.md); its JSON Schema is generated from here."""

import json
import re
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from toolchain.adapters.files import CONFIG_FILE, TENSORS_FILE
from toolchain.tasks import TaskKind

MANIFEST_FILE = "manifest.json"
SIGNATURE_FILE = "manifest.json.minisig"
TOKENIZER_PATH = "base/tokenizer.json"
BUNDLE_FORMAT: Literal["tandem.bundle/1"] = "tandem.bundle/1"
TURN_VERSION: Literal["text/2"] = "text/2"
"""text/1 inside a user's turn of a chat."""
MAX_PATH_BYTES = 512

# Of a known major version every minor one is read: it only adds keys, which are ignored.
BundleFormat = Annotated[str, Field(pattern=r"^tandem\.bundle/1(\.[0-9]+)?$")]
TextVersion = Annotated[str, Field(pattern=r"^text/[12](\.[0-9]+)?$")]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
TaskId = Annotated[str, Field(pattern="^[a-z][a-z0-9-]{0,63}$")]
Size = Annotated[int, Field(ge=0, lt=1 << 64)]
Count = Annotated[int, Field(gt=0, lt=1 << 32)]
TokenId = Annotated[int, Field(ge=0, lt=1 << 32)]
Mode = Literal["calibrated", "two-step", "merge", "zero-shot"]
MODES: tuple[Mode, ...] = get_args(Mode)


# Control characters, line breaks, and what turns the direction of text.
_HIDDEN = r"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_STRANGE_IN_A_PATH = re.compile(rf"[\\:{_HIDDEN}]")


def _shown(name: str) -> str:
    """Refuse a name that would change other text where it is shown: the device core's rule."""
    if re.search(f"[{_HIDDEN}]", name):
        raise ValueError("a name has no control character, no line break and none that turns the direction of text")
    return name


ShownName = Annotated[str, AfterValidator(_shown), WithJsonSchema({"type": "string", "pattern": f"^[^{_HIDDEN}]*$"})]


def _inside(path: str) -> str:
    """Refuse a path that could leave the bundle on any system: the device core's rule."""
    unsafe = any(part in ("", ".", "..") for part in path.split("/"))
    if unsafe or _STRANGE_IN_A_PATH.search(path) or len(path.encode()) > MAX_PATH_BYTES:
        raise ValueError(
            "an unsafe path, which could leave the bundle: want names separated by /, none of them empty, . or .., "
            f"without backslash, colon or hidden character, at most {MAX_PATH_BYTES} bytes"
        )
    return path


def _plain_name(name: str) -> str:
    if "/" in _inside(name):
        raise ValueError("this is no plain file name: give it without folders")
    return name


# pydantic's regular expressions cannot say all of `_inside`: the schema has what a pattern can say.
_PATH_PATTERN = {"type": "string", "pattern": r"^[^/\\\x00]+(/[^/\\\x00]+)*$"}
RelativePath = Annotated[str, AfterValidator(_inside), WithJsonSchema(_PATH_PATTERN)]
FileName = Annotated[str, AfterValidator(_plain_name), WithJsonSchema({"type": "string", "pattern": r"^[^/\\\x00]+$"})]


def _one_input(template: str) -> str:
    if template.count("{input}") != 1 or template.count("{reply_speaker}") > 1:
        raise ValueError("a prompt holds {input} once, and {reply_speaker} at most once")
    return template


Template = Annotated[str, AfterValidator(_one_input)]


class _Part(BaseModel):
    # Strict, as the device core is: a number in quotes, or NaN, is no number.
    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False)


class Tool(_Part):
    """What exported the bundle."""

    name: ShownName
    version: ShownName
    git_commit: ShownName


class Base(_Part):
    """The base model that the adapters belong to; `licence` is a file of the bundle."""

    name: ShownName
    architecture: ShownName
    file: FileName
    bytes: int = Field(gt=0, lt=1 << 64)
    sha256: Sha256
    licence: RelativePath


class Text(_Part):
    """The text rules and their limits, in tokens; with text/2 the prompt stands between the ids of a user's turn, after the BOS."""

    version: TextVersion
    bos_token_id: TokenId
    eos_token_ids: list[TokenId] = Field(min_length=1)
    max_prompt_tokens: Count
    max_new_tokens: Count
    turn_start_ids: list[TokenId] = Field(default_factory=list)
    turn_end_ids: list[TokenId] = Field(default_factory=list)

    @model_validator(mode="after")
    def _turns_are_of_text_2(self) -> Self:
        if bool(self.turn_start_ids or self.turn_end_ids) != (self.version.split(".")[0] == TURN_VERSION):
            raise ValueError(f"the ids of a turn belong to {TURN_VERSION}, which has to have some")
        return self


class ManifestTask(_Part):
    """A single task with its prompt and its adapter."""

    id: TaskId
    kind: TaskKind
    language_tag: ShownName | None = None
    prompt: Template
    adapter: TaskId

    @model_validator(mode="after")
    def _language_fits(self) -> "ManifestTask":
        if (self.language_tag is not None) != (self.kind is TaskKind.TRANSLATION):
            raise ValueError(f"task {self.id}: translations have a language_tag, other tasks have none")
        return self


class ManifestAdapter(_Part):
    """Where an adapter lies; `sha256` is the adapter hash."""

    path: RelativePath
    rank: Count
    sha256: Sha256


class ManifestComposition(_Part):
    """A composition that the bundle offers."""

    tasks: list[TaskId] = Field(min_length=1)
    prompt: Template
    prompt_overrides: dict[Mode, Template] = Field(default_factory=dict)
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

    bytes: Size
    sha256: Sha256


class Manifest(_Part):
    """The whole manifest."""

    format: BundleFormat
    tool: Tool
    base: Base
    text: Text
    tasks: list[ManifestTask]
    adapters: dict[TaskId, ManifestAdapter]
    compositions: list[ManifestComposition]
    files: dict[RelativePath, FileEntry]

    @model_validator(mode="after")
    def _tasks_and_compositions_hold(self) -> "Manifest":
        kinds = {task.id: task.kind for task in self.tasks}
        adapters = {task.id: task.adapter for task in self.tasks}
        if len(kinds) != len(self.tasks):
            raise ValueError("a task id comes twice")
        if missing := {task.adapter for task in self.tasks} - self.adapters.keys():
            raise ValueError(f"no adapter {', '.join(sorted(missing))}")
        names = ["+".join(composition.tasks) for composition in self.compositions]
        for name, composition in zip(names, self.compositions, strict=True):
            if missing := set(composition.tasks) - kinds.keys():
                raise ValueError(f"composition {name} names unknown task {', '.join(sorted(missing))}")
            if [kinds[task] is TaskKind.MAIN for task in composition.tasks] != [True] + [False] * name.count("+"):
                raise ValueError(f"composition {name}: want a main task first, then others")
            if len({adapters[task] for task in composition.tasks}) < len(composition.tasks):
                raise ValueError(f"composition {name}: a task, or the adapter of one, comes twice")
        if len(set(names)) != len(names):
            raise ValueError("a composition comes twice")
        return self

    @model_validator(mode="after")
    def _files_hold(self) -> "Manifest":
        if len({item.path for item in self.adapters.values()}) < len(self.adapters):
            raise ValueError("two adapters lie at one path")
        needed = [TOKENIZER_PATH, self.base.licence]
        needed += [f"{item.path}/{name}" for item in self.adapters.values() for name in (CONFIG_FILE, TENSORS_FILE)]
        needed += [composition.calibration for composition in self.compositions if composition.calibration]
        if missing := [name for name in needed if name not in self.files]:
            raise ValueError(f"{missing[0]} is not among the files")
        if itself := self.files.keys() & {MANIFEST_FILE, SIGNATURE_FILE}:
            raise ValueError(f"files lists {min(itself)}, which cannot list itself")
        packed = self.files.get(f"base/{self.base.file}")
        if packed and (packed.bytes, packed.sha256) != (self.base.bytes, self.base.sha256):
            raise ValueError(f"base and files disagree about {self.base.file}")
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
