"""How large the numbers may be that a training is told."""

LARGEST_SEED = 2**32 - 1
"""Of NumPy's generators; PyTorch's take more."""
LARGEST_RATE = 1e3
"""Of a learning rate: more than anything is trained with. From 3.4e38 on float32 does not hold it."""
