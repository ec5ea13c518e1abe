"""Answers from PyTorch: the reference, and the engine for methods that the device core cannot run."""

from collections.abc import Iterator, Sequence

from toolchain.adapters.files import Adapter
from toolchain.adapters.methods.method import Method
from toolchain.adapters.processes import launched
from toolchain.base_model.bfloat16 import round_weights
from toolchain.base_model.load import LoadedBase
from toolchain.data.pairs import Pair
from toolchain.evaluation.engines.engine import Answer, Question, refuse_changed
from toolchain.evaluation.engines.prompts import prompt_variants
from toolchain.generation.passes import decoding_rules, run_passes
from toolchain.tasks import Composition

PYTHON = "python"
PYTHON_BF16 = "python-bf16"
"""Weights and activations in bfloat16: half the time of float32 where the processor has it, for large grids. Its answers differ where tokens
are nearly tied."""
_ARITHMETIC: dict[str, tuple[str, ...]] = {PYTHON: (), PYTHON_BF16: ("bf16 weights, fp32 rotary frequencies",)}
"""What a cell is kept by beside the code that generates."""
TOGETHER = 48
"""Prompts in a batch."""


class PythonEngine:
    """One base model; of what a method makes of the adapters the hash is kept for the length of a run, and the last in whole.

    `id` is PYTHON or PYTHON_BF16, which makes the base's weights bfloat16 in place.
    """

    def __init__(self, base: LoadedBase, id: str = PYTHON) -> None:
        self.id = id
        self._base = base
        if id == PYTHON_BF16:
            round_weights(base.model)
        self._digests: dict[tuple[str, str], str] = {}
        self._last: tuple[tuple[str, str], Sequence[Adapter | None]] | None = None
        device = launched().device.type
        self._arithmetic = (*decoding_rules(), *_ARITHMETIC[id], *([] if device == "cpu" else [device]))

    @property
    def base(self) -> dict[str, str]:
        """Name and identity of the base."""
        spec = self._base.specification
        return {"base": spec.name, **spec.identity}

    def prompts(self, method: Method, composition: Composition) -> dict[str, str]:
        """All variants for a method that tunes its prompt, else the composition's own."""
        variants = prompt_variants(composition)
        return variants if method.tunes_prompt else {"contract": variants["contract"]}

    def key(self, question: Question) -> str:
        """Base, limits, special tokens, turns of a chat, decoding rules, templates and the bytes of the adapters."""
        spec = self._base.specification
        limits = (spec.max_prompt_tokens, spec.max_new_tokens, spec.bos_token_id, spec.eos_token_ids, *spec.turn)
        name = question.method.id, question.composition.name
        if name not in self._digests:
            self._adapters(question)
        templates = question.method.templates(question.composition, question.template)
        return repr((spec.sha256, spec.tokenizer_sha256, limits, self._arithmetic, templates, self._digests[name]))

    def answers(self, question: Question, pairs: Sequence[Pair]) -> Iterator[dict[str, Answer]]:
        """All passes over all pairs; nothing is finished before everything is, for batches hold prompts of similar length."""
        inputs = [pair.source for pair in pairs]
        speakers = [pair.reply_speaker for pair in pairs]
        adapters = self._adapters(question)
        templates = question.method.templates(question.composition, question.template)
        _, answers = run_passes(self._base, adapters, templates, inputs, speakers, TOGETHER)
        yield {pair.id: Answer(answer) for pair, answer in zip(pairs, answers, strict=True)}

    def _adapters(self, question: Question) -> Sequence[Adapter | None]:
        """What answers: made anew when another question has been asked since, for those of a whole grid would fill the memory.

        Raises:
            ToolchainError: a file that it is made of was replaced since its key was told.
        """
        name = question.method.id, question.composition.name
        if self._last is None or self._last[0] != name:
            adapters = question.method.adapters(question.composition)
            refuse_changed(question, adapters, self._digests)
            self._last = name, adapters
        return self._last[1]
