"""Zero-shot: the base model alone."""

from toolchain.adapters.methods.method import Method

METHOD = Method("zero-shot", lambda _composition: [None], tunes_prompt=True, mode="zero-shot", paper="Zero-shot")
