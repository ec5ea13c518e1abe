"""Multi-step: each task in a pass of its own, with its own adapter and prompt. Twice the time, no merge."""

from toolchain.adapters.methods.method import Method, single_adapters

METHOD = Method(
    "two-step",
    single_adapters,
    lambda composition, _template: [task.prompt for task in composition.tasks],
    mode="two-step",
    paper="Multi-step LoRA usage",
)
