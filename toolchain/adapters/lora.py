"""Train the LoRA of one task alone and export it as the device will read it (PEFT layout, fp16)."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from toolchain.adapters.examples import encode_pairs
from toolchain.adapters.files import IMPORT_LOG, LOG_FILE, MODULES, Adapter, adapter_hash, factor_name, write_adapter
from toolchain.adapters.processes import launched
from toolchain.adapters.training import Schedule, checkpoint_path, finish, train
from toolchain.base_model.load import LoadedBase
from toolchain.data.benchmark import Split, foreign_licences
from toolchain.data.pairs import NOTHING_FURTHER, FurtherTexts, single_task_pairs, to_choose_by
from toolchain.provenance import made_with
from toolchain.tasks import Task


@dataclass(frozen=True)
class LoraShape:
    """Rank, alpha (scale = alpha / rank) and dropout of a LoRA on all seven linears."""

    rank: int
    alpha: float
    dropout: float


def train_lora(
    base: LoadedBase,
    task: Task,
    schedule: Schedule,
    shape: LoraShape,
    folder: Path,
    further: FurtherTexts = NOTHING_FURTHER,
) -> dict[str, Any]:
    """Train `task` on the single split (and what else may train it) and write adapter and log to `folder`; returns the log.

    The log of an adapter that was imported there goes.

    Raises:
        NotFinite: a loss is not, or fp16 does not hold the adapter.
        ToolchainError: there is nothing to train on, or no validation split.
    """
    made = made_with(further.files(task))
    of_the_benchmark = [] if further.alone else foreign_licences(Split.SINGLE)
    texts_licences = sorted({*of_the_benchmark, *further.licences(task)})
    measured = to_choose_by(single_task_pairs(task, Split.VALIDATION, further), f"the step of the {task.id} adapter")
    training = encode_pairs(base, task.prompt, single_task_pairs(task, Split.SINGLE, further))
    validation = encode_pairs(base, task.prompt, measured)
    torch.manual_seed(schedule.seed)
    wrapped = add_lora(base.model, shape)
    parameters = {name: parameter for name, parameter in wrapped.named_parameters() if parameter.requires_grad}
    checkpoint = checkpoint_path(task.id, *base.specification.identity.values(), shape, schedule, further)
    log = train(wrapped.get_base_model(), parameters, training, validation, schedule, checkpoint, wrapped.train)

    def write() -> None:
        write_adapter(folder, lora_of(wrapped, shape), base.specification.name)
        (folder / IMPORT_LOG).unlink(missing_ok=True)

    launched().by_the_first(write)
    content = {
        "task": task.id,
        **base.specification.identity,
        "adapter_sha256": adapter_hash(folder),
        "training_pairs": len(training),
        "validation_pairs": len(validation),
        "texts_licences": texts_licences,
        "shape": asdict(shape),
        "schedule": asdict(schedule),
        **made,
        **asdict(log),
    }
    finish(folder / LOG_FILE, content, checkpoint)
    return content


def add_lora(model: Any, shape: LoraShape) -> Any:
    """Wrap a causal language model with a fresh LoRA on all seven linears."""
    from peft import LoraConfig, get_peft_model

    return get_peft_model(
        model,
        LoraConfig(
            r=shape.rank,
            lora_alpha=shape.alpha,
            lora_dropout=shape.dropout,
            target_modules=list(MODULES),
            bias="none",
            task_type="CAUSAL_LM",
        ),
    )


def lora_of(wrapped: Any, shape: LoraShape) -> Adapter:
    """The trained factors of `add_lora`'s model."""
    from peft import get_peft_model_state_dict

    tensors = {
        factor_name(name): tensor.detach().float().numpy()
        for name, tensor in get_peft_model_state_dict(wrapped).items()
    }
    return Adapter(shape.rank, shape.alpha, tensors)
