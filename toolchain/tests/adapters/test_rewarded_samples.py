"""LC++R: answers that are worth more than others to the same prompt become likelier; it goes on from LC++F, and its file says so."""

import runpy
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch._dynamo.utils import counters

from toolchain import overlap, paths, text
from toolchain.adapters import calibration as calibrating
from toolchain.adapters import rewarded_samples
from toolchain.adapters.calibration import train_calibration
from toolchain.adapters.calibration_data import benchmark_data
from toolchain.adapters.calibration_file import read_calibration, write_calibration
from toolchain.adapters.compose import compose
from toolchain.adapters.corrections import CalibrationMethod, Corrections, attach
from toolchain.adapters.examples import Example, encode_pairs
from toolchain.adapters.files import read_adapter
from toolchain.adapters.methods.calibrated import calibration_path
from toolchain.adapters.processes import Processes
from toolchain.adapters.quantised_activations import quantise_activations
from toolchain.adapters.rewarded_samples import Reward, RewardedSamples, reward_of
from toolchain.adapters.training import Precision, Schedule, validation_loss
from toolchain.base_model.compiled_layers import compile_layers
from toolchain.base_model.load import LoadedBase
from toolchain.data.pairs import Pair
from toolchain.errors import ToolchainError
from toolchain.generation import generate, sample
from toolchain.generation.generate import adapter_applied
from toolchain.hashing import sha256_file
from toolchain.tasks import Composition
from toolchain.tests.assets import put_calibration
from toolchain.tests.tiny import BOS, EOS, logits, tiny_base

COMPOSITION, METHOD = Composition.parse("summarize+es"), CalibrationMethod.LC_PLUS_PLUS_R
HARDLY_ANY = Schedule(steps=2, batch_size=2, learning_rate=1e-9, evaluate_every=2)
FOUR_STEPS = Schedule(steps=4, batch_size=2, learning_rate=0.01, evaluate_every=2)
PAIRS = [Pair(str(index), "x", None, target) for index, target in enumerate(("abc", "adefg", "fgh"))]
EXAMPLES = [
    Example([BOS, 50 + index, 61], [*(ord(letter) - 30 for letter in pair.target), EOS])
    for index, pair in enumerate(PAIRS)
]
IDS = [BOS, 50, 61, 72, 83, 94, 105]
ANSWERS = [[[70, 71, EOS], [72]], [[67, 70, 71], [70, EOS]], [[90, 91], [72, 73, 74, 75]]]
"""Two to each example's prompt."""


@dataclass(frozen=True)
class _ByLetters(Reward):
    """Worth what it has of small letters, whatever the reference says."""

    references: float = 0.0

    def of(self, answer: str, pair: Pair) -> float:
        return sum(letter.islower() for letter in answer) / 12


def _attached(base: LoadedBase) -> Corrections:
    torch.manual_seed(0)
    corrections = attach(base.model, METHOD)
    with torch.no_grad():
        for pair in corrections.shared.values():
            pair.p2.normal_(std=0.05)  # type: ignore[operator]
    return corrections


def _samples(base: LoadedBase, reward: Reward) -> RewardedSamples:
    return RewardedSamples(base, EXAMPLES, PAIRS, Precision.FP32, reward)


def _gradient(corrections: Corrections) -> torch.Tensor:
    return torch.cat([parameter.grad.flatten() for parameter in corrections.parameters() if parameter.grad is not None])


def test_the_copy_that_answers_computes_what_is_trained(base: LoadedBase) -> None:
    _attached(base)
    samples = _samples(base, Reward())
    samples.gradients([0, 1, 2])
    torch.testing.assert_close(logits(samples.plain, IDS), logits(base, IDS), rtol=1e-4, atol=1e-4)


