"""LC++R: a calibration learns from its own answers which of them are nearer to the references.

A loss on references alone teaches each next token behind the reference's own words, never behind the calibration's: with few conversations
they are learned by heart, with many the answers get no nearer to others (docs/trials.md, "Fifteen times the conversations"). Here it answers
each prompt several times, and the answers that are nearer to the reference than the others of that prompt become likelier: policy gradient
(Williams 1992, REINFORCE) on the metric itself (Ranzato et al. 2016, arXiv 1511.06732), an answer's baseline being the mean of the others
(Kool et al. 2019; arXiv 2402.14740).
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from toolchain import generation, overlap, text
from toolchain.adapters.corrections import CalibratedLinear
from toolchain.adapters.examples import Example
from toolchain.adapters.linears import adapted_linears
from toolchain.adapters.packed_answers import predicting_states
from toolchain.adapters.processes import launched
from toolchain.adapters.training import Precision
from toolchain.adapters.vocabulary_loss import log_probabilities
from toolchain.base_model.bfloat16 import round_weights
from toolchain.base_model.load import LoadedBase
from toolchain.data.pairs import Pair
from toolchain.generation.sample import sample_ids
from toolchain.overlap import overlap_metrics
from toolchain.provenance import code_sha256
from toolchain.tasks import Composition, TaskKind
from toolchain.text import cut_answer

CODE = code_sha256(Path(generation.__file__).parent, Path(overlap.__file__), Path(text.__file__))
"""What answers and what values an answer, hashed as the rest of what trains is."""
COST_OF_LENGTH = 0.03
"""Of 100 characters, where answers have to be brief (docs/trials.md, "As brief as LC++")."""
PROMPTS_AT_ONCE = 5
"""In a backward pass, with all their answers: more would take more memory, of which a step of the default base takes 17 GiB."""


@dataclass(frozen=True)
class Reward:
    """What an answer is worth, and how many are drawn.

    `samples` answers to each prompt at `temperature`, by whose distribution the gradient goes as well. The reward is the mean of ROUGE-L and,
    counting `chrf`, chrF, which alone would reward length. `plain` times the same of the text that the last task turned into the reference
    goes off it: what a reference has by its tone alone is then worth most, and what the plain text alone has is a loss. So does `length` for every
    100 characters, each of which takes time on the device. `references` is what the references' own cross-entropy counts beside the reward, in
    nats a token: it keeps answers sentences.
    """

    samples: int = 6
    temperature: float = 0.7
    chrf: float = 0.3
    references: float = 0.3
    plain: float = 0.0
    length: float = 0.0

    def of(self, answer: str, pair: Pair) -> float:
        """At most 1; with no `length` at least `-plain`."""
        worth = self._overlap(answer, pair.target) - self.length * len(answer) / 100
        if self.plain and pair.intermediate:
            worth -= self.plain * self._overlap(answer, pair.intermediate)
        return worth

    def _overlap(self, answer: str, text: str) -> float:
        found = overlap_metrics(answer, text)
        return (found["rouge_l"] + self.chrf * found["chrf"]) / (1 + self.chrf)


def reward_of(composition: Composition, *, brief: bool = False) -> Reward:
    """Overlap alone hardly tells a tone from none; a language it does. Brief answers are about as long as LC++F's, which it goes on from."""
    return Reward(
        plain=0.3 if composition.tasks[-1].kind is TaskKind.TONE else 0.0,
        length=COST_OF_LENGTH if brief else 0.0,
    )


class RewardedSamples:
    """The loss 1 - expected reward + `references` times cross-entropy, and its gradients, for steps of `train`.

    A plain copy of the calibrated model answers, its calibration folded into the weights anew for every step: with what is attached to a
    linear each token would take several times as long. `attached` is that model, as it is trained. The two differ by rounding: the copy's
    weights are in bfloat16 where the products are, and where activations are rounded it has the calibration see the rounded ones.
    """

    def __init__(
        self,
        attached: LoadedBase,
        examples: Sequence[Example],
        pairs: Sequence[Pair],
        precision: Precision,
        reward: Reward,
    ) -> None:
        self.reward = reward
        self._attached, self._examples, self._pairs, self._precision = attached, examples, pairs, precision
        self._device = launched().device
        self.plain = replace(attached, model=_without_corrections(copy.deepcopy(attached.model)))
        if precision is Precision.BF16:
            round_weights(self.plain.model)

    def gradients(self, indices: Sequence[int]) -> torch.Tensor:
        """Answer the prompts of these examples, put the gradients into the attached parameters, and return the loss, float32 []."""
        self._fold()
        examples, reward = [self._examples[index] for index in indices], self.reward
        tokens = sum(len(item.target) for item in examples)
        with self._device:
            answers = sample_ids(self.plain, [item.prompt for item in examples], reward.samples, reward.temperature)
            rewards = torch.tensor([self._rewards(index, given) for index, given in zip(indices, answers, strict=True)])
            total = 1 - rewards.mean()
            advantages = (rewards - rewards.mean(1, keepdim=True)) * reward.samples / (reward.samples - 1)
            for first in range(0, len(examples), PROMPTS_AT_ONCE):
                part = slice(first, first + PROMPTS_AT_ONCE)
                with self._precision.products(self._device.type):
                    better, references = self._losses(examples[part], answers[part], advantages[part])
                of_prompts = len(examples[part]) / len(examples)
                of_references = reward.references * sum(len(item.target) for item in examples[part]) / tokens
                (of_prompts * better + of_references * references).backward()  # type: ignore[no-untyped-call]
                total += of_references * references.detach()
        return total

    def _rewards(self, index: int, answers: Sequence[list[int]]) -> list[float]:
        decoded = self.plain.tokenizer.decode_batch(list(answers), skip_special_tokens=True)
        return [self.reward.of(cut_answer(answer), self._pairs[index]) for answer in decoded]

    def _losses(
        self, examples: Sequence[Example], answers: Sequence[Sequence[list[int]]], advantages: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """A value whose gradient is that of 1 - expected reward; and the cross-entropy of the references, nats a token. Both float32 []."""
        written = [[*given, item.target] for item, given in zip(examples, answers, strict=True)]
        states = predicting_states(self._attached.model, [item.prompt for item in examples], written)
        # A reference is no sample: it has the temperature 1, and no advantage.
        advantage = torch.nn.functional.pad(advantages, (0, 1)).flatten()
        is_reference = torch.zeros(len(examples), self.reward.samples + 1, dtype=torch.bool)
        is_reference[:, -1] = True
        lengths = torch.tensor([len(answer) for given in written for answer in given])
        of_reference = is_reference.flatten().repeat_interleave(lengths)
        temperature = torch.where(of_reference, 1.0, self.reward.temperature)
        tokens = torch.tensor([token for given in written for answer in given for token in answer])
        found = log_probabilities(self._attached.model.lm_head, states / temperature[:, None], tokens[:, None])[:, 0]
        better = -(advantage.repeat_interleave(lengths) * found).sum() / advantages.numel()
        return better, -found[of_reference].mean()

    def _fold(self) -> None:
        self.plain.model.to(self._device)
        with torch.no_grad():
            for name, linear in adapted_linears(self.plain.model):
                linear.weight.copy_(self._attached.model.get_submodule(name).folded())


def _without_corrections(model: torch.nn.Module) -> torch.nn.Module:
    """The model with its plain linears in their places again, in place."""
    for name, module in list(model.named_modules()):
        if isinstance(module, CalibratedLinear):
            model.set_submodule(name, module.linear)
    return model
