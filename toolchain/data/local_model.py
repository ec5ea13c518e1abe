"""A specialised model on this machine, as what does an auxiliary task: a translation model (Marian), or one that rewrites."""

import pickle
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from jinja2 import TemplateError
from safetensors import SafetensorError

from toolchain.console import quiet_transformers
from toolchain.data.chat_model import ONLY
from toolchain.data.dialogue_targets import Unanswered, one_line
from toolchain.data.estimate import Estimate
from toolchain.data.thoughts import without_thoughts
from toolchain.data.whole_text import refuse_half_characters
from toolchain.errors import ToolchainError, on_one_line
from toolchain.hashing import sha256_of_files
from toolchain.tasks import Task
from toolchain.text import fill

MAX_NEW_TOKENS = 256
"""Longest text that a model may make of another."""
_UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    pickle.UnpicklingError,
    SafetensorError,
    StrictDataclassError,
)
"""What transformers raises for settings, weights and tokenizers that are damaged, or do not belong together."""


@dataclass(frozen=True)
class LocalModel:
    """A sequence-to-sequence or causal model in Hugging Face layout, asked without sampling; beams are as its own settings say.

    `given` is the template of what it is given, with `{input}` for the text. By default a sequence-to-sequence model is given the text
    alone, a causal one the task's prompt, inside its chat template where it has one.
    """

    folder: Path
    given: str | None = None
    batch_size: int = 16

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.folder.resolve().name

    @property
    def sha256(self) -> str:
        """Of all files of the folder, with their names.

        Raises:
            ToolchainError: one of them, or the folder, has a name that is no text.
        """
        files = sorted(path for path in self.folder.glob("*") if path.is_file())
        for path in (self.folder.resolve(), *files):
            refuse_half_characters(f"the name of {path}", path.name, "rename it")
        return sha256_of_files(files)

    def rewritten(self, task: Task, texts: Sequence[str]) -> list[str]:
        """The answers, all texts in one batch; an empty text stays empty.

        Raises:
            Unanswered: a text is longer than the model reads; or an answer does not end, is not one line of text, or goes beyond what the
                model has positions for.
            ToolchainError: the folder holds no such model, or none that can answer, or a package that reads its tokenizer is missing.
        """
        asked = [index for index, text in enumerate(texts) if text]
        answers = self._answers([self._prompt(task, texts[index]) for index in asked]) if asked else []
        rewritten = [""] * len(texts)
        for index, answer in zip(asked, answers, strict=True):
            rewritten[index] = one_line(answer, f"{self.name}, asked for {task.id}")
        return rewritten

    def expected(self, task: Task, texts: Sequence[str]) -> Estimate:
        """Nothing: no text leaves this machine."""
        return Estimate()

    def template(self, task: Task) -> str:
        """The template that was given, else the default one.

        Raises:
            ToolchainError: as `rewritten` does.
        """
        return self.given or ("{input}" if self._is_seq2seq else task.prompt + ONLY)

    def _prompt(self, task: Task, text: str) -> str:
        _, tokenizer = self._loaded
        prompt = fill(self.template(task), text, None)
        if self._is_seq2seq or not tokenizer.chat_template:
            return prompt
        messages = [{"role": "user", "content": prompt}]
        try:
            return str(tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False))
        except (TemplateError, TypeError, ValueError) as error:
            # Not with the error's own words, which may be those of the text.
            raise ToolchainError(
                f"{self.folder} has a chat template that cannot be filled with one user's message ({type(error).__name__}): "
                "give another model"
            ) from None

    def _answers(self, prompts: Sequence[str]) -> list[str]:
        model, tokenizer = self._loaded
        try:
            new = self._generated(prompts)
            ends = torch.isin(new, torch.tensor(_listed(model.generation_config.eos_token_id)))
        except IndexError:
            raise Unanswered(
                f"a text, or its answer, is longer than {self.name} has positions for: take it out, or give another model"
            ) from None
        except _UNREADABLE as error:
            raise ToolchainError(
                f"{self.folder} holds a model that cannot answer ({on_one_line(error)}): give the folder of another, or fetch it anew"
            ) from None
        # Some models' settings make the last token an end, whatever would have come.
        if not bool(ends[:, : MAX_NEW_TOKENS - 1].any(-1).all()):
            raise Unanswered(f"an answer of {self.name} does not end within {MAX_NEW_TOKENS} tokens")
        return [without_thoughts(text) for text in tokenizer.batch_decode(new, skip_special_tokens=True)]

    def _generated(self, prompts: Sequence[str]) -> torch.Tensor:
        """The new tokens, one row for each prompt, none of which may be cut: its target would say more, or something else."""
        model, tokenizer = self._loaded
        # A chat template has written the special tokens itself.
        plain = self._is_seq2seq or not tokenizer.chat_template
        batch = tokenizer(list(prompts), padding=True, add_special_tokens=plain, return_tensors="pt")
        positions = getattr(self._config, "max_position_embeddings", None)
        read = min(positions or tokenizer.model_max_length, tokenizer.model_max_length)
        if (longest := int(batch["attention_mask"].sum(-1).max())) > read:
            raise Unanswered(
                f"a text is {longest} tokens long with what goes with it, longer than the {read} that {self.name} reads: "
                "take it out, or give another model"
            )
        ids = batch["input_ids"]
        with torch.no_grad():
            made: torch.Tensor = model.generate(
                input_ids=ids,
                attention_mask=batch["attention_mask"],
                max_new_tokens=MAX_NEW_TOKENS,
                do_sample=False,
                num_return_sequences=1,
                return_dict_in_generate=False,
                pad_token_id=tokenizer.pad_token_id,
            )
        return made[:, 1:] if self._is_seq2seq else made[:, ids.shape[1] :]

    @property
    def _is_seq2seq(self) -> bool:
        return bool(self._config.is_encoder_decoder)

    @cached_property
    def _config(self) -> Any:
        from transformers import AutoConfig

        if not (self.folder / "config.json").is_file():
            raise ToolchainError(f"{self.folder / 'config.json'} is missing: give the folder of a model")
        try:
            return AutoConfig.from_pretrained(self.folder, local_files_only=True)
        except _UNREADABLE as error:
            raise self._no_model(on_one_line(error)) from None

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        """The model, in float32 and evaluation mode, and its tokenizer."""
        from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

        config = self._config
        quiet_transformers()
        try:
            kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
            model = kind.from_pretrained(self.folder, dtype=torch.float32, local_files_only=True).eval()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Marian's recommends a package that straightens quotation marks.
                tokenizer = AutoTokenizer.from_pretrained(
                    self.folder, local_files_only=True, padding_side="right" if config.is_encoder_decoder else "left"
                )
        except ImportError as error:
            raise ToolchainError(f"{self.folder} needs a package that is not installed: {on_one_line(error)}") from None
        except _UNREADABLE as error:
            raise self._no_model(on_one_line(error)) from None
        # Where there is none of them transformers makes a tokenizer of its special tokens, which reads no word; some kinds need no file.
        if files := tokenizer.vocab_files_names:
            names = sorted({*files.values(), "tokenizer.json"})
            if not any((self.folder / name).is_file() for name in names):
                raise self._no_model(f"of its tokenizer's files, {', '.join(names)}, none is there")
        tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
        if tokenizer.pad_token is None:
            raise self._no_model("its tokenizer has neither a padding nor an end token")
        return model, tokenizer

    def _no_model(self, problem: str) -> ToolchainError:
        return ToolchainError(
            f"{self.folder} holds no sequence-to-sequence or causal model with its tokenizer ({problem}): "
            "give the folder of another, or fetch it anew"
        )


def _listed(ids: int | list[int] | None) -> list[int]:
    return [ids] if isinstance(ids, int) else ids or []
