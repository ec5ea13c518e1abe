"""Specialised models of this machine as teachers: tiny random ones in the layout that real ones have, and nothing is fetched."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    GPT2Config,
    GPT2LMHeadModel,
    MarianConfig,
    MarianMTModel,
    PreTrainedTokenizerFast,
)

from toolchain.data import local_model
from toolchain.data.auxiliary_models import chosen_models
from toolchain.data.chat_model import ONLY, ChatModel
from toolchain.data.dialogue_targets import Unanswered, make_targets
from toolchain.data.dialogues import Dialogue
from toolchain.data.local_model import LocalModel
from toolchain.errors import ToolchainError
from toolchain.tasks import TASKS, Composition
from toolchain.tests.chat_server import serving
from toolchain.tests.local_models import VOCABULARY, put_llama, put_tokenizer, save
from toolchain.tests.tiny import BOS, EOS, PAD, byte_tokenizer
from toolchain.text import Message

TEXTS = ["We meet at five.", "", "Ben has the key, and Ana needs it before noon.", "No."]
COMPOSITION = Composition.parse("summarize+witty+es")
LIMIT = 24
ORIGIN = {"source": "x.json", "licence": "CC BY 4.0"}


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_model, "MAX_NEW_TOKENS", LIMIT)


def _put_marian_weights(folder: Path, vocabulary: int, pad: int, end: int) -> MarianMTModel:
    torch.manual_seed(0)
    size = {"d_model": 16, "encoder_ffn_dim": 24, "decoder_ffn_dim": 24, "max_position_embeddings": 128}
    depth = {"encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2}
    tokens = {"pad_token_id": pad, "eos_token_id": end, "decoder_start_token_id": pad, "forced_eos_token_id": None}
    config = MarianConfig(vocab_size=vocabulary, decoder_vocab_size=vocabulary, init_std=0.6, **size, **depth, **tokens)
    model = MarianMTModel(config).eval()
    save(model, folder)
    return model


def _put_marian(folder: Path) -> Path:
    _put_marian_weights(folder, VOCABULARY, PAD, EOS)
    put_tokenizer(folder)
    return folder


def _put_sentencepiece(folder: Path) -> dict[str, int]:
    """Tokenizers as published Marian models have them: two of sentencepiece's, and one vocabulary, which is returned."""
    texts = folder / "texts"
    texts.write_text("\n".join(text for text in TEXTS if text) + "\n")
    for name in ("source", "target"):
        settings: dict[str, Any] = {
            "input": str(texts),
            "model_prefix": str(folder / name),
            "vocab_size": 40,
            "hard_vocab_limit": False,
        }
        SentencePieceTrainer.train(**settings, minloglevel=2)
        (folder / f"{name}.model").rename(folder / f"{name}.spm")
    source = SentencePieceProcessor(model_file=str(folder / "source.spm"))
    pieces = [source.id_to_piece(index) for index in range(source.get_piece_size())]
    own = ["</s>", "<unk>", *(piece for piece in pieces if not source.is_control(source.piece_to_id(piece)))]
    vocabulary = {piece: index for index, piece in enumerate([*dict.fromkeys(own), "<pad>"])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    return vocabulary


def _put_gpt2(folder: Path) -> Path:
    torch.manual_seed(0)
    size = {"n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": 128}
    config = GPT2Config(vocab_size=VOCABULARY, pad_token_id=PAD, eos_token_id=EOS, bos_token_id=BOS, **size)
    save(GPT2LMHeadModel(config), folder)
    put_tokenizer(folder)
    return folder


def _settings(name: str, **values: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        settings = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps(settings | values))

    return change


def _alone(folder: Path, prompt: str, *, seq2seq: bool) -> str:
    """What the model answers to one prompt, without padding and one token after the other."""
    tokenizer = byte_tokenizer()
    tokenizer.encode_special_tokens = False
    ids = torch.tensor([tokenizer.encode(prompt).ids])
    if seq2seq:
        model = AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
        made = model.generate(input_ids=ids, max_new_tokens=LIMIT, do_sample=False)[0].tolist()[1:]
    else:
        model = AutoModelForCausalLM.from_pretrained(folder).eval()
        made = model.generate(input_ids=ids, max_new_tokens=LIMIT, do_sample=False, pad_token_id=PAD)[0].tolist()
        made = made[ids.shape[1] :]
    return tokenizer.decode(made, skip_special_tokens=True).strip()


def test_a_translation_model_is_given_the_text_alone_and_all_texts_at_once(tmp_path: Path) -> None:
    folder = _put_marian(tmp_path / "opus-mt-en-es")
    found = LocalModel(folder).rewritten(TASKS["es"], TEXTS)
    assert found == [_alone(folder, text, seq2seq=True) if text else "" for text in TEXTS]
    assert len({text for text in found if text}) > 1, "random models that answer alike would prove nothing"


def test_a_marian_model_is_read_as_it_is_published(tmp_path: Path) -> None:
    vocabulary = _put_sentencepiece(tmp_path)
    model = _put_marian_weights(tmp_path, len(vocabulary), vocabulary["<pad>"], vocabulary["</s>"])
    (found,) = LocalModel(tmp_path).rewritten(TASKS["es"], TEXTS[:1])
    pieces = SentencePieceProcessor(model_file=str(tmp_path / "source.spm")).encode(TEXTS[0], out_type=str)
    ids = torch.tensor([[*(vocabulary[piece] for piece in pieces), vocabulary["</s>"]]])
    made = model.generate(input_ids=ids, max_new_tokens=LIMIT, do_sample=False)[0].tolist()[1:-1]
    named = {index: piece for piece, index in vocabulary.items()}
    target = SentencePieceProcessor(model_file=str(tmp_path / "target.spm"))
    assert (
        found
        == target.decode_pieces([named[index] for index in made if named[index] not in ("<unk>", "<pad>")]).strip()
    )
    assert found


def test_a_causal_model_is_asked_in_the_words_of_the_task(tmp_path: Path) -> None:
    folder = put_llama(tmp_path / "rewriter")
    asked = [TASKS["witty"].prompt.replace("{input}", text) + ONLY for text in TEXTS if text]
    found = LocalModel(folder).rewritten(TASKS["witty"], TEXTS)
    assert [text for text, given in zip(found, TEXTS, strict=True) if given] == [
        _alone(folder, prompt, seq2seq=False) for prompt in asked
    ]


def test_a_chat_template_stands_around_the_prompt_that_was_given(tmp_path: Path) -> None:
    template = "<bos>U:{{ messages[0]['content'] }}{% if add_generation_prompt %} A:{% endif %}"
    folder = put_llama(tmp_path / "chat", template)
    (found,) = LocalModel(folder, "Make it funny: {input}").rewritten(TASKS["witty"], TEXTS[:1])
    assert found == _alone(folder, f"<bos>U:Make it funny: {TEXTS[0]} A:", seq2seq=False)


@pytest.mark.parametrize("put", [_put_marian, put_llama])
def test_an_answer_that_does_not_end_is_not_kept(tmp_path: Path, put: Callable[[Path], Path]) -> None:
    folder = put(tmp_path / "m")
    settings = json.loads((folder / "generation_config.json").read_text())
    del settings["exponential_decay_length_penalty"]
    # As translation models have it: the last token is an end, whatever would have come.
    (folder / "generation_config.json").write_text(json.dumps(settings | {"forced_eos_token_id": EOS}))
    with pytest.raises(Unanswered, match=f"m does not end within {LIMIT} tokens"):
        LocalModel(folder).rewritten(TASKS["es"], TEXTS)


def _answering(monkeypatch: pytest.MonkeyPatch, folder: Path, answer: str) -> LocalModel:
    """A model whose every answer reads like that."""
    model = LocalModel(_put_marian(folder))
    monkeypatch.setattr(type(model._loaded[1]), "batch_decode", lambda _self, ids, **_named: [answer] * len(ids))
    return model


@pytest.mark.parametrize(
    "answer", ["<think>\nThey want it.\n</think>\n\nHola.", "They want it.</think>\n\nHola.", "Hola."]
)
def test_what_it_thinks_is_no_part_of_an_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: str) -> None:
    assert _answering(monkeypatch, tmp_path / "m", answer).rewritten(TASKS["es"], TEXTS[:1]) == ["Hola."]


