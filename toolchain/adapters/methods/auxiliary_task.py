"""Auxiliary-task LoRA: the adapter of the last task alone, asked for the composition."""

from toolchain.adapters.methods.method import Method, single_adapters

METHOD = Method(
    "auxiliary", lambda composition: single_adapters(composition)[-1:], tunes_prompt=True, paper="Auxiliary-task LoRA"
)
