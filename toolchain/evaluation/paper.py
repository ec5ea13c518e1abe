"""Tables 1 and 2 of the paper (arXiv 2507.16083): test means in % over three models of 1-1.6B parameters and over languages or tones."""

from toolchain.tasks import Composition, TaskKind

GROUPS = ("S+Tr", "S+Tone", "R+Tr", "R+Tone")
_MAINS = {"summarize": "S", "reply": "R"}
_KINDS = {TaskKind.TRANSLATION: "Tr", TaskKind.TONE: "Tone"}

TABLE_1: dict[str, tuple[float, float, float, float]] = {
    "Zero-shot": (7.49, 13.93, 2.03, 3.53),
    "Main-task LoRA": (13.39, 16.43, 1.25, 9.12),
    "Auxiliary-task LoRA": (13.99, 14.33, 4.03, 4.59),
    "In-context learning": (14.46, 16.96, 3.93, 4.66),
    "Linear merge": (14.27, 15.26, 3.94, 7.72),
    "Concat merge": (14.39, 15.27, 3.97, 7.65),
    "TIES merge": (12.25, 14.95, 3.53, 6.47),
    "DARE merge": (9.27, 14.51, 2.95, 4.56),
    "Slerp merge": (13.96, 14.87, 3.73, 6.57),
    "LoraHub merge": (13.78, 16.13, 3.26, 8.69),
    "LM-Cocktail merge": (13.62, 14.88, 3.24, 6.67),
    "DAM/ZipLoRA merge": (16.19, 15.68, 4.62, 8.00),
    "Multi-step LoRA usage": (21.25, 20.23, 10.04, 8.09),
    "Joint-expert LoRA": (21.36, 19.08, 14.99, 14.33),
    "Learnable Calibration": (25.40, 24.58, 8.85, 10.86),
    "Learnable Calibration++": (28.64, 26.96, 12.14, 13.54),
    "Shared over all tasks: LC": (17.04, 20.98, 6.63, 9.23),
    "Shared over all tasks: LC++": (19.23, 22.68, 9.99, 11.06),
}
"""ROUGE-L (summaries) and weighted ROUGE (replies), by group."""

TABLE_1_JUDGED: dict[str, tuple[float, float, float, float]] = {
    "Zero-shot": (0.44, 6.52, 4.11, 33.66),
    "Main-task LoRA": (3.49, 4.18, 7.17, 36.25),
    "Auxiliary-task LoRA": (0.30, 5.81, 4.73, 36.68),
    "In-context learning": (10.95, 24.12, 8.72, 46.23),
    "Linear merge": (0.33, 2.74, 12.81, 41.93),
    "Concat merge": (0.34, 2.76, 13.10, 41.77),
    "TIES merge": (0.81, 6.06, 8.30, 47.87),
    "DARE merge": (0.68, 6.34, 8.57, 41.76),
    "Slerp merge": (0.54, 4.87, 9.04, 46.97),
    "LoraHub merge": (1.59, 3.03, 12.69, 39.07),
    "LM-Cocktail merge": (0.70, 5.70, 7.93, 48.76),
    "DAM/ZipLoRA merge": (17.16, 2.78, 31.88, 43.19),
    "Multi-step LoRA usage": (72.92, 34.32, 69.83, 45.78),
    "Joint-expert LoRA": (49.85, 16.14, 65.73, 47.06),
    "Learnable Calibration": (59.23, 28.89, 57.46, 44.99),
    "Learnable Calibration++": (65.15, 34.34, 63.81, 45.40),
    "Shared over all tasks: LC": (29.91, 16.86, 49.23, 39.61),
    "Shared over all tasks: LC++": (32.61, 15.54, 56.74, 42.33),
}
"""By the paper's LLM judge, by group."""

TABLE_2: dict[str, tuple[str, str, str]] = {
    "Multi-step LoRA usage": ("2", "0", "0"),
    "Joint-expert LoRA": ("1", "30M", "57.10 MB"),
    "Learnable Calibration": ("1", "23K", "0.05 MB"),
    "Learnable Calibration++": ("1", "166K", "0.32 MB"),
}
"""Passes, additional parameters and additional storage for each composition."""


def group_of(composition: Composition) -> str | None:
    """The paper's compositional task of one of its main tasks and another task; None for any other."""
    main, *others = composition.tasks
    if len(others) != 1 or main.id not in _MAINS:
        return None
    return f"{_MAINS[main.id]}+{_KINDS[others[0].kind]}"


def main_metric(composition: Composition) -> str:
    """What the paper reports: ROUGE-L of summaries, weighted ROUGE of replies. For a translation alone chrF, for a tone alone ROUGE-L."""
    if composition.tasks[0].kind is TaskKind.TRANSLATION:
        return "chrf"
    return "weighted_rouge" if composition.ids[0] == "reply" else "rouge_l"


def reported(composition: Composition) -> tuple[str, ...]:
    """What is said of a composition where there is room for little: `main_metric`, chrF, answers in the right language."""
    return main_metric(composition), "chrf", "language"