@pytest.mark.parametrize("answer", ["", " \n", "<think>They want it.</think>\n"])
def test_an_empty_answer_is_not_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: str) -> None:
    with pytest.raises(Unanswered, match="m, asked for es: it answered with nothing"):
        _answering(monkeypatch, tmp_path / "m", answer).rewritten(TASKS["es"], TEXTS[:1])


@pytest.mark.parametrize("put", [_put_marian, _put_gpt2, put_llama])
@pytest.mark.parametrize("limit", [100, None])
def test_a_text_that_is_longer_than_the_model_reads_is_refused(
    tmp_path: Path, put: Callable[[Path], Path], limit: int | None
) -> None:
    folder = put(tmp_path / "m")
    read = limit or AutoConfig.from_pretrained(folder).max_position_embeddings
    _settings("tokenizer_config.json", **({"model_max_length": limit} if limit else {}))(folder)
    model = LocalModel(folder, "{input}")
    with pytest.raises(Unanswered, match=f"{read + 1} tokens long with .* longer than the {read} that m reads") as told:
        model.rewritten(TASKS["es"], [TEXTS[0], "q" * (read + 1)])
    assert "qq" not in str(told.value)
    if put is not _put_gpt2:
        assert model.rewritten(TASKS["es"], ["q" * read]) == [_alone(folder, "q" * read, seq2seq=put is _put_marian)]