def test_the_copy_rounds_activations_where_they_are_rounded_in_training(base: LoadedBase) -> None:
    """But for what the calibration itself sees, which is little."""
    exact = logits(base, IDS)
    _attached(base)
    with torch.no_grad():
        for parameter in (parameter for name, parameter in base.model.named_parameters() if ".p2" in name):
            parameter.mul_(0.01)
    quantise_activations(base.model)
    samples = _samples(base, Reward())
    samples.gradients([0])
    away = (logits(base, IDS) - exact).abs().mean()
    assert (logits(samples.plain, IDS) - logits(base, IDS)).abs().mean() < away / 2


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_the_gradient_is_that_of_the_expected_reward(
    base: LoadedBase, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """With given answers: the sum of each one's advantage times the gradient of its log probability at the temperature."""
    monkeypatch.setattr(rewarded_samples, "PROMPTS_AT_ONCE", at_once)
    corrections, reward = _attached(base), Reward(samples=2, temperature=0.5)
    monkeypatch.setattr(rewarded_samples, "sample_ids", lambda *_arguments: ANSWERS)
    loss = _samples(base, reward).gradients([0, 1, 2])
    found = _gradient(corrections)
    corrections.zero_grad()
    worth = [
        [reward.of(base.tokenizer.decode(answer, skip_special_tokens=True), pair) for answer in given]
        for pair, given in zip(PAIRS, ANSWERS, strict=True)
    ]
    assert len({value for of_prompt in worth for value in of_prompt}) > 2
    expected, tokens, crossed = torch.zeros(()), 0, torch.zeros(())
    for example, given, (one, other) in zip(EXAMPLES, ANSWERS, worth, strict=True):
        for answer, advantage in zip(given, (one - other, other - one), strict=True):
            expected = expected - advantage * _log_probabilities(base, example.prompt, answer, 0.5).sum() / 6
        crossed = crossed - _log_probabilities(base, example.prompt, example.target, 1).sum()
        tokens += len(example.target)
    (expected + reward.references * crossed / tokens).backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(found, _gradient(corrections), rtol=1e-3, atol=1e-5)
    mean = sum(map(sum, worth)) / 6
    assert loss.item() == pytest.approx(1 - mean + reward.references * crossed.item() / tokens, rel=1e-4)


def test_compiled_layers_have_the_same_gradient(base: LoadedBase, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for rounding; the copy that answers is not compiled."""
    monkeypatch.setattr(rewarded_samples, "PROMPTS_AT_ONCE", 2)
    monkeypatch.setattr(rewarded_samples, "sample_ids", lambda *_arguments: ANSWERS)
    corrections = _attached(base)
    samples = _samples(base, Reward(samples=2))
    loss = samples.gradients([0, 1, 2])
    found = _gradient(corrections)
    corrections.zero_grad()
    torch.compiler.reset()
    counters.clear()
    compile_layers(base.model)
    torch.testing.assert_close(samples.gradients([0, 1, 2]), loss, rtol=1e-4, atol=1e-5)
    assert counters["frames"]["ok"] == counters["frames"]["total"] > 0
    torch.testing.assert_close(_gradient(corrections), found, rtol=1e-3, atol=1e-4)


def _log_probabilities(base: LoadedBase, prompt: list[int], answer: list[int], temperature: float) -> torch.Tensor:
    found = base.model(input_ids=torch.tensor([prompt + answer]), use_cache=False).logits[0, len(prompt) - 1 : -1]
    return (found / temperature).log_softmax(-1).gather(1, torch.tensor(answer)[:, None])[:, 0]  # type: ignore[no-any-return]


def test_where_all_answers_are_worth_the_same_nothing_is_learned(base: LoadedBase) -> None:
    corrections = _attached(base)

    @dataclass(frozen=True)
    class AllAlike(_ByLetters):
        def of(self, answer: str, pair: Pair) -> float:
            return 0.5

    assert _samples(base, AllAlike()).gradients([0, 1]).item() == pytest.approx(0.5)
    assert not _gradient(corrections).any()


def test_what_is_rewarded_comes_more_often(base: LoadedBase) -> None:
    corrections = _attached(base)
    samples = _samples(base, _ByLetters(samples=16, temperature=1.0))
    optimizer = torch.optim.Adam(corrections.parameters(), lr=0.02)
    losses = []
    for step in range(30):
        torch.manual_seed(step)
        optimizer.zero_grad()
        losses.append(samples.gradients([0, 1, 2]).item())
        optimizer.step()
    assert sum(losses[-5:]) / 5 < sum(losses[:5]) / 5 - 0.1


@pytest.mark.parametrize("composition", ["summarize+es", "reply+witty"])
def test_in_a_tone_what_the_plain_text_has_is_worth_less(composition: str) -> None:
    reward = reward_of(Composition.parse(composition))
    pair = Pair("1", "x", None, "Rain, splendidly, at noon", "It rains at noon")
    of_tone, of_plain = (
        reward.of(answer, replace(pair, intermediate=None)) - reward.of(answer, pair)
        for answer in ("Splendidly", "It rains")
    )
    assert of_plain > of_tone > 0 if composition == "reply+witty" else of_plain == of_tone == 0


def test_where_answers_have_to_be_brief_each_letter_costs_something() -> None:
    composition, pair = Composition.parse("summarize+es"), Pair("1", "x", None, "Llueve a mediodía", None)
    brief, other = reward_of(composition, brief=True), reward_of(composition)
    for answer in ("", "Llueve", "Llueve a mediodía" * 30):
        assert other.of(answer, pair) - brief.of(answer, pair) == pytest.approx(brief.length * len(answer) / 100)
    assert replace(brief, length=0.0) == other


@pytest.fixture
def start(assets: Path) -> Path:
    return calibration_path(COMPOSITION, CalibrationMethod.LC_PLUS_PLUS_F)


@pytest.fixture
def out(assets: Path) -> Path:
    return assets / "r.safetensors"


def _weighted(start: Path, weights: tuple[float, float]) -> None:
    calibration = read_calibration(start)
    entries = tuple(replace(entry, weights=np.array(weights, np.float32)) for entry in calibration.entries)
    write_calibration(start, replace(calibration, entries=entries))


def test_it_starts_at_lcf_beside_the_merge_that_it_is_composed_with(base: LoadedBase, start: Path, out: Path) -> None:
    _weighted(start, (0.75, 0.5))
    log = train_calibration(base, COMPOSITION, METHOD, HARDLY_ANY, out, start=start)
    assert log["start_sha256"] == sha256_file(start)
    assert log["reward"] == {
        "samples": 6,
        "temperature": 0.7,
        "chrf": 0.3,
        "references": 0.3,
        "plain": 0.0,
        "length": 0.0,
    }
    trained = read_calibration(out)
    assert (trained.method, trained.composition, log["merge_weights"]) == (METHOD, COMPOSITION.name, (0.75, 0.5))
    adapters = [read_adapter(paths.ADAPTERS / task) for task in COMPOSITION.ids]
    plain = tiny_base()
    for calibration in (trained, read_calibration(start)):
        with adapter_applied(plain.model, compose(adapters, (0.5, 0.5), calibration)):
            torch.testing.assert_close(logits(base, IDS), logits(plain, IDS), rtol=1e-3, atol=1e-3)


def test_without_weights_it_is_trained_and_composed_beside_the_mean(base: LoadedBase, start: Path, out: Path) -> None:
    log = train_calibration(base, COMPOSITION, METHOD, HARDLY_ANY, out, start=start)
    assert log["merge_weights"] is None
    assert all(entry.weights is None for entry in read_calibration(out).entries)


def test_it_starts_at_no_other_method(base: LoadedBase, start: Path, out: Path) -> None:
    put_calibration(COMPOSITION, CalibrationMethod.LC_PLUS_PLUS_S)
    shared = calibration_path(COMPOSITION, CalibrationMethod.LC_PLUS_PLUS_S)
    with pytest.raises(ToolchainError, match=r"is of lc\+\+s: lc\+\+r starts at lc\+\+f"):
        train_calibration(base, COMPOSITION, METHOD, HARDLY_ANY, out, start=shared)
    with pytest.raises(ToolchainError, match=r"lc\+\+r: a start"):
        train_calibration(base, COMPOSITION, METHOD, HARDLY_ANY, out)


def test_several_processes_are_refused(
    base: LoadedBase, start: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrating, "launched", lambda: Processes(0, 2, torch.device("cpu")))
    with pytest.raises(ToolchainError, match="2 processes"):
        train_calibration(base, COMPOSITION, METHOD, HARDLY_ANY, out, start=start)


def _kill_at_step_2(start: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = RewardedSamples.gradients

    def killed(samples: RewardedSamples, indices: list[int]) -> torch.Tensor:
        if (paths.cache() / "checkpoints").exists() and list((paths.cache() / "checkpoints").iterdir()):
            raise KeyboardInterrupt
        return steps(samples, indices)

    with monkeypatch.context() as patch:
        patch.setattr(RewardedSamples, "gradients", killed)
        with pytest.raises(KeyboardInterrupt):
            train_calibration(tiny_base(), COMPOSITION, METHOD, FOUR_STEPS, out, start=start)


def test_an_interrupted_training_ends_as_an_uninterrupted_one(
    start: Path, out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = out.with_name("whole.safetensors")
    train_calibration(tiny_base(), COMPOSITION, METHOD, FOUR_STEPS, whole, start=start)
    _kill_at_step_2(start, out, monkeypatch)
    capsys.readouterr()
    train_calibration(tiny_base(), COMPOSITION, METHOD, FOUR_STEPS, out, start=start)
    assert "resuming at step 2 of 4" in capsys.readouterr().err
    assert out.read_bytes() == whole.read_bytes()


def test_a_training_whose_rewards_would_be_others_begins_anew(
    start: Path, out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No example holds the plain text that a reward counts."""
    _kill_at_step_2(start, out, monkeypatch)
    data = benchmark_data(COMPOSITION)
    others = replace(data, training=[replace(pair, intermediate="Other words.") for pair in data.training])
    train_calibration(tiny_base(), COMPOSITION, METHOD, FOUR_STEPS, out, others, start=start)
    assert "resuming" not in capsys.readouterr().err


@pytest.mark.parametrize("part", [generate, sample, overlap, text])
def test_an_edit_of_what_answers_or_values_an_answer_is_other_code(
    part: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edited(path: Path) -> bytes:
        return (b"edited" if str(path) == part.__file__ else b"") + path.open("rb").read()

    assert _code_of(rewarded_samples) == rewarded_samples.CODE
    monkeypatch.setattr(Path, "read_bytes", edited)
    assert _code_of(rewarded_samples) != rewarded_samples.CODE


def _code_of(module: ModuleType) -> str:
    """What it would be in a new process."""
    return str(runpy.run_path(str(module.__file__))["CODE"])


def test_its_validation_losses_are_those_of_the_references(base: LoadedBase, start: Path, out: Path) -> None:
    data = benchmark_data(COMPOSITION)
    few = replace(data, training=data.training[:2], validation=data.validation[:4])
    log = train_calibration(base, COMPOSITION, METHOD, HARDLY_ANY, out, few, start=start)
    examples = encode_pairs(base, COMPOSITION.prompt, few.validation)
    assert log["validation_losses"][2] == pytest.approx(validation_loss(base.model, examples, 2), abs=1e-3)
    assert log["training_pairs"] == 2


def test_weights_that_differ_between_linears_are_refused(base: LoadedBase, start: Path, out: Path) -> None:
    calibration = read_calibration(start)
    first, *others = calibration.entries
    weighted = replace(first, weights=np.array([0.7, 0.7], np.float32))
    write_calibration(start, replace(calibration, entries=(weighted, *others)))
    with pytest.raises(ToolchainError, match="other merge weights on some linears"):
        train_calibration(base, COMPOSITION, METHOD, HARDLY_ANY, out, start=start)


@pytest.mark.parametrize("option", [{"distillation": 0.5}, {"end_weight": 1.5}])
def test_options_of_the_loss_on_targets_are_refused(
    base: LoadedBase, start: Path, out: Path, option: dict[str, float]
) -> None:
    with pytest.raises(ToolchainError, match="learns by its own answers"):
        train_calibration(base, COMPOSITION, METHOD, replace(HARDLY_ANY, **option), out, start=start)  # type: ignore[arg-type]
