"""One record of a file of data, and what its fields must be; a refusal names file, line and field, never what stands in it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from toolchain.errors import ToolchainError
from toolchain.text import Message

_KINDS = {bool: "a truth value", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}


@dataclass(frozen=True)
class Row:
    """`where` is the file and the line; `remedy` is what to do if a field is not what it must be.

    Every method raises ToolchainError for a field that is missing or of another kind.
    """

    where: str
    fields: dict[str, Any]
    remedy: str

    def text(self, field: str) -> str:
        """A text, which may be empty."""
        value = self.fields.get(field)
        if not isinstance(value, str):
            raise self.refused(field, "a text")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ToolchainError(f"{self.where}: {field} holds half a character (\\ud…): {self.remedy}") from None
        return value

    def filled(self, field: str) -> str:
        """A text that is not blank."""
        if not (value := self.text(field)).strip():
            raise ToolchainError(f"{self.where}: {field} is blank, not a text that says something: {self.remedy}")
        return value

    def optional_text(self, field: str) -> str | None:
        """A text; None where the field is missing or null."""
        return None if self.fields.get(field) is None else self.text(field)

    def choice(self, field: str, among: Collection[str]) -> str:
        """A text that is one of `among`."""
        if (value := self.text(field)) not in among:
            raise ToolchainError(f"{self.where}: {field} is none of {', '.join(among)}: {self.remedy}")
        return value

    def identifier(self, field: str) -> str:
        """A text, or a whole number as text."""
        value = self.fields.get(field)
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else self.text(field)

    def texts(self, field: str, keys: Iterable[str] = ()) -> dict[str, str]:
        """An object of texts, none of them blank, that has at least `keys`."""
        value = self.fields.get(field)
        if not isinstance(value, dict):
            raise self.refused(field, "an object")
        if missing := set(keys) - value.keys():
            raise ToolchainError(f"{self.where}: {field} lacks {', '.join(sorted(missing))}: {self.remedy}")
        inner = Row(f"{self.where}: {field}", value, self.remedy)
        return {key: inner.filled(key) for key in value}

    def messages(self, field: str) -> tuple[Message, ...]:
        """A list, which may be empty, of objects with `text` and, unless nobody is named, `speaker`."""
        value = self.fields.get(field)
        if not isinstance(value, list):
            raise self.refused(field, "a list of messages")
        found = []
        for number, item in enumerate(value, start=1):
            if not isinstance(item, dict):
                raise ToolchainError(f"{self.where}: message {number} of {field} is no object: {self.remedy}")
            inner = Row(f"{self.where}: message {number}", item, self.remedy)
            found.append(Message(inner.optional_text("speaker") or "", inner.text("text")))
        return tuple(found)

    def refused(self, field: str, wanted: str) -> ToolchainError:
        """The error that says what the field is and what it must be."""
        value = self.fields.get(field)
        found = "missing" if field not in self.fields else _KINDS.get(type(value), "null")
        return ToolchainError(f"{self.where}: {field} is {found}, not {wanted}: {self.remedy}")
