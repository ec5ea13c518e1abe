"""Random models in folders, as local teachers are given."""

from pathlib import Path

import torch
from tokenizers.processors import TemplateProcessing
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel, PreTrainedTokenizerFast

from toolchain.tests.tiny import BOS, EOS, SPECIAL_TOKENS, byte_tokenizer

VOCABULARY = len(SPECIAL_TOKENS) + 256
SOON_ENDS = {"exponential_decay_length_penalty": (4, 4.0)}
"""Random models would never end; these see their end token grow likelier from the fifth token on."""


def put_tokenizer(folder: Path, chat_template: str | None = None, *, begins: bool = False) -> None:
    """One of bytes, which `begins` each text with BOS, as a Llama's does, or leaves that to who writes the text."""
    named = {"pad_token": "<pad>", "eos_token": "<eos>", "bos_token": "<bos>"}
    tokenizer = byte_tokenizer()
    if begins:
        tokenizer.post_processor = TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", BOS)])
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, chat_template=chat_template, **named).save_pretrained(folder)


def save(model: PreTrainedModel, folder: Path, **settings: object) -> None:
    """A model whose answers end soon; `settings` of its generation beside that."""
    assert model.generation_config is not None
    model.generation_config.update(**SOON_ENDS, **settings)
    model.save_pretrained(folder)


def put_llama(folder: Path, chat_template: str | None = None, *, begins: bool = False) -> Path:
    """A random Llama and its tokenizer."""
    torch.manual_seed(0)
    size = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2}
    tokens = {"pad_token_id": None, "eos_token_id": EOS, "bos_token_id": BOS}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=VOCABULARY, initializer_range=0.6, **size, **tokens))
    # Random bytes are control characters too often, with which no answer is kept.
    save(model, folder, suppress_tokens=byte_tokenizer().encode("".join(map(chr, range(32)))).ids)
    put_tokenizer(folder, chat_template, begins=begins)
    return folder
