"""Models of the hub: what it does not give, or cannot be asked for without a network, is refused in a sentence."""

import fnmatch
from collections.abc import Callable
from pathlib import Path

import httpx2
import huggingface_hub
import pytest
from huggingface_hub.utils._http import hf_raise_for_status

from toolchain.base_model.fetch import get_base_model
from toolchain.base_model.from_folder import download
from toolchain.base_model.hub import asked_of_hub
from toolchain.base_model.specification import GEMMA_3_270M
from toolchain.errors import ToolchainError
from toolchain.tests.refusals import refusal_of
from toolchain.tests.tiny import silent

ASKED: dict[str, Callable[[str], object]] = {
    "give --from FILE": lambda hub_id: get_base_model(GEMMA_3_270M, None, hub_id, silent),
    "give the model's folder": lambda hub_id: download(hub_id, silent),
}


@pytest.mark.parametrize("instead", ASKED)
@pytest.mark.parametrize("hub_id", ["ana/model", "an--a/model", "https://huggingface.co/ana/model", ""])
def test_what_the_hub_does_not_give_is_refused_with_what_serves_instead(
    instead: str, hub_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ToolchainError) as refused:
        ASKED[instead](hub_id)
    message = str(refused.value)
    assert repr(hub_id) in message
    assert instead in message
    assert "\n" not in message


def test_all_that_an_import_reads_is_fetched_and_no_weights_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    read = {"model-00001-of-00002.safetensors", "model.safetensors.index.json", "config.json", "generation_config.json"}
    read |= {"tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "LICENSE.txt", "LICENCE", "NOTICE.txt"}
    read |= {"license.md", "Notice"}
    held = [*read, "pytorch_model.bin", "model.onnx", "adapter_config.json", "adapter_model.safetensors"]

    def give(_hub_id: str, allow_patterns: list[str], ignore_patterns: str) -> str:
        given = {name for pattern in allow_patterns for name in fnmatch.filter(held, pattern)}
        assert given - set(fnmatch.filter(held, ignore_patterns)) == read
        return "there"

    monkeypatch.setattr(huggingface_hub, "snapshot_download", give)
    assert download("ana/model", silent) == Path("there")


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("instead", ASKED)
def test_a_model_that_wants_its_licence_accepted_is_refused_with_how(
    instead: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gated(*_given: object, **_named: object) -> None:
        asked = httpx2.Request("GET", "https://huggingface.co/ana/model/resolve/main/config.json")
        hf_raise_for_status(httpx2.Response(status, headers={"X-Error-Code": "GatedRepo"}, request=asked))

    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path))
    for name in ("hf_hub_download", "snapshot_download"):
        monkeypatch.setattr(huggingface_hub, name, gated)
    message = refusal_of(lambda: ASKED[instead]("ana/model"))
    assert "accept it on the page of 'ana/model'" in message
    assert "HF_TOKEN" in message
    assert message.endswith(f"or {instead}")
    assert "network" not in message


def test_a_connection_that_breaks_is_refused_too() -> None:
    with pytest.raises(ToolchainError, match=r"ReadError.*give a file"), asked_of_hub("ana/model", "give a file"):
        raise httpx2.ReadError("peer closed connection")