def test_an_answer_that_the_model_has_no_positions_for_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(Unanswered, match="longer than m has positions for"):
        LocalModel(_put_gpt2(tmp_path / "m"), "{input}").rewritten(TASKS["es"], ["q" * 128])


def test_each_text_has_one_answer_whatever_the_settings_say(tmp_path: Path) -> None:
    folder = _put_marian(tmp_path / "m")
    _settings("generation_config.json", num_beams=3)(folder)
    expected = LocalModel(folder).rewritten(TASKS["es"], TEXTS)
    several = {"num_return_sequences": 3, "return_dict_in_generate": True, "do_sample": True, "temperature": 9.0}
    _settings("generation_config.json", **several)(folder)
    assert LocalModel(folder).rewritten(TASKS["es"], TEXTS) == expected


def test_records_name_every_teacher_and_a_killed_run_ends_with_the_same_file(tmp_path: Path) -> None:
    marian = LocalModel(_put_marian(tmp_path / "opus-mt-en-es"), batch_size=4)
    messages = (Message("Ana", "Hi."), Message("Ben", "Hello."))
    dialogues = [Dialogue(f"d{number}", messages, f"Summary {number}.") for number in range(6)]
    with serving(lambda prompt: prompt.split("\n")[2].upper()) as server:
        given = chosen_models(COMPOSITION, server.url, "big", [f"es={marian.folder}"], [])
        models = given | {"es": marian}
        assert isinstance(given["witty"], ChatModel)
        assert make_targets(dialogues, COMPOSITION, models, tmp_path / "whole", ORIGIN, lambda _: None) == 6
        whole = (tmp_path / "whole").read_bytes()
        (tmp_path / "t").write_bytes(whole[: len(whole) // 4])
        make_targets(dialogues, COMPOSITION, models, tmp_path / "t", ORIGIN, lambda _: None)
    assert (tmp_path / "t").read_bytes() == whole
    rows = [json.loads(line) for line in whole.splitlines()]
    assert [row["intermediate"] for row in rows] == [f"SUMMARY {number}." for number in range(6)]
    assert [row["target"] for row in rows[:4]] == marian.rewritten(
        TASKS["es"], [row["intermediate"] for row in rows[:4]]
    )
    assert {(row["source"], row["licence"], row["teacher"]) for row in rows} == {
        ("x.json", "CC BY 4.0", "witty: big, es: opus-mt-en-es")
    }


def test_a_file_of_another_prompt_is_not_added_to(tmp_path: Path) -> None:
    folder = _put_marian(tmp_path / "m")
    composition, path = Composition.parse("summarize+es"), tmp_path / "t"
    dialogues = [Dialogue(f"d{number}", (Message("Ana", "Hi."),), "Summary.") for number in range(2)]

    def make(count: int, prompt: str | None) -> int:
        models = {"es": LocalModel(folder, prompt)}
        return make_targets(dialogues[:count], composition, models, path, ORIGIN, lambda _: None)

    assert make(1, None) == 1
    before = path.read_bytes()
    with pytest.raises(ToolchainError, match="prompt_sha256") as refused:
        make(2, "secret: {input}")
    assert "secret" not in str(refused.value)
    assert path.read_bytes() == before
    assert make(2, "{input}") == 1, "which is what a translation model is given by default"


def test_a_file_of_another_model_of_the_same_name_is_not_added_to(tmp_path: Path) -> None:
    composition, path = Composition.parse("summarize+es"), tmp_path / "t"
    dialogues = [Dialogue(f"d{number}", (Message("Ana", "Hi."),), "Summary.") for number in range(2)]
    one, two = _put_marian(tmp_path / "one" / "m"), _put_marian(tmp_path / "two" / "m")

    def make(count: int, folder: Path) -> int:
        return make_targets(dialogues[:count], composition, {"es": LocalModel(folder)}, path, ORIGIN, lambda _: None)

    assert make(1, one) == 1
    assert make(2, two) == 1, "a copy is the same model"
    weights = two / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    before = path.read_bytes()
    with pytest.raises(ToolchainError, match="teacher_sha256"):
        make(2, two)
    assert path.read_bytes() == before


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match=r"config\.json is missing"):
        LocalModel(tmp_path / "nowhere").rewritten(TASKS["es"], TEXTS)
    folder = _put_marian(tmp_path / "m")
    for path in folder.glob("*.safetensors"):
        path.unlink()
    with pytest.raises(ToolchainError, match="holds no sequence-to-sequence or causal model") as refused:
        LocalModel(folder).rewritten(TASKS["es"], TEXTS)
    assert str(folder) in str(refused.value)


def _torn_weights(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-9])


