"""Evaluation: every method under the same conditions; a killed run goes on where it was."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
import torch

from toolchain import paths, text
from toolchain.adapters.calibration_file import read_calibration, write_calibration
from toolchain.adapters.corrections import CalibrationMethod
from toolchain.adapters.files import read_adapter, write_adapter
from toolchain.adapters.methods.calibrated import calibration_path
from toolchain.adapters.methods.method import Method
from toolchain.adapters.methods.registry import METHODS
from toolchain.base_model.load import LoadedBase
from toolchain.data import pairs as data_pairs
from toolchain.data.benchmark import Split
from toolchain.data.pairs import Pair, composition_pairs
from toolchain.data.teacher_targets import targets_path
from toolchain.errors import ToolchainError
from toolchain.evaluation.engines.engine import Answer, Question
from toolchain.evaluation.engines.prompts import prompt_variants
from toolchain.evaluation.engines.python_engine import PYTHON_BF16, PythonEngine
from toolchain.evaluation.evaluate import PROMPT_CONVERSATIONS, Evaluation, evaluate
from toolchain.evaluation.reporting.result_table import markdown
from toolchain.evaluation.result_file import ANSWERS_HASH, ROWS, Result, answers_path, read_result, write_result
from toolchain.evaluation.rows import COMPARED
from toolchain.generation.generate import adapter_applied, generate
from toolchain.hashing import sha256_file
from toolchain.tasks import TASKS, Composition
from toolchain.tests.assets import put_adapters, put_calibration, put_targets
from toolchain.tests.tiny import BOS, SPECIFICATION, random_adapter, silent
from toolchain.text import encode_prompt

COMPOSITION = Composition.parse("summarize+es")
# What has to be fitted is tested in test_fitting.py; the tiny base has no room for examples in its prompt.
EVALUATED = [name for name, method in METHODS.items() if not (method.fit and method.seeded) and name != "in-context"]
EVERYTHING = Evaluation(EVALUATED, [COMPOSITION.name], Split.TEST, limit=2, seed=0)
RATIOS = {
    f"{metric} / {baseline}" for metric in ("rouge_l", "weighted_rouge", "chrf") for baseline in ("merge", "two-step")
}


def _cell_counter() -> tuple[list[str], Callable[[str], None]]:
    computed: list[str] = []

    def count(line: str) -> None:
        if "answered in" not in line:
            computed.append(line)

    return computed, count


def _answers(result: Result, method: str) -> list[str]:
    return [row["answer"] for row in result.answers if row["method"] == method]


def _evaluate(base: LoadedBase, evaluation: Evaluation, cells: Path, count: Callable[[str], None]) -> Result:
    """The result without the checkout's commit, which others may change between two runs."""
    result = evaluate(PythonEngine(base), evaluation, cells, count)
    assert result.meta.pop("git_commit")
    return result


def _with_overlap(result: Result, method: str) -> set[str]:
    """The metrics in which whatever conversations are drawn of a method have something, so that others can be compared with it."""
    lowest = {row["metric"]: row["interval"][0] for row in result.rows if row["method"] == method and "interval" in row}
    return {metric for metric in COMPARED if lowest[metric]}


def test_a_killed_run_resumes_to_the_same_result(base: LoadedBase, assets: Path) -> None:
    computed, count = _cell_counter()
    whole = _evaluate(base, EVERYTHING, assets / "whole", count)

    begun, begin = _cell_counter()

    def killed_in_the_middle(line: str) -> None:
        begin(line)
        if len(begun) > len(computed) // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _evaluate(base, EVERYTHING, assets / "resumed", killed_in_the_middle)
    finished = {path.name for path in (assets / "resumed").iterdir()}
    again, count_again = _cell_counter()
    assert _evaluate(base, EVERYTHING, assets / "resumed", count_again) == whole
    assert len(again) == len(computed) - len(finished) > 0
    assert finished, "the kill must leave something to resume from"


