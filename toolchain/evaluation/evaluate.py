"""`evaluate`: every method on every composition under the same conditions; each cell is kept, so that a killed run goes on where it was."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain.base_model.load import LoadedBase
from toolchain.data.benchmark import Split
from toolchain.data.pairs import Pair, composition_pairs
from toolchain.evaluation.generate import adapter_applied, generate
from toolchain.evaluation.methods import METHODS, Method, Step, prompt_variants
from toolchain.evaluation.metrics import LinguaDetector, answer_metrics, bootstrap_mean, bootstrap_ratio
from toolchain.hashing import write_text_whole
from toolchain.provenance import data_hashes, git_commit, versions
from toolchain.tasks import Composition
from toolchain.text import Input, encode_prompt, render

Progress = Callable[[str], None]
COMPARED = ("rouge_l", "chrf")


@dataclass(frozen=True)
class Evaluation:
    """What to evaluate; `limit` takes the first conversations of a split only."""

    methods: Sequence[str]
    compositions: Sequence[str]
    split: Split
    limit: int | None
    seed: int


def evaluate(base: LoadedBase, evaluation: Evaluation, cells: Path, progress: Progress) -> dict[str, Any]:
    """Answer, measure and compare; returns the content of a result file.

    Each cell (composition, method, split) is written to `cells` when its answers are complete, and read back by the next run if the base, its
    limits, the adapters, the prompts and the conversations are still the same.
    """
    rows, answers = [], []
    for name in evaluation.compositions:
        composition = Composition.parse(name)
        pairs = composition_pairs(composition, evaluation.split)[: evaluation.limit]
        measured: dict[str, list[dict[str, float]]] = {}
        for method in (METHODS[method] for method in evaluation.methods):
            variant, template = _choose_prompt(base, method, composition, evaluation, cells, progress)
            cell = _cell(base, method, composition, template, evaluation.split, pairs, cells, progress)
            measured[method.id] = [
                _measure(answer, pair, composition) for answer, pair in zip(cell, pairs, strict=True)
            ]
            rows += _rows(method.id, name, measured[method.id], evaluation)
            rows.append({"method": method.id, "composition": name, "metric": "prompt", "value": variant})
            answers += [
                {"method": method.id, "composition": name, "id": pair.id, "answer": answer}
                for answer, pair in zip(cell, pairs, strict=True)
            ]
        rows += _comparisons(name, measured, evaluation)
    return {
        "split": evaluation.split,
        "seed": evaluation.seed,
        "git_commit": git_commit(),
        "versions": versions(),
        "data": data_hashes(),
        "base": base.specification.name,
        "base_sha256": base.specification.sha256,
        "rows": rows,
        "answers": answers,
    }


def _choose_prompt(
    base: LoadedBase, method: Method, composition: Composition, evaluation: Evaluation, cells: Path, progress: Progress
) -> tuple[str, str]:
    """The method's template: its own, or the variant with the best ROUGE-L on validation."""
    variants = prompt_variants(composition)
    if not method.tunes_prompt:
        return "contract", variants["contract"]
    pairs = composition_pairs(composition, Split.VALIDATION)[: evaluation.limit]
    scores = {}
    for variant, template in variants.items():
        answers = _cell(base, method, composition, template, Split.VALIDATION, pairs, cells, progress)
        measured = [_measure(answer, pair, composition) for answer, pair in zip(answers, pairs, strict=True)]
        scores[variant] = sum(item["rouge_l"] for item in measured) / len(measured)
    best = max(scores, key=lambda variant: scores[variant])
    return best, variants[best]


def _cell(
    base: LoadedBase,
    method: Method,
    composition: Composition,
    template: str,
    split: Split,
    pairs: Sequence[Pair],
    cells: Path,
    progress: Progress,
) -> list[str]:
    steps = method.steps(composition, template)
    key = _key(base, method, composition, steps, split, pairs)
    path = cells / f"{key}.json"
    if path.is_file():
        return [str(answer) for answer in json.loads(path.read_text(encoding="utf-8"))]
    progress(f"{composition.name}  {method.id}  {split}: {len(pairs)} conversations")
    inputs: list[Input] = [pair.source for pair in pairs]
    speakers = [pair.reply_speaker for pair in pairs]
    for step in steps:
        inputs = list(_answers(base, step, inputs, speakers))
    write_text_whole(path, json.dumps(inputs, ensure_ascii=False) + "\n")
    return [str(answer) for answer in inputs]


def _answers(base: LoadedBase, step: Step, inputs: Sequence[Input], speakers: Sequence[str | None]) -> list[str]:
    spec = base.specification
    answerable = [index for index, source in enumerate(inputs) if not isinstance(source, str) or source]
    prompts = [
        encode_prompt(
            base.tokenizer, spec.bos_token_id, step.template, inputs[index], spec.max_prompt_tokens, speakers[index]
        ).ids
        for index in answerable
    ]
    answers = [""] * len(inputs)
    with adapter_applied(base.model, step.adapter):
        for index, answer in zip(answerable, generate(base, prompts, spec.max_new_tokens), strict=True):
            answers[index] = answer
    return answers


def _key(
    base: LoadedBase,
    method: Method,
    composition: Composition,
    steps: Sequence[Step],
    split: Split,
    pairs: Sequence[Pair],
) -> str:
    spec, digest = base.specification, hashlib.sha256()
    limits = (spec.max_prompt_tokens, spec.max_new_tokens)
    asked = [(pair.id, pair.source, pair.reply_speaker) for pair in pairs]
    digest.update(repr((spec.sha256, spec.tokenizer_sha256, limits, split.value, asked)).encode())
    for step in steps:
        scale = step.adapter.scale if step.adapter else None
        digest.update(repr((step.template, scale)).encode())
        for name, tensor in sorted(step.adapter.tensors.items()) if step.adapter else ():
            digest.update(name.encode() + tensor.tobytes())
    return f"{composition.name}.{method.id}.{split}.{digest.hexdigest()[:16]}"


def _measure(answer: str, pair: Pair, composition: Composition) -> dict[str, float]:
    source = pair.source if isinstance(pair.source, str) else render(pair.source)
    tags = [task.language_tag for task in composition.tasks if task.language_tag]
    return answer_metrics(answer, pair.target, source, tags[-1] if tags else "en", LinguaDetector())


def _rows(
    method: str, composition: str, measured: Sequence[dict[str, float]], evaluation: Evaluation
) -> list[dict[str, Any]]:
    rows = []
    for metric in measured[0]:
        interval = bootstrap_mean([item[metric] for item in measured], evaluation.seed)
        rows.append(
            {
                "method": method,
                "composition": composition,
                "metric": metric,
                "value": round(interval.mean, 5),
                "interval": [round(interval.low, 5), round(interval.high, 5)],
                "n": len(measured),
            }
        )
    return rows


def _comparisons(
    composition: str, measured: dict[str, list[dict[str, float]]], evaluation: Evaluation
) -> list[dict[str, Any]]:
    """Paired ratios of every other method to the data-free merge and to two-step."""
    rows = []
    for baseline in ("merge", "two-step"):
        for method in measured:
            if baseline not in measured or method == baseline:
                continue
            for metric in COMPARED:
                top, bottom = ([item[metric] for item in measured[name]] for name in (method, baseline))
                ratio = bootstrap_ratio(top, bottom, evaluation.seed)
                rows.append(
                    {
                        "method": method,
                        "composition": composition,
                        "metric": f"{metric} / {baseline}",
                        "value": round(ratio.mean, 4),
                        "interval": [round(ratio.low, 4), round(ratio.high, 4)],
                        "n": len(top),
                    }
                )
    return rows