def _pointer_for_weights(folder: Path) -> None:
    (folder / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\n")


def _pickled_weights(content: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        (folder / "pytorch_model.bin").write_text(content)

    return change


def _no_object(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_text("[]")

    return change


def _no_end_token(folder: Path) -> None:
    PreTrainedTokenizerFast(tokenizer_object=byte_tokenizer()).save_pretrained(folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"pad_token": None, "eos_token": None}))


@pytest.mark.parametrize(
    "damage",
    [
        _torn_weights,
        _pointer_for_weights,
        _pickled_weights("version https://git-lfs.github.com/spec/v1\n"),
        _pickled_weights(""),
        _settings("config.json", d_model="x"),
        _settings("config.json", d_model=32),
        _settings("config.json", encoder_attention_heads=0),
        _no_object("generation_config.json"),
        _no_object("tokenizer_config.json"),
        _no_end_token,
    ],
)
def test_a_damaged_model_is_refused_in_a_sentence(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    folder = _put_marian(tmp_path / "m")
    damage(folder)
    with pytest.raises(ToolchainError, match="holds no sequence-to-sequence or causal model") as refused:
        LocalModel(folder).rewritten(TASKS["es"], TEXTS)
    assert str(folder) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_model_without_its_tokenizer_is_refused(tmp_path: Path) -> None:
    folder = _put_gpt2(tmp_path / "m")
    for file in folder.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(ToolchainError, match=r"of its tokenizer's files, .*tokenizer\.json.*, none is there"):
        LocalModel(folder).rewritten(TASKS["es"], TEXTS)


@pytest.mark.parametrize("damage", [{"num_beams": 0}, {"eos_token_id": "x"}])
def test_a_model_that_cannot_answer_is_refused_in_a_sentence(tmp_path: Path, damage: dict[str, object]) -> None:
    folder = _put_marian(tmp_path / "m")
    _settings("generation_config.json", **damage)(folder)
    with pytest.raises(ToolchainError, match=r"m holds (a model that cannot answer|no seq.* model)") as refused:
        LocalModel(folder).rewritten(TASKS["es"], TEXTS)
    assert not isinstance(refused.value, Unanswered)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "template", ["{{ messages[0] + 1 }}", "{% if", "{{ raise_exception(messages[0]['content']) }}"]
)
def test_a_chat_template_that_cannot_be_filled_is_refused_without_the_text(tmp_path: Path, template: str) -> None:
    folder = put_llama(tmp_path / "m", template)
    with pytest.raises(ToolchainError, match="chat template") as refused:
        LocalModel(folder).rewritten(TASKS["witty"], TEXTS)
    assert str(folder) in str(refused.value)
    assert TEXTS[0] not in str(refused.value)


@pytest.mark.parametrize(
    ("local", "prompts", "said"),
    [
        (["fr=x"], [], "--local 'fr=x'"),
        (["es"], [], "TASK=…"),
        ([], ["es={input}"], "--local for that task"),
        (["es=x"], ["es=Translate"], "no {input}"),
        (["es=x", "witty=x", "es=y"], [], "--local names es twice"),
        (["es=x"], ["es={input}", "es={input}"], "--prompt names es twice"),
    ],
)
def test_what_the_command_line_cannot_mean_is_refused(local: list[str], prompts: list[str], said: str) -> None:
    with pytest.raises(ToolchainError, match=said):
        chosen_models(COMPOSITION, None, None, local, prompts)
