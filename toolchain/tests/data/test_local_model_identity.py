"""A local model as a record names it, and its prompt, which begins once whoever writes the beginning."""

from pathlib import Path

import pytest

from toolchain.data.local_model import LocalModel
from toolchain.tasks import TASKS
from toolchain.tests.local_models import put_llama

TEXTS = ["We meet at five.", "No.", "Ben has the key, and Ana needs it before noon."]
CHAT = "<bos>U:{{ messages[0]['content'] }}"


@pytest.mark.parametrize(("template", "written"), [(CHAT, "{input}"), (None, "<bos>{input}")])
def test_a_prompt_begins_once(tmp_path: Path, template: str | None, written: str) -> None:
    plain, beginning = (put_llama(tmp_path / f"{begins}", template, begins=begins) for begins in (False, True))
    expected = LocalModel(plain, written).rewritten(TASKS["es"], TEXTS)
    assert LocalModel(beginning, "{input}").rewritten(TASKS["es"], TEXTS) == expected


def test_a_model_is_another_where_any_of_its_files_is(tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors", "source.spm"):
        (tmp_path / name).write_text(name)
    found = {LocalModel(tmp_path).sha256}
    for name in ("config.json", "model.safetensors", "source.spm"):
        (tmp_path / name).write_text("another")
        found.add(LocalModel(tmp_path).sha256)
    (tmp_path / "source.spm").rename(tmp_path / "target.spm")
    found.add(LocalModel(tmp_path).sha256)
    (tmp_path / "generation_config.json").write_text("{}")
    assert len(found | {LocalModel(tmp_path).sha256}) == 6