def test_an_adapter_that_is_replaced_meanwhile_is_noticed(base: LoadedBase, assets: Path) -> None:
    asked = replace(EVERYTHING, methods=["main", "two-step"])

    def replaced_after_the_first(line: str) -> None:
        if "main" in line and "answered" in line:
            write_adapter(paths.ADAPTERS / "es", random_adapter(seed=99), "tiny")

    with pytest.raises(ToolchainError, match="es changed while it was evaluated"):
        evaluate(PythonEngine(base), asked, assets / "cells", replaced_after_the_first)
    again = evaluate(PythonEngine(base), asked, assets / "cells", silent)
    assert again == evaluate(PythonEngine(base), asked, assets / "fresh", silent)


def test_data_that_are_replaced_meanwhile_are_noticed(
    base: LoadedBase, assets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = iter("12")
    monkeypatch.setattr(
        "toolchain.evaluation.evaluate.made_with", lambda _files: {"data": {"conversations.jsonl": next(versions)}}
    )
    with pytest.raises(ToolchainError, match=r"conversations\.jsonl changed while it was evaluated"):
        evaluate(PythonEngine(base), replace(EVERYTHING, methods=["lc++"], limit=1), assets / "cells", silent)


def test_half_precision_leaves_the_rotary_frequencies_alone(base: LoadedBase) -> None:
    before = {name: buffer.clone() for name, buffer in base.model.named_buffers() if "inv_freq" in name}
    assert before
    PythonEngine(base, PYTHON_BF16)
    assert {parameter.dtype for parameter in base.model.parameters()} == {torch.bfloat16}
    after = dict(base.model.named_buffers())
    assert all(torch.equal(after[name], buffer) for name, buffer in before.items())


def test_bfloat16_is_an_engine_of_its_own(base: LoadedBase, assets: Path) -> None:
    asked = replace(EVERYTHING, methods=["lc++"])
    exact = evaluate(PythonEngine(base), asked, assets / "cells", silent)
    computed, count = _cell_counter()
    halved = evaluate(PythonEngine(base, PYTHON_BF16), asked, assets / "cells", count)
    assert {parameter.dtype for parameter in base.model.parameters()} == {torch.bfloat16}
    assert computed, "float32's cells must not answer for it"
    assert {row["engine"] for row in halved.rows} == {halved.meta["engine"]} == {PYTHON_BF16}
    assert [row["metric"] for row in halved.rows] == [row["metric"] for row in exact.rows]


def test_a_prompt_is_chosen_on_a_few_conversations(base: LoadedBase, assets: Path) -> None:
    computed, count = _cell_counter()
    _evaluate(base, replace(EVERYTHING, methods=["merge"], limit=None, split=Split.VALIDATION), assets / "cells", count)
    choosing = [line for line in computed if f" {PROMPT_CONVERSATIONS} conversations" in line]
    assert len(choosing) == len(prompt_variants(COMPOSITION))
    assert len(computed) == len(choosing) + 1


class _OneWordInTwo:
    """Every word of the reference between others under the first prompt, two fifths of them as they stand under the second."""

    id = "python"
    base: ClassVar[dict[str, str]] = {}

    def prompts(self, _method: Method, _composition: Composition) -> dict[str, str]:
        return {"all, scattered": "1", "some, in a row": "2"}

    def key(self, question: Question) -> str:
        return question.template

    def answers(self, question: Question, pairs: Sequence[Pair]) -> Iterator[dict[str, Answer]]:
        for pair in pairs:
            words = pair.target.split()
            scattered, in_a_row = " xyz ".join(words), " ".join(words[: len(words) * 2 // 5])
            yield {pair.id: Answer(scattered if question.template == "1" else in_a_row)}


@pytest.mark.parametrize(("name", "chosen"), [("summarize+es", "all, scattered"), ("reply+es", "some, in a row")])
def test_a_prompt_is_chosen_by_what_is_reported_of_the_composition(assets: Path, name: str, chosen: str) -> None:
    """ROUGE-L likes the scattered words better, weighted ROUGE those in a row."""
    put_adapters(Composition.parse(name))
    asked, count = _cell_counter()
    result = evaluate(_OneWordInTwo(), Evaluation(["merge"], [name], Split.TEST, 1, 0), assets / "cells", count)
    assert [row["value"] for row in result.rows if row["metric"] == "prompt"] == [chosen]
    assert all(": 1 conversations" in line for line in asked), "as few for the choice as are measured"


def test_three_tasks_are_evaluated_against_the_references_that_were_made(base: LoadedBase, assets: Path) -> None:
    three = Composition.parse("summarize+witty+es")
    put_adapters(three)
    put_calibration(three, CalibrationMethod.LC_PLUS_PLUS)
    put_targets(three)
    evaluation = Evaluation(["merge", "two-step", "lc++"], [three.name], Split.TEST, limit=1, seed=0)
    result = _evaluate(base, evaluation, assets / "cells", silent)
    (pair,) = composition_pairs(three, Split.TEST)[:1]
    assert {(row["method"], row["id"]) for row in result.answers} == {(name, pair.id) for name in evaluation.methods}
    assert result.meta["data"][targets_path(three).name] == sha256_file(targets_path(three))
    assert result.meta["adapter_sha256"].keys() == set(three.ids)


@pytest.mark.parametrize("task", ["summarize", "es"])
def test_an_adapter_is_measured_on_its_own_task(base: LoadedBase, assets: Path, task: str) -> None:
    evaluation = Evaluation(["zero-shot", "main"], [task], Split.TEST, limit=2, seed=0)
    result = _evaluate(base, evaluation, assets / "cells", silent)
    pairs = composition_pairs(Composition.of(task), Split.TEST)[:2]
    spec = SPECIFICATION
    for method, adapter in (("zero-shot", None), ("main", read_adapter(paths.ADAPTERS / task))):
        with adapter_applied(base.model, adapter):
            for answer, pair in zip(_answers(result, method), pairs, strict=True):
                prompt = encode_prompt(base.tokenizer, BOS, TASKS[task].prompt, pair.source, spec.max_prompt_tokens).ids
                assert generate(base, [prompt], spec.max_new_tokens) == [answer]
    compared = {(row["method"], row["metric"]) for row in result.rows if " / " in row["metric"]}
    assert compared == {("main", f"{metric} / zero-shot") for metric in _with_overlap(result, "zero-shot")}
    assert f"2 {'conversations' if task == 'summarize' else 'texts'}" in markdown(result)


def test_a_finished_run_computes_nothing_again(base: LoadedBase, assets: Path) -> None:
    evaluation = replace(EVERYTHING, methods=["two-step", "lc++"])
    first = _evaluate(base, evaluation, assets / "cells", silent)
    computed, count = _cell_counter()
    assert _evaluate(base, evaluation, assets / "cells", count) == first
    assert computed == []


def test_examples_that_do_not_fit_into_the_prompt_are_named(base: LoadedBase, assets: Path) -> None:
    with pytest.raises(
        ToolchainError, match=r"in-context cannot answer summarize\+es: input 1 .*: the prompt does not fit into 160"
    ):
        _evaluate(base, replace(EVERYTHING, methods=["in-context"]), assets / "cells", silent)


def test_what_is_missing_is_named_before_anything_is_answered(base: LoadedBase, assets: Path) -> None:
    computed, count = _cell_counter()
    evaluation = replace(EVERYTHING, methods=["two-step", "lc++@7"])
    with pytest.raises(ToolchainError, match=r"lc\+\+@7 cannot answer summarize\+es: .*is missing"):
        _evaluate(base, evaluation, assets / "cells", count)
    assert computed == []


def test_a_language_that_cannot_be_told_is_named_before_anything_is_answered(
    base: LoadedBase, assets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TASKS, "es", replace(TASKS["es"], language_tag="gl"))
    computed, count = _cell_counter()
    with pytest.raises(ToolchainError, match="'gl'"):
        _evaluate(base, replace(EVERYTHING, methods=["two-step"]), assets / "cells", count)
    assert computed == []


@pytest.mark.parametrize(
    "change", ["adapter", "scale", "limits", "end tokens", "tokenizer", "conversations", "speaker", "text rules"]
)
def test_a_cell_is_not_used_for_anything_else(
    base: LoadedBase, assets: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    evaluation = replace(EVERYTHING, methods=["two-step"])
    _evaluate(base, evaluation, assets / "cells", silent)
    adapter = random_adapter(0)
    if change == "adapter":
        write_adapter(paths.ADAPTERS / "summarize", random_adapter(9), "tiny")
    elif change == "scale":
        write_adapter(paths.ADAPTERS / "summarize", replace(adapter, alpha=9), "tiny")
    elif change == "end tokens":
        base = replace(base, specification=replace(SPECIFICATION, eos_token_ids=(*SPECIFICATION.eos_token_ids, 40)))
    elif change == "tokenizer":
        base = replace(base, specification=replace(SPECIFICATION, tokenizer_sha256="3" * 64))
    elif change == "limits":
        base = replace(base, specification=replace(SPECIFICATION, max_new_tokens=5))
    elif change == "conversations":
        _change_pairs(monkeypatch, lambda pair: replace(pair, source=pair.source[-2:]))
    elif change == "speaker":
        _change_pairs(monkeypatch, lambda pair: replace(pair, reply_speaker="Zoë"))
    else:
        _change_text_rules(monkeypatch, assets)
    computed, count = _cell_counter()
    changed = _evaluate(base, evaluation, assets / "cells", count)
    assert len(computed) == 1
    anew = _evaluate(base, evaluation, assets / "fresh", silent)
    assert changed == anew


def _change_pairs(monkeypatch: pytest.MonkeyPatch, changed: Callable[[Pair], Pair]) -> None:
    monkeypatch.setattr(
        "toolchain.evaluation.evaluate.composition_pairs",
        lambda composition, split: [changed(pair) for pair in composition_pairs(composition, split)],
    )


def _change_text_rules(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    edited = folder / "text.py"
    edited.write_text(Path(str(text.__file__)).read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    monkeypatch.setattr(text, "__file__", str(edited))


def test_a_result_is_read_as_it_was_written(base: LoadedBase, assets: Path) -> None:
    result = _evaluate(base, replace(EVERYTHING, methods=["merge"]), assets / "cells", silent)
    noted = replace(result, meta=result.meta | {"note": "ñ", "git_commit": "0" * 40})
    write_result(assets / "x.test.jsonl", noted)
    read = read_result(assets / "x.test.jsonl")
    assert read.meta.pop(ROWS) == len(noted.rows)
    assert read.meta.pop(ANSWERS_HASH) == sha256_file(answers_path(assets / "x.test.jsonl"))
    assert read == noted


def test_every_method_is_measured_on_every_metric(base: LoadedBase, assets: Path) -> None:
    result = _evaluate(base, EVERYTHING, assets / "cells", silent)
    measured = {(row["method"], row["metric"]): row for row in result.rows}
    metrics = {metric for _, metric in measured} - RATIOS - {"prompt"}
    for method in EVALUATED:
        assert len(_answers(result, method)) == 2
        for metric in metrics:
            row = measured[method, metric]
            assert 0 <= row["interval"][0] <= row["value"] <= row["interval"][1] <= 1
            assert row["n"] == 2
            assert (row["composition"], row["split"], row["engine"], row["seed"]) == (
                COMPOSITION.name,
                "test",
                "python",
                0,
            )
        for baseline in ("merge", "two-step"):
            compared = {metric for of, metric in measured if of == method and metric.endswith(f" / {baseline}")}
            expected = _with_overlap(result, baseline) if method != baseline else set()
            assert compared == {f"{metric} / {baseline}" for metric in expected}
        tuned = measured[method, "prompt"]["value"]
        assert tuned in prompt_variants(COMPOSITION)
        assert tuned == "contract" or METHODS[method].tunes_prompt
    assert {row["method"] for row in result.rows} == set(EVALUATED)
    table = markdown(result).splitlines()
    assert [line.split("|")[1].strip() for line in table if line.startswith("| ")] == ["method", "---", *EVALUATED]


def test_the_second_task_sees_the_first_answer(base: LoadedBase, assets: Path) -> None:
    first, second = (
        replace(EVERYTHING, methods=["two-step"], compositions=[name]) for name in ("summarize", COMPOSITION.name)
    )
    summaries = _answers(_evaluate(base, first, assets / "cells", silent), "two-step")
    translations = _answers(_evaluate(base, second, assets / "cells", silent), "two-step")
    spec, template = SPECIFICATION, TASKS["es"].prompt
    with adapter_applied(base.model, random_adapter(1)):
        for summary, translation in zip(summaries, translations, strict=True):
            prompt = encode_prompt(base.tokenizer, BOS, template, summary, spec.max_prompt_tokens).ids
            assert generate(base, [prompt], spec.max_new_tokens) == [translation]
    assert all(summaries)


def test_an_empty_first_answer_has_an_empty_translation(base: LoadedBase, assets: Path) -> None:
    base = replace(base, specification=replace(SPECIFICATION, eos_token_ids=tuple(range(259))))
    result = _evaluate(base, replace(EVERYTHING, methods=["two-step"]), assets / "cells", silent)
    assert _answers(result, "two-step") == ["", ""]


def test_a_split_without_conversations_is_refused(
    base: LoadedBase, assets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolchain.evaluation.evaluate.composition_pairs", lambda *_: [])
    with pytest.raises(ToolchainError, match="test split"):
        _evaluate(base, EVERYTHING, assets / "cells", silent)


def test_a_row_names_what_answered_and_another_calibration_has_another_name(base: LoadedBase, assets: Path) -> None:
    asked = replace(EVERYTHING, methods=["merge", "lc++"], limit=1)

    def keys() -> dict[str, str]:
        rows = _evaluate(base, asked, assets / "cells", silent).rows
        return {row["method"]: row["key_sha256"] for row in rows if row["metric"] == "prompt"}

    before, path = keys(), calibration_path(COMPOSITION, "lc++")
    trained = read_calibration(path)
    halved = tuple(replace(entry, p2=entry.p2 / 2) for entry in trained.entries if entry.p2 is not None)
    write_calibration(path, replace(trained, entries=halved))
    after = keys()
    assert after["merge"] == before["merge"]
    assert after["lc++"] != before["lc++"]


def test_three_tasks_without_references_are_refused_before_anything_is_answered(base: LoadedBase, assets: Path) -> None:
    asked = replace(EVERYTHING, compositions=["summarize+fr+witty"])
    with pytest.raises(ToolchainError, match=r"summarize\+fr\+witty"):
        _evaluate(base, asked, assets / "cells", silent)


def test_without_a_validation_split_no_prompt_is_chosen(
    base: LoadedBase, assets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_validation(composition: Composition, split: Split) -> list[Pair]:
        return [] if split is Split.VALIDATION else composition_pairs(composition, split)[:1]

    monkeypatch.setattr(data_pairs, "composition_pairs", without_validation)
    for methods, refused in ((["lc++", "merge"], True), (["lc++"], False)):
        computed, count = _cell_counter()
        asked = Evaluation(methods, ["summarize+es"], Split.TEST, 1, 0)
        with pytest.raises(ToolchainError, match="no validation split") if refused else nullcontext():
            evaluate(PythonEngine(base), asked, assets / "cells", count)
        assert bool(computed) is not refused, "what is refused is refused before anything is answered"
