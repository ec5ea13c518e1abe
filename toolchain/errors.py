"""The one error that the toolchain raises for what a user can put right."""


class ToolchainError(Exception):
    """A mistake in input, files or arguments; its text is one sentence: what was found, what was wanted, what to do."""
