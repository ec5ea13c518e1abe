"""The dry run: counts are those of the paper and of public model cards, memory is what autograd really keeps."""

import json
import warnings
from typing import Any

import pytest
import torch
import typer

from toolchain.adapters.corrections import CalibrationMethod, attach
from toolchain.adapters.examples import Batch
from toolchain.adapters.lora import LoraShape, add_lora
from toolchain.adapters.training import Precision, target_loss
from toolchain.base_model.gradient_checkpointing import checkpoint_layers
from toolchain.base_model.shape import LARGEST
from toolchain.cli import app
from toolchain.recipe import LONGEST, Recipe, read_recipe, recipe_names
from toolchain.scale.activations import SavedTensors, activations
from toolchain.scale.parameters import Parameters, count_parameters, model_of
from toolchain.scale.plan import plan, table
from toolchain.tests.tiny_bases import SHAPES, tiny

# Of the base: all weights of the transformers model (StableLM's model card says 24 * 4,096 fewer). The paper gives means of the others
# over its three models (arXiv 2507.16083, table 2).
COUNTS = {
    "gemma-3-270m": (16, Parameters(268_098_176, 3_796_992, 6_912, 52_736)),
    "llama-3.2-1b-instruct": (32, Parameters(1_235_814_400, 22_544_384, 23_552, 176_128)),
    "qwen2.5-1.5b-instruct": (32, Parameters(1_543_714_304, 36_929_536, 23_040, 164_864)),
    "stablelm2-1.6b": (32, Parameters(1_644_515_328, 30_277_632, 21_504, 157_696)),
}
PAPERS = [name for name in COUNTS if name != "gemma-3-270m"]
ROWS, PROMPT, TARGET = 2, 24, 8


@pytest.mark.parametrize("name", COUNTS)
def test_a_recipe_has_the_sizes_of_its_model(name: str) -> None:
    rank, expected = COUNTS[name]
    recipe = read_recipe(name)
    assert recipe.lora.rank == rank
    assert count_parameters(recipe.shape.configuration(), rank) == expected


def test_the_means_are_the_papers() -> None:
    mean = {part: sum(getattr(COUNTS[name][1], part) for name in PAPERS) / 3 for part in ("lora", "lc", "lc_plus_plus")}
    assert round(mean["lc"], -3) == 23_000
    assert round(mean["lc_plus_plus"], -3) == 166_000
    assert round(mean["lora"], -6) == 30_000_000
    # "57.10 MB" and "0.32 MB" are MiB of fp16; the rest of the former is the files' headers.
    assert mean["lora"] * 2 / 2**20 == pytest.approx(57.10, abs=0.05)
    assert round(mean["lc_plus_plus"] * 2 / 2**20, 2) == 0.32
    assert f"{mean['lc_plus_plus'] / mean['lora']:.2%}" == "0.56%"


def test_every_recipe_is_counted() -> None:
    assert recipe_names() == list(COUNTS)


def _with_lora(model: Any) -> object:
    return add_lora(model, LoraShape(rank=4, alpha=8, dropout=0.1)).train()


def _with_calibration(model: Any) -> object:
    return attach(model, CalibrationMethod.LC_PLUS_PLUS)


@pytest.mark.parametrize("precision", Precision)
@pytest.mark.parametrize("trained", [_with_lora, _with_calibration])
@pytest.mark.parametrize("kind", SHAPES)
def test_memory_is_what_a_real_step_keeps(kind: str, trained: Any, precision: Precision) -> None:
    ids = torch.randint(3, 250, (ROWS, PROMPT + TARGET))
    is_target = torch.zeros_like(ids, dtype=torch.bool)
    is_target[:, PROMPT:] = True

    def saved(checkpoints: bool) -> SavedTensors:
        model = tiny(kind)
        trained(model)
        if checkpoints:
            checkpoint_layers(model)
        with SavedTensors(model) as counted, torch.autocast("cpu", torch.bfloat16, precision is Precision.BF16):
            target_loss(model, Batch(ids, is_target))
        return counted

    shape = tiny(kind).config.to_dict()
    planned = activations(shape, trained, ROWS, PROMPT, TARGET, precision)
    logits = 2 * ROWS * TARGET * shape["vocab_size"] * 4
    kept = saved(checkpoints=False)
    # The real loss also keeps which positions are targets.
    assert planned.kept - logits == pytest.approx(kept.kept, rel=1e-3)
    assert planned.checkpointed - logits == pytest.approx(kept.checkpointed, rel=1e-3)
    # With checkpointed layers autograd sees nothing inside of them.
    inputs = shape["num_hidden_layers"] * ROWS * (PROMPT + TARGET) * shape["hidden_size"] * 4
    assert saved(checkpoints=True).kept + inputs <= kept.checkpointed * 1.05
    assert kept.checkpointed < kept.kept


