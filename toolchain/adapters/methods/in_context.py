"""In-context learning: the base model alone, with examples of the composition before the question."""

from collections.abc import Sequence

from toolchain.adapters.methods.method import Method
from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs
from toolchain.tasks import Composition
from toolchain.text import render_prompt

SHOTS = 3
"""As many as fit beside the longest conversations of the benchmark into the prompt limit; the oldest messages go first."""


def with_examples(composition: Composition, template: str) -> Sequence[str]:
    """The template behind the shortest calibration conversations and their references, which may not hold a placeholder themselves."""
    solved = [
        render_prompt(composition.prompt, pair.source, pair.reply_speaker) + " " + pair.target
        for pair in composition_pairs(composition, Split.CALIBRATION)
    ]
    examples = [example for example in sorted(solved, key=len) if "{" not in example][:SHOTS]
    return ["\n\n".join([*examples, template])]


METHOD = Method("in-context", lambda _composition: [None], with_examples, paper="In-context learning")
