"""The model card of a bundle: what is in it, where it comes from, how good it is and under which licences."""

from collections.abc import Mapping, Sequence

from toolchain import paths
from toolchain.adapters.adapter_logs import refuse_logs_of_other_weights, texts_licences
from toolchain.adapters.calibration_data import logged_targets
from toolchain.adapters.files import IMPORT_LOG, LOG_FILE
from toolchain.adapters.methods.calibrated import calibration_log_path
from toolchain.base_model.specification import BaseSpecification
from toolchain.bundle.manifest import MODES, ManifestAdapter, ManifestComposition
from toolchain.data import cocoa
from toolchain.log_file import logged
from toolchain.markdown import markdown_table
from toolchain.provenance import short_commit
from toolchain.recommendations import shipped_calibration
from toolchain.tasks import Composition

CARD_FILE = "MODEL_CARD.md"
_INTRODUCTION = """\
Adapters and calibrations that let {base} do two language tasks or more in one pass, on a device. A *composition* is a main task and what
becomes of its answer; the device merges the tasks' LoRA adapters and corrects the merge with the composition's calibration
([Learnable Calibration](https://arxiv.org/abs/2507.16083)). The prompts are in `manifest.json`.
"""
_LIMITS = """\
- A small model on a phone: an answer may have a name, a number, or who did what, wrong. Whoever uses it has to be able to see the original.
- Trained and measured on short English conversations. Other languages, long texts and other kinds of text were not measured.
- It was not tuned to refuse anything, and what stands in a conversation can spoil its summary. Nothing should act on an answer unseen.
- The scores are of the validation split, on which modes and prompts were chosen: on other conversations expect somewhat less.
- With more than two tasks the references are the written ones of the first two, passed through the other adapters: scores there say how
  near an answer comes to doing it in steps, not to a person's text.
"""


def model_card(
    base: BaseSpecification, adapters: Mapping[str, ManifestAdapter], compositions: Sequence[ManifestComposition]
) -> str:
    """Markdown; the same text for the same committed files.

    Raises:
        ToolchainError: a log is damaged, or of another adapter than the one beside it.
    """
    licences = (
        f"`licences/`: the base model's terms (`{base.terms_file}`), which hold for the adapters and calibrations too"
    )
    parts = [
        f"# Tandem bundle for {base.name}\n",
        _INTRODUCTION.format(base=base.name),
        f"Base model: {base.name} ({base.architecture}), `{base.file}`, SHA-256 `{base.sha256}`.\n",
        "## Adapters\n",
        markdown_table(
            ("task", "rank", "origin", "adapter hash"),
            ((task, item.rank, _origin(task), f"`{item.sha256}`") for task, item in adapters.items()),
        ),
        "\n## Compositions\n",
        markdown_table(
            ("tasks", "calibration", "recommended mode", "validation"),
            (("+".join(i.tasks), _calibration(i), i.recommended_mode, _scores(i)) for i in compositions),
        ),
        "\nScores, of PyTorch's answers, not the device's, all in %: `rouge_l` (of replies `weighted_rouge`: R1/6 + R2/3 + R3/2, which "
        "is low for any reply) and `chrf` against one reference, unicode words; `language`: the share of answers in the right one. "
        "The `merge` of a task alone is its adapter.\n",
        "## Limits\n",
        _LIMITS,
        "## Licences\n",
        f"{licences}, the program's (`LICENSE`) and that of the benchmark's data (`LICENSE-DATA`); other data is "
        "named with its licence above.",
    ]
    return "\n".join(parts) + "\n"


def _origin(task: str) -> str:
    folder = paths.ADAPTERS / task
    refuse_logs_of_other_weights(task)
    said = []
    if imported := logged(folder / IMPORT_LOG, "an import", "source", "licence"):
        said.append(f"imported from {imported['source']}, licence: {imported['licence'] or 'not known'}")
    if trained := logged(folder / LOG_FILE, "an adapter", "training_pairs", "git_commit", "data"):
        cocoas = [f"{cocoa.NAME} ({cocoa.LICENCE})"] if any(map(cocoa.is_cocoa, trained["data"])) else []
        outside = [*cocoas, *(f"texts ({licence})" for licence in texts_licences(folder / LOG_FILE))]
        among = f", {' and '.join(outside)} among them" if outside else ""
        said.append(
            f"trained on {trained['training_pairs']} pairs{among}, commit `{short_commit(trained['git_commit'])}`"
        )
    return "; ".join(said) or "not known"


def _calibration(item: ManifestComposition) -> str:
    """Its method, and what its targets are where they are not our benchmark's."""
    composition = Composition.of("+".join(item.tasks))
    if item.method is None:
        return "none"
    targets = logged_targets(calibration_log_path(composition, shipped_calibration(composition)))
    said = [f"{key}: {', '.join(values)}" for key, values in targets.items() if values]
    return f"{item.method}, trained on targets of {'; '.join(said)}" if said else item.method


def _scores(composition: ManifestComposition) -> str:
    """`calibrated: rouge_l 27.2, chrf 28.6, …`, mode by mode."""
    by_mode = []
    for mode in MODES:
        prefix = f"{mode}."
        scores = {key.removeprefix(prefix): v for key, v in composition.validation.items() if key.startswith(prefix)}
        if scores:
            by_mode.append(f"{mode}: {', '.join(f'{name} {100 * value:.1f}' for name, value in scores.items())}")
    return "; ".join(by_mode) or "not measured"
