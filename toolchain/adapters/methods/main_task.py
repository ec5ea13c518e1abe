"""Main-task LoRA: the adapter of the main task alone, asked for the composition."""

from toolchain.adapters.methods.method import Method, single_adapters

METHOD = Method("main", lambda composition: single_adapters(composition)[:1], tunes_prompt=True, paper="Main-task LoRA")
