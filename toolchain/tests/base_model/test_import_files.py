"""`model import`: a file beside the weights that cannot be read is named in one sentence."""

from pathlib import Path

import pytest

from toolchain.base_model.from_folder import import_base
from toolchain.errors import ToolchainError
from toolchain.tests.tiny_bases import write_tiny

NO_TEXT = b"\xff\xfe\xfd"
UNREADABLE = {
    "a notice that is not UTF-8": ("NOTICE", NO_TEXT),
    "a configuration that is not UTF-8": ("config.json", NO_TEXT),
    "a configuration that is a list": ("config.json", b"[1]"),
    "a configuration that is nothing": ("config.json", b"null"),
    "a tokenizer that is not UTF-8": ("tokenizer.json", NO_TEXT),
    "a tokenizer without a model": ("tokenizer.json", b'{"model": null}'),
    "a tokenizer whose model is damaged": ("tokenizer.json", b'{"model": {"type": "BPE"}}'),
    "a configuration with a word for a width": (
        "config.json",
        b'{"model_type": "qwen2", "hidden_size": "a"}',
    ),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("model") / "qwen2", "qwen2")


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_file_that_cannot_be_read_is_named(
    what: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path / "cache"))
    name, content = UNREADABLE[what]
    before = (model / name).read_bytes() if (model / name).is_file() else None
    (model / name).write_bytes(content)
    try:
        with pytest.raises(ToolchainError, match=name) as refused:
            import_base(model, "mine", 96, 8, lambda _line: None)
    finally:
        (model / name).unlink() if before is None else (model / name).write_bytes(before)
    assert "\n" not in str(refused.value)
