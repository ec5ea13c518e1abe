"""A local model as a record names it, and its prompt, which begins once whoever writes the beginning."""

from pathlib import Path

import pytest
import torch
from tokenizers.processors import TemplateProcessing
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from toolchain.data.local_model import LocalModel
from toolchain.tasks import TASKS
from toolchain.tests.tiny import BOS, EOS, SPECIAL_TOKENS, byte_tokenizer

NAMED = {"pad_token": "<pad>", "eos_token": "<eos>", "bos_token": "<bos>"}
TEXTS = ["We meet at five.", "No.", "Ben has the key, and Ana needs it before noon."]
CHAT = "<bos>U:{{ messages[0]['content'] }}"


def _put(folder: Path, chat_template: str | None = None, *, begins: bool) -> Path:
    """A random model; its tokenizer `begins` each text with BOS, as a Llama's does, or leaves that to who writes the text."""
    torch.manual_seed(0)
    size = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2}
    ends = {"eos_token_id": EOS, "bos_token_id": BOS, "pad_token_id": None}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(SPECIAL_TOKENS) + 256, initializer_range=0.6, **size, **ends))
    assert model.generation_config is not None
    tokenizer = byte_tokenizer()
    # It ends soon, and writes no control characters, with which no answer is kept.
    unwritten = tokenizer.encode("".join(map(chr, range(32)))).ids
    model.generation_config.update(exponential_decay_length_penalty=(4, 4.0), suppress_tokens=unwritten)
    model.save_pretrained(folder)
    if begins:
        tokenizer.post_processor = TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", BOS)])
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, chat_template=chat_template, **NAMED).save_pretrained(folder)
    return folder


@pytest.mark.parametrize(("template", "written"), [(CHAT, "{input}"), (None, "<bos>{input}")])
def test_a_prompt_begins_once(tmp_path: Path, template: str | None, written: str) -> None:
    plain, beginning = (_put(tmp_path / f"{begins}", template, begins=begins) for begins in (False, True))
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
