"""What one training step keeps for its backward pass, counted by running its forward pass on tensors without data.

The model is the real one and the hooks are autograd's own, so nothing has to be said about any architecture; only numbers are missing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from toolchain.adapters.training import Precision
from toolchain.adapters.vocabulary_loss import SLICE, log_probabilities
from toolchain.scale.parameters import model_of

_OUTSIDE = -1


@dataclass(frozen=True)
class Activations:
    """Bytes at the peak: when all is kept, and when layers are checkpointed.

    Both with room for two float32 slices of the vocabulary's logits: the loss makes one, which its exponentials overwrite, and copies in the
    products' precision, when all else is saved.
    """

    kept: int
    checkpointed: int


class SavedTensors:
    """Counts what autograd saves inside the block, by the layer that saves it; the model's own tensors are not counted."""

    def __init__(self, model: Any) -> None:
        own = [*model.parameters(), *model.buffers()]
        self._own = {_storage(tensor) for tensor in own}
        self._layer = _OUTSIDE
        self._inputs: dict[int, torch.Tensor] = {}
        self._saved: dict[int, dict[int, torch.Tensor]] = {}
        self._handles = []
        for index, layer in enumerate(model.model.layers):
            self._handles.append(layer.register_forward_pre_hook(self._entering(index), with_kwargs=True))
            self._handles.append(layer.register_forward_hook(self._leaving, always_call=True))
        self._hooks = torch.autograd.graph.saved_tensors_hooks(self._save, lambda tensor: tensor)

    def __enter__(self) -> "SavedTensors":
        """Start to count."""
        self._hooks.__enter__()
        return self

    def __exit__(self, *reason: object) -> None:
        """Leave the model as it was; the counts stay."""
        self._hooks.__exit__(*reason)
        for handle in self._handles:
            handle.remove()

    @property
    def kept(self) -> int:
        """Bytes of all that is saved."""
        return _bytes(*self._saved.values())

    @property
    def checkpointed(self) -> int:
        """Bytes at the peak with checkpointed layers: their inputs, and with them what is outside of layers, or the largest layer."""
        outside = self._saved.get(_OUTSIDE, {})
        layers = [saved for index, saved in self._saved.items() if index != _OUTSIDE]
        return max(_bytes(self._inputs, held) for held in (outside, *layers))

    def _entering(self, index: int) -> Callable[[Any, Any, Any], None]:
        def hook(_layer: Any, arguments: Any, named: Any) -> None:
            self._layer = index
            hidden = arguments[0] if arguments else named["hidden_states"]
            self._inputs[_storage(hidden)] = hidden

        return hook

    def _leaving(self, *_: Any) -> None:
        self._layer = _OUTSIDE

    def _save(self, tensor: torch.Tensor) -> torch.Tensor:
        if _storage(tensor) not in self._own:
            self._saved.setdefault(self._layer, {})[_storage(tensor)] = tensor
        return tensor


def activations(
    shape: dict[str, Any], attach: Callable[[Any], object], rows: int, prompt: int, target: int, precision: Precision
) -> Activations:
    """Of one step on `rows` examples of `prompt` + `target` tokens; `attach` puts into the frozen model what is to be trained."""
    with torch.device("meta"):
        model = model_of(shape)
        model.requires_grad_(requires_grad=False)
        model.eval()
        attach(model)
    # Whether several texts lie in one row cannot be asked of tensors without data; they do not, and so no mask is made.
    no_mask = patch("transformers.masking_utils.find_packed_sequence_indices", return_value=None)
    # What the loss saves is the same in one slice of the vocabulary as in thousands, which take minutes to go through.
    one_slice = patch("toolchain.adapters.vocabulary_loss.SLICE", model.config.vocab_size)
    with FakeTensorMode(), no_mask, one_slice:
        _put_on_cpu(model)
        ids = torch.zeros(rows, prompt + target, dtype=torch.long)
        with SavedTensors(model) as saved:
            _loss(model, ids, target, precision)
    logits = 2 * rows * target * min(SLICE, model.config.vocab_size) * 4
    return Activations(saved.kept + logits, saved.checkpointed + logits)


def _put_on_cpu(model: Any) -> None:
    """Autocast does not know the meta device; in fake-tensor mode a tensor is on the CPU and still has no data."""
    placed: dict[torch.Tensor, torch.Tensor] = {}
    for module in model.modules():
        for name, tensor in [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]:
            if tensor not in placed:
                empty = torch.empty(tensor.shape, dtype=tensor.dtype)
                is_parameter = isinstance(tensor, torch.nn.Parameter)
                placed[tensor] = torch.nn.Parameter(empty, tensor.requires_grad) if is_parameter else empty
            setattr(module, name, placed[tensor])


def _loss(model: Any, ids: torch.Tensor, target: int, precision: Precision) -> None:
    """`training.target_loss` where every target is as long: which positions are targets cannot be asked of tensors without data."""
    with precision.products("cpu"):
        hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state
        predicting = hidden[:, -target - 1 : -1].flatten(0, 1)
        log_probabilities(model.lm_head, predicting, ids[:, -target:].reshape(-1, 1)).mean()


def _storage(tensor: torch.Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def _bytes(*held: dict[int, torch.Tensor]) -> int:
    distinct = {storage: tensor for tensors in held for storage, tensor in tensors.items()}
    return sum(tensor.untyped_storage().nbytes() for tensor in distinct.values())
