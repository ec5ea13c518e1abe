"""Recipes: what they say is what is trained, a command's own options come first, and a mistake is named."""

from pathlib import Path

import pytest

from toolchain import paths
from toolchain.adapters.corrections import CalibrationMethod
from toolchain.adapters.lora import LoraShape
from toolchain.adapters.training import Precision, Schedule
from toolchain.base_model.shape import LARGEST
from toolchain.errors import ToolchainError
from toolchain.recipe import Training, read_recipe, recipe_names
from toolchain.scale.plan import plan

PAPERS = [name for name in recipe_names() if name != paths.DEFAULT_BASE]
TRAINING = Training(epochs=2, batch_size=4, learning_rate=1e-3)


def test_the_default_recipe() -> None:
    recipe = read_recipe()
    assert recipe.name == paths.DEFAULT_BASE
    assert recipe.lora.shape() == LoraShape(rank=16, alpha=32, dropout=0.05)
    schedule = recipe.lora.training.schedule(1000, seed=3, keep_best=True)
    assert schedule == Schedule(150, 6, 4e-4, seed=3)
    calibration = recipe.calibration.training.schedule(1000, seed=0, keep_best=False)
    assert calibration == Schedule(90, 6, 2e-3, keep_best=False)


@pytest.mark.parametrize("name", recipe_names())
def test_a_method_may_have_a_rate_of_its_own(name: str) -> None:
    calibration = read_recipe(name).calibration
    assert calibration.of(CalibrationMethod.LC_PLUS_PLUS) == calibration.training
    of_lc = calibration.of(CalibrationMethod.LC)
    assert of_lc.learning_rate == pytest.approx(calibration.training.learning_rate / 20)
    assert of_lc.overridden(learning_rate=calibration.training.learning_rate) == calibration.training


def test_there_is_one_for_each_of_the_papers_models() -> None:
    assert PAPERS == ["llama-3.2-1b-instruct", "qwen2.5-1.5b-instruct", "stablelm2-1.6b"]


@pytest.mark.parametrize("name", PAPERS)
def test_the_papers_recipe(name: str) -> None:
    recipe = read_recipe(name)
    training = recipe.lora.training
    assert recipe.lora.shape() == LoraShape(rank=32, alpha=128, dropout=0.05)
    assert (training.learning_rate, training.warmup_steps, training.epochs) == (5e-5, 10, 1)
    assert (recipe.prompt_tokens, recipe.target_tokens) == (512, 512)


def test_the_chosen_base_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANDEM_BASE", PAPERS[0])
    assert read_recipe().name == PAPERS[0]
    assert read_recipe(PAPERS[1]).name == PAPERS[1]


@pytest.mark.parametrize(("examples", "steps"), [(1, 2), (4, 2), (5, 4), (400, 200)])
def test_epochs_are_whole(examples: int, steps: int) -> None:
    assert TRAINING.schedule(examples, 0, keep_best=True).steps == steps


def test_options_come_before_the_recipe() -> None:
    own = TRAINING.overridden(steps=7, batch_size=None, learning_rate=2e-3, precision=Precision.BF16)
    assert own.schedule(400, 0, keep_best=True) == Schedule(7, 4, 2e-3, warmup_steps=3, precision=Precision.BF16)
    assert TRAINING.overridden(steps=None, gradient_checkpointing=None) == TRAINING
    assert TRAINING.overridden(gradient_checkpointing=True).overridden(gradient_checkpointing=False) == TRAINING
    assert read_recipe(PAPERS[0]).lora.shape(rank=8) == LoraShape(rank=8, alpha=128, dropout=0.05)
    assert read_recipe(PAPERS[0]).lora.shape(dropout=0.0) == LoraShape(rank=32, alpha=128, dropout=0)


