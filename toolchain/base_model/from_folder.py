"""`model import`: a model in Hugging Face layout becomes a base, with the same files as `model get` makes for the default one."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from toolchain import paths
from toolchain.base_model import gguf_file
from toolchain.base_model.chat_turn import TEMPLATE_FILE, turn_ids
from toolchain.base_model.hub import asked_of_hub
from toolchain.base_model.load import load_weights
from toolchain.base_model.model_name import model_name
from toolchain.base_model.specification import BaseSpecification, forget_imported, refuse_name, write_imported
from toolchain.base_model.tokenizer import read_tokenizer
from toolchain.errors import ToolchainError, on_one_line
from toolchain.folders import take_place, written_beside
from toolchain.hashing import sha256_file, sha256_of_files
from toolchain.json_object import json_object
from toolchain.whole_file import write_text_whole

MODEL_TYPES = ("llama", "qwen2", "stablelm")
"""Of these the seven linears are named as adapters name them."""
_SIZES = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
    "max_position_embeddings",
)
_NOTICE = "NOTICE.md"
_LICENCES, _NOTICES = ("licence", "license"), ("notice",)
"""What the names of these files begin with, in small or capital letters."""

Progress = Callable[[str], None]


def download(hub_id: str, progress: Progress) -> Path:
    """Weights, tokenizer and licence of a model of the hub, in the hub's own cache.

    Raises:
        ToolchainError: the hub does not give it.
    """
    from huggingface_hub import snapshot_download

    progress(f"downloading {hub_id}")
    terms = ["".join(f"[{letter}{letter.upper()}]" for letter in name) + "*" for name in (*_LICENCES, *_NOTICES)]
    wanted = ["*.safetensors", "*.json", TEMPLATE_FILE, *terms]
    with asked_of_hub(hub_id, "give the model's folder"):
        return Path(snapshot_download(hub_id, allow_patterns=wanted, ignore_patterns="adapter_*"))


def import_base(
    folder: Path, name: str, max_prompt_tokens: int, max_new_tokens: int, progress: Progress
) -> BaseSpecification:
    """Write the base's files into `paths.models()`, its specification last, and return that.

    What the device core can run is rounded to Q8_0 first, so that training sees what the phone runs; the rest is trained as it is.

    Raises:
        ToolchainError: the folder lacks something, or holds a model or a tokenizer of a kind that is not known, a quantised model, an
            adapter beside it, or weights that are not finite; or the model has fewer positions than the limits want.
    """
    refuse_name(name)
    config = _read_config(folder)
    positions = max_prompt_tokens + max_new_tokens
    if positions > config.max_position_embeddings:
        raise ToolchainError(
            f"{folder / 'config.json'} says max_position_embeddings {config.max_position_embeddings}, and prompts of {max_prompt_tokens} "
            f"with answers of {max_new_tokens} tokens take {positions}: give a smaller --max-prompt-tokens or --max-new-tokens"
        )
    tokenizer = _read_tokenizer(folder / "tokenizer.json", config.vocab_size)
    licence = _licence(folder)
    bos, eos = _special_ids(folder, config)
    turn_start, turn_end = turn_ids(folder, tokenizer, bos)
    if (taken := 1 + len(turn_start) + len(turn_end)) >= max_prompt_tokens:
        raise ToolchainError(
            f"{folder}: BOS and chat template take {taken} of {max_prompt_tokens} tokens: allow prompts more"
        )
    own_notice = _own_notice(folder)
    refusal = gguf_file.reason_it_cannot(config)

    progress(f"loading {folder}")
    model = _load(folder)
    paths.models().mkdir(parents=True, exist_ok=True)
    # An import that is killed from here on leaves no base, rather than new files under the specification of an earlier one.
    forget_imported()
    dequantised = f"{name}-dequantised"
    if refusal is None:
        file, architecture = f"{name}-q8_0.gguf", gguf_file.architecture(config)
        progress(f"rounding to Q8_0, for a GGUF file of architecture {architecture}")
        gguf_file.round_to_q8_0(model)
        gguf_file.write_gguf(paths.models() / file, name, model, tokenizer, {"bos": bos, "eos": eos[0]}, positions)
    else:
        progress(f"no bundle will be made for it: {refusal}")
        file, architecture = f"{dequantised}/model.safetensors", str(config.model_type)
    _save(model, paths.models() / dequantised)
    shutil.copyfile(folder / "tokenizer.json", paths.models() / "tokenizer.json")
    # Not under its own name: in a bundle it lies beside ours.
    terms = f"{name}-{licence.name}"
    shutil.copyfile(licence, paths.models() / terms)
    source = model_name(folder)
    write_text_whole(
        paths.models() / _NOTICE, f"{own_notice}{name}: converted by Tandem from {source}; terms: {terms}\n"
    )
    base = BaseSpecification(
        name=name,
        architecture=architecture,
        packages=(),
        source_file=source,
        source_sha256=_hash_of_weights(folder),
        file=file,
        sha256=sha256_file(paths.models() / file),
        tokenizer_sha256=sha256_file(paths.models() / "tokenizer.json"),
        bos_token_id=bos,
        eos_token_ids=tuple(eos),
        max_prompt_tokens=max_prompt_tokens,
        max_new_tokens=max_new_tokens,
        terms_file=terms,
        notice_file=_NOTICE,
        refusal=refusal,
        turn_start_ids=turn_start,
        turn_end_ids=turn_end,
    )
    write_imported(base)
    return base


def _read_config(folder: Path) -> Any:
    from huggingface_hub.errors import StrictDataclassError
    from transformers import AutoConfig

    if not (folder / "config.json").is_file():
        raise ToolchainError(f"{folder / 'config.json'} is missing: give the folder of a model in Hugging Face layout")
    said = _json(folder / "config.json")
    kind = said.get("model_type")
    if kind not in MODEL_TYPES:
        raise ToolchainError(
            f"{folder / 'config.json'} is of model type {kind!r}, and only {', '.join(MODEL_TYPES)} can be imported: give one of "
            'those, or add it (docs/research.md, "Another base")'
        )
    if isinstance(quantised := said.get("quantization_config"), dict):
        raise ToolchainError(
            f"{folder / 'config.json'} says that the model is quantised ({quantised.get('quant_method')!r}): give it unquantised"
        )
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
    except (StrictDataclassError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ToolchainError(
            f"{folder / 'config.json'} is no configuration of a {kind} ({on_one_line(error)}): get the model anew"
        ) from None
    if nothing := [name for name in _SIZES if not getattr(config, name) > 0]:
        raise ToolchainError(
            f"{folder / 'config.json'} says {nothing[0]} {getattr(config, nothing[0])}: get the model anew"
        )
    return config


def _read_tokenizer(path: Path, vocabulary: int) -> Tokenizer:
    if not path.is_file():
        raise ToolchainError(f"{path} is missing: it has to come with the model")
    model = _json(path).get("model")
    kind = model.get("type") if isinstance(model, dict) else None
    if kind != "BPE":
        raise ToolchainError(f"{path} is a tokenizer of type {kind!r}: the device core reads BPE alone")
    tokenizer = read_tokenizer(path, "get the model anew")
    count = tokenizer.get_vocab_size(with_added_tokens=True)
    if count > vocabulary or any(tokenizer.id_to_token(index) is None for index in range(count)):
        raise ToolchainError(
            f"{path} does not number its {count} tokens from 0 to below the model's {vocabulary}: it is another model's"
        )
    return tokenizer


def _licence(folder: Path) -> Path:
    found = _called(folder, _LICENCES)
    if not found:
        raise ToolchainError(f"{folder} holds no LICENSE: put the model's licence there, bundles have to carry it")
    return found[0]


def _special_ids(folder: Path, config: Any) -> tuple[int, list[int]]:
    """BOS and all EOS; a model without a BOS is given its end-of-text token at the start, as it saw it between documents."""
    generation = folder / "generation_config.json"
    eos = (_json(generation) if generation.is_file() else {}).get("eos_token_id", config.eos_token_id)
    ends = (list(eos) if isinstance(eos, Sequence) else [eos]) or [None]
    bos = config.bos_token_id if config.bos_token_id is not None else ends[-1]
    if not all(isinstance(item, int) and 0 <= item < config.vocab_size for item in (bos, *ends)):
        raise ToolchainError(
            f"{folder / 'config.json'}, or generation_config.json beside it, says BOS {bos!r} and EOS {eos!r}: "
            f"write ids into it, from 0 to below {config.vocab_size}"
        )
    return bos, ends


def _load(folder: Path) -> Any:
    model = load_weights(folder, "get the model anew")
    for name, parameter in model.named_parameters():
        if not parameter.isfinite().all():
            raise ToolchainError(f"{folder} holds weights of {name} that are not finite: get the model anew")
    # A checkpoint with an output layer of its own is not tied, whatever its configuration says.
    model.config.tie_word_embeddings = model.lm_head.weight is model.model.embed_tokens.weight
    return model


def _save(model: Any, target: Path) -> None:
    with written_beside(target) as partial:
        model.save_pretrained(partial, max_shard_size="1TB")
        take_place(partial, target)


def _own_notice(folder: Path) -> str:
    """The model's own notice, which has to go with it; empty where it has none."""
    own = _called(folder, _NOTICES)
    try:
        return own[0].read_text(encoding="utf-8") + "\n" if own else ""
    except UnicodeDecodeError:
        raise ToolchainError(f"{own[0]} is not UTF-8: convert it, bundles have to carry it") from None


def _called(folder: Path, beginnings: tuple[str, ...]) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name.lower().startswith(beginnings))


def _hash_of_weights(folder: Path) -> str:
    return sha256_of_files(sorted(folder.glob("*.safetensors")))


def _json(path: Path) -> dict[str, Any]:
    return json_object(path, "is no JSON object in UTF-8: get the model anew")