def _tiny_recipe() -> Recipe:
    recipe = read_recipe("llama-3.2-1b-instruct")
    shape = recipe.shape.model_copy(update={"num_hidden_layers": 2, "vocab_size": 512})
    return recipe.model_copy(update={"own_shape": shape, "prompt_tokens": 48, "target_tokens": 16})


def test_a_plan_adds_up() -> None:
    planned = plan(_tiny_recipe(), rank=8, batch_size=6, processes=4)
    assert (planned.rank, {item.rows for item in planned.memory}) == (8, {2})
    assert len(planned.memory) == 2 * len(Precision) * 2
    for memory, described in zip(planned.memory, planned.described()["memory"], strict=True):
        count = planned.parameters.lora if memory.trains == "LoRA" else planned.parameters.lc_plus_plus
        assert memory.weights == 4 * planned.parameters.base
        assert memory.trained == memory.gradients == memory.optimizer / 2 == 4 * count
        parts = ("weights", "trained", "gradients", "optimizer", "activations")
        assert described["total"] == memory.total == sum(described[part] for part in parts)
    keeps, checkpoints = planned.memory[:2]
    assert checkpoints.activations < keeps.activations
    assert json.loads(json.dumps(planned.described()))["bytes"]["lora"] == 2 * planned.parameters.lora


def test_more_rows_need_more_memory_and_more_processes_less() -> None:
    def kept(batch_size: int, processes: int) -> int:
        return plan(_tiny_recipe(), batch_size=batch_size, processes=processes).memory[0].activations

    assert kept(8, 1) > kept(4, 1)
    assert kept(8, 2) == kept(4, 1)


@pytest.mark.parametrize("name", COUNTS)
def test_whatever_the_command_takes_can_be_counted(name: str) -> None:
    recipe = read_recipe(name)
    shallow = recipe.shape.model_copy(update={"num_hidden_layers": 1, "vocab_size": 10**7})
    update = {"own_shape": shallow, "prompt_tokens": LONGEST, "target_tokens": LONGEST}
    largest = plan(recipe.model_copy(update=update), rank=LARGEST, batch_size=LARGEST)
    assert {item.rows for item in largest.memory} == {LARGEST}
    for option in ("--rank", "--batch-size", "--processes"):
        with pytest.raises(typer.BadParameter, match=str(LARGEST)):
            app(["scale", "plan", name, option, str(LARGEST + 1)], standalone_mode=False)


def test_the_table_says_what_the_plans_hold_in_a_column_for_each_base() -> None:
    one, other = plan(_tiny_recipe()), plan(_tiny_recipe(), rank=8, batch_size=3)
    rows = {
        name: cells for name, *cells in (line.strip("| ").split(" | ") for line in table([one, other]).splitlines())
    }
    for index, planned in enumerate((one, other)):
        found = {name: cells[index] for name, cells in rows.items() if len(cells) > index}
        sizes = planned.described()["bytes"]
        for part, name in (("lora", "LoRA"), ("lc", "LC"), ("lc_plus_plus", "LC++")):
            assert found[f"{name}, parameters"] == f"{getattr(planned.parameters, part):,}"
            assert found[f"{name}, MiB in fp16"] == f"{sizes[part] / 2**20:.2f}"
        assert found["base, parameters"] == f"{planned.parameters.base:,}"
        assert found["LC++ of a LoRA"] == f"{sizes['lc_plus_plus'] / sizes['lora']:.2%}"
        assert found["weights, GiB"] == f"{4 * planned.parameters.base / 2**30:.2f}"
        for memory in planned.memory:
            how = f"{memory.trains}, {memory.precision}{', checkpointing' * memory.gradient_checkpointing}"
            assert found[f"{how}: activations, GiB"] == f"{memory.activations / 2**30:.2f}"
            assert found[f"{how}: in all, GiB"] == f"{memory.total / 2**30:.2f}"
            states = memory.trained + memory.gradients + memory.optimizer
            assert found[f"{memory.trains}: trained, gradients, AdamW, GiB"] == f"{states / 2**30:.2f}"
            assert found[f"{memory.trains}: examples a process and step"] == str(memory.rows)


def test_nothing_is_said_but_what_is_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("toolchain.recipe.read_recipe", lambda _name: _tiny_recipe())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        app(["scale", "plan", "any"], standalone_mode=False)
    assert capsys.readouterr().err == f"counting {_tiny_recipe().name}\n"


def test_a_lora_and_a_calibration_have_the_batches_of_their_own_training() -> None:
    recipe = _tiny_recipe()
    training = recipe.calibration.training.model_copy(update={"batch_size": 5})
    update = {"calibration": recipe.calibration.model_copy(update={"training": training})}
    planned = plan(recipe.model_copy(update=update), processes=2)
    rows = {(memory.trains, memory.rows) for memory in planned.memory}
    assert rows == {("LoRA", recipe.lora.training.batch_size // 2), ("LC++", 3)}


def test_no_weight_is_made() -> None:
    shape = read_recipe(PAPERS[0]).shape.configuration()
    with torch.device("meta"):
        assert all(parameter.is_meta for parameter in model_of(shape).parameters())