MISTAKES = {
    "no toml": ("steps =", "no recipe"),
    "an unknown key": ("\nturbo = true", "turbo"),
    "a bad number": ("[lora]\nrank = 0", "lora.rank"),
    "no length": ("", "either steps or epochs"),
    "a name": ("\nname = 'x'", "no recipe"),
    "a number of too many digits": (f"seed = {'9' * 5000}", "no recipe"),
    "lists in lists in lists": (f"seed = {'[' * 100_000}", "no recipe"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(mistake: str, tmp_path: Path) -> None:
    text, named = MISTAKES[mistake]
    good = (paths.RECIPES / f"{paths.DEFAULT_BASE}.toml").read_text(encoding="utf-8")
    written = (
        good.replace("prompt_tokens =", f"{text.strip()}\nprompt_tokens =")
        if "[lora]" not in text
        else good.replace("[lora]\nrank = 16", text)
    )
    if mistake == "no length":
        written = good.replace("steps = 150\n", "")
    path = tmp_path / "mine.toml"
    path.write_text(written, encoding="utf-8")
    with pytest.raises(ToolchainError, match=named) as refused:
        read_recipe(str(path))
    assert "mine.toml" in str(refused.value)


IMPOSSIBLE = {
    "an infinite rate": ("learning_rate = 4e-4", "learning_rate = inf", "lora.training.learning_rate"),
    "a rate that is no number": ("learning_rate = 4e-4", "learning_rate = nan", "lora.training.learning_rate"),
    "a rate that float32 does not hold": (
        "learning_rate = 4e-4",
        "learning_rate = 1e39",
        "learning_rate 1e.39: .* 1000",
    ),
    "a method's rate that float32 does not hold": ("lc = 1e-4", "lc = 1e300", "calibration.learning_rates.lc 1e.300"),
    "a dropout that is no number": ("dropout = 0.05", "dropout = nan", "lora.dropout"),
    "an unknown architecture": ('"gemma3_text"', '"gpt2"', "shape.model_type 'gpt2': .*'llama'"),
    "no architecture": ('model_type = "gemma3_text"', "", "shape.model_type"),
    "a width below 0": ("hidden_size = 640", "hidden_size = -4", "shape.hidden_size -4: "),
    "a width that is a word": ("hidden_size = 640", 'hidden_size = "a"', "shape.hidden_size 'a': "),
    "a width that is a truth": ("hidden_size = 640", "hidden_size = true", "shape.hidden_size"),
    "a width that no machine has": ("hidden_size = 640", f"hidden_size = {10**15}", "shape.hidden_size"),
    "a rate of a method that is none": ("lc = 1e-4", "turbo = 2e-4", "calibration.learning_rates.turbo"),
    "a method's infinite rate": ("lc = 1e-4", "lc = inf", "calibration.learning_rates.lc inf"),
    "a misspelt size": ("num_hidden_layers", "num_layers", "shape.num_hidden_layers"),
    "heads that do not fill the width": ("hidden_size = 640", "hidden_size = 65", "multiple of num_attention_heads 4"),
    "heads that cannot share": ("value_heads = 1", "value_heads = 3", "multiple of num_key_value_heads 3"),
    "heads that cannot be rotated": ("head_dim = 256", "head_dim = 255", "255 wide"),
    "heads of unknown width": ("head_dim = 256", "", "want a head_dim"),
    "heads whose width is not asked for": ('"gemma3_text"', '"stablelm"', "none for stablelm"),
    "a table that is none": ("[shape]", "[[shape]]", "shape"),
    "a prompt that no base reads": ("prompt_tokens = 1024", f"prompt_tokens = {10**11}", "prompt_tokens 1"),
    "a target that no base reads": ("target_tokens = 128", f"target_tokens = {10**11}", "target_tokens 1"),
    "a rank that no machine has": ("rank = 16", f"rank = {LARGEST + 1}", f"lora.rank {LARGEST + 1}: .* {LARGEST}"),
    "an alpha that is no float": ("alpha = 32", f"alpha = {10**400}", "lora.alpha"),
    "more steps than anybody takes": ("steps = ", f"steps = {10**30} # ", "steps 1"),
    "a batch that no machine holds": ("batch_size = 6", f"batch_size = {10**11}", "lora.training.batch_size 1"),
}


@pytest.mark.parametrize("mistake", IMPOSSIBLE)
def test_what_no_model_can_be_made_of_is_refused_in_one_sentence(mistake: str, tmp_path: Path) -> None:
    there, instead, named = IMPOSSIBLE[mistake]
    good = (paths.RECIPES / f"{paths.DEFAULT_BASE}.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(good.replace(there, instead, 1), encoding="utf-8")
    with pytest.raises(ToolchainError, match=named) as refused:
        read_recipe(str(path))
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / f"{paths.DEFAULT_BASE}.toml"
    path.write_text((paths.RECIPES / path.name).read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert read_recipe(str(path)) == read_recipe()


def test_training_needs_no_shape_and_a_plan_asks_for_it(tmp_path: Path) -> None:
    good, path = read_recipe(), tmp_path / "mine.toml"
    text = (paths.RECIPES / f"{paths.DEFAULT_BASE}.toml").read_text(encoding="utf-8")
    path.write_text(text.split("[shape]")[0], encoding="utf-8")
    recipe = read_recipe(str(path))
    assert (recipe.lora, recipe.calibration) == (good.lora, good.calibration)
    with pytest.raises(ToolchainError, match=r"recipe mine has no \[shape\], from which `scale plan` counts: add one"):
        plan(recipe)


UNKNOWN = {
    "llama-9": r"no recipe 'llama-9': give the name of one .* or a \.toml file",
    "nowhere.toml": r"nowhere\.toml is missing: give a recipe's file that is there, or a name",
    None: r"base 'my-qwen2' has no recipe of its own: give --recipe NAME .* or FILE\.toml",
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_recipe_is_refused_with_those_there_are(name: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANDEM_BASE", "my-qwen2")
    with pytest.raises(ToolchainError, match=UNKNOWN[name]) as refused:
        read_recipe(name)
    assert all(known in str(refused.value) for known in recipe_names())
