"""CoCoA-MT (Nadejde et al. 2022, CDLA-Sharing-1.0): English lines with formal and informal translations. Read where it lies, never committed."""

from pathlib import Path

from toolchain.errors import ToolchainError
from toolchain.text_file import file_text

NAME, LICENCE = "CoCoA-MT", "CDLA-Sharing-1.0"
_FILES = "formality-control.train."
_DOMAINS = ("telephony", "topical_chat")
_REMEDY = "give the folder of CoCoA-MT's train files"


def cocoa_pairs(folder: Path, language_tag: str) -> list[tuple[str, str]]:
    """(English, translation) pairs; formal and informal translations alternate, so that no source line comes twice.

    Raises:
        ToolchainError: a file is missing, no text, or has not as many lines as the others.
    """
    pairs = []
    for domain in _DOMAINS:
        stem = f"{_FILES}{domain}.en-{language_tag}"
        columns = [
            _lines(folder / f"{stem}.{column}")
            for column in ("en", f"formal.{language_tag}", f"informal.{language_tag}")
        ]
        if len({len(column) for column in columns}) > 1:
            raise ToolchainError(f"{folder / stem}.* have different numbers of lines: {_REMEDY}")
        for index, (english, formal, informal) in enumerate(zip(*columns, strict=True)):
            pairs.append((english, informal if index % 2 else formal))
    return pairs


def cocoa_files(folder: Path, language_tag: str) -> list[Path]:
    """The files that `cocoa_pairs` reads, for hashing."""
    return sorted(folder.glob(f"{_FILES}*.en-{language_tag}.*"))


def is_cocoa(file: str) -> bool:
    """Whether a file that a log names is one of CoCoA-MT's."""
    return file.startswith(_FILES)


def _lines(path: Path) -> list[str]:
    lines = file_text(path, _REMEDY).removesuffix("\n").split("\n")
    return [line.removesuffix("\r") for line in lines]
