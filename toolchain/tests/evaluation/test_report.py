"""Reports say what the result files say, beside the paper, in a page that needs nothing else."""

import re
from html.parser import HTMLParser
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolchain import paths
from toolchain.adapters.methods.registry import METHODS
from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs
from toolchain.evaluation.paper import GROUPS, TABLE_1, TABLE_1_JUDGED, TABLE_2, group_of, main_metric
from toolchain.evaluation.reporting.device_times import device_times, seconds, time_ratio
from toolchain.evaluation.reporting.group_table import group_table
from toolchain.evaluation.reporting.judged_tables import papers_judge
from toolchain.evaluation.reporting.metric_table import HEADS, metric_table
from toolchain.evaluation.reporting.paper_tables import rank_correlation, shared_sub_tasks, table_1
from toolchain.evaluation.reporting.plots import quality_against_cost
from toolchain.evaluation.reporting.ratios import ratios
from toolchain.evaluation.reporting.repeats import repeats_table
from toolchain.evaluation.reporting.report import html_report, markdown_report, tables
from toolchain.evaluation.reporting.samples import samples, task_samples
from toolchain.evaluation.results import Results, committed_results, read_results
from toolchain.evaluation.rows import FASTER, PAIRED, PAIRED_RATIO
from toolchain.tasks import AUXILIARY_TASKS, MAIN_TASKS, TASKS, Composition, TaskKind
from toolchain.tests.evaluation.made_results import made_results

COMPOSITIONS = [f"{main}+{auxiliary}" for main in MAIN_TASKS for auxiliary in AUXILIARY_TASKS]
HOSTILE = "<script src='http://example.com/x.js'></script>"
values = st.dictionaries(
    st.tuples(st.sampled_from(COMPOSITIONS), st.sampled_from(["merge", "two-step", "lc++"])),
    st.floats(0, 1),
    min_size=1,
)


@settings(max_examples=30)
@given(values)
def test_a_cell_is_the_mean_of_the_sub_tasks_of_its_group(measured: dict[tuple[str, str], float]) -> None:
    table = table_1(made_results(measured), "python")
    for method, paper, *cells in (row for row in table.rows if row[0] in METHODS):
        for index, group in enumerate(GROUPS):
            ours = [
                value
                for (name, of), value in measured.items()
                if of == method and group_of(Composition.parse(name)) == group
            ]
            asked = any(group_of(Composition.parse(name)) == group for name, _ in measured)
            shown = cells[2 * index].split(" (")[0]
            assert shown == (f"{100 * sum(ours) / len(ours):.2f}" if ours else "not run" if asked else "")
            assert cells[2 * index + 1] == (f"{TABLE_1[paper][index]:.2f}" if asked else "")


def test_where_every_group_was_measured_the_papers_other_methods_are_said_not_to_be() -> None:
    of_each_group = ("summarize+es", "summarize+witty", "reply+es", "reply+witty")
    table = table_1(made_results({(name, "merge"): 0.1 for name in of_each_group}), "python")
    rows = {row[1]: row[2::2] for row in table.rows if row[1]}
    assert rows.keys() == TABLE_1.keys()
    assert rows.pop("Concat merge") == ["10.00"] * 4
    assert all(cells == ["not run"] * 4 for cells in rows.values())
    fewer = table_1(made_results({(name, "merge"): 0.1 for name in of_each_group[:3]}), "python")
    assert [row[0] for row in fewer.rows] == ["merge"]


def test_methods_that_were_not_measured_alike_are_compared_on_what_they_share() -> None:
    measured = {(name, "merge"): value for name, value in (("summarize+es", 0.1), ("summarize+fr", 0.3))}
    results = made_results(measured | {("summarize+es", "lc++"): 0.2})
    shared = shared_sub_tasks(results, "python")
    assert shared == ["summarize+es"]
    assert {row[0]: row[2] for row in table_1(results, "python", shared).rows} == {"merge": "10.00", "lc++": "20.00"}


def test_ratios_are_of_answers_in_whichever_file() -> None:
    results = made_results({("summarize+es", method): 0.1 for method in ("merge", "two-step", "lc++", "zero-shot")})
    pairs = composition_pairs(Composition.parse("summarize+es"), Split.TEST)[:2]
    for method, words in (("merge", 6), ("two-step", 100), ("lc++", 100)):
        for pair in pairs:
            results.answers["python", "summarize+es", method, pair.id] = " ".join(pair.target.split()[:words])
    del results.answers["python", "summarize+es", "zero-shot", pairs[0].id]
    shown = {row[1]: row for row in ratios(results, "python").rows}
    assert float(shown["lc++"][2].split(" [")[0]) > 1
    assert shown["lc++"][3] == "1.00 [1.00, 1.00]"
    assert (shown["merge"][2], shown["two-step"][3]) == ("", "")
    assert shown["zero-shot"][2:4] == ["", ""], "one of its conversations is missing"


def test_axes_have_numbers_that_can_be_read() -> None:
    svg = quality_against_cost(
        made_results({("summarize+es", method): 0.2 for method in ("merge", "lc", "lc++")}), "python"
    )
    assert "$" not in svg
    assert ">10,000<" in svg


def test_the_papers_judge_stands_beside_none_of_ours() -> None:
    table = papers_judge()
    assert [row[0] for row in table.rows] == list(TABLE_1_JUDGED)
    assert {row[1] for row in table.rows} == {"not run"}
    assert TABLE_1_JUDGED.keys() == TABLE_1.keys()


def test_every_sub_task_is_in_a_group_and_every_method_of_the_paper_is_a_row_of_it() -> None:
    groups = [group_of(Composition.parse(name)) for name in COMPOSITIONS]
    kinds = [TASKS[name].kind for name in AUXILIARY_TASKS]
    languages, tones = kinds.count(TaskKind.TRANSLATION), kinds.count(TaskKind.TONE)
    assert [groups.count(group) for group in GROUPS] == [languages, tones] * 2
    named = {method.paper for method in METHODS.values() if method.paper}
    assert named == TABLE_1.keys()
    assert TABLE_2.keys() <= TABLE_1.keys()


class _Page(HTMLParser):
    """The elements of a page and what they point to."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        pointed = [value for name, value in attrs if name.endswith(("src", "href")) and value]
        self.outside += [value for value in pointed if not value.startswith(("#", "data:"))]


def _html(results: Results) -> str:
    return html_report(results, tables(results))


def _markdown(results: Results) -> str:
    return markdown_report(results, tables(results))


def test_the_page_needs_nothing_else_and_shows_answers_as_text() -> None:
    page = _Page()
    results = made_results({("summarize+es", "merge"): 0.2, ("reply+witty", "lc++"): 0.1, ("es", "$x_{"): 0.1}, HOSTILE)
    for (_, name, method, metric), row in list(results.rows.items()):
        results.rows[HOSTILE, name, method, metric] = row
    html = _html(results)
    page.feed(html)
    assert "script" not in page.tags
    assert page.outside == []
    assert "&lt;script" in html
    assert {"svg", "table"} <= page.tags


def test_control_characters_of_answers_are_shown_and_not_written() -> None:
    results = made_results({("summarize", "main"): 0.1}, "a\0\x1b\x85b")
    found = tables(results)
    for text in (html_report(results, found), markdown_report(results, [*found, task_samples(results, "python")])):
        assert "a\\x00\\x1b" in text
        assert not set(text) & ({*map(chr, range(32)), *map(chr, range(0x7F, 0xA0))} - {"\n", "\t"})


def test_every_metric_that_was_measured_stands_in_the_report() -> None:
    results = made_results({("reply+es", "merge"): 0.2})
    shown = {"copy_rate": 0.3, "numbers_kept": 0.4, "rouge_l_paper": 0.5, "weighted_rouge_paper": 0.6}
    for metric, value in shown.items():
        results.rows["python", "reply+es", "merge", metric] = {"value": value, "interval": [value, value], "n": 45}
    table = metric_table(results, "python")
    (row,) = table.rows
    cells = dict(zip(table.head, row, strict=True))
    assert {HEADS[metric]: f"{100 * value:.1f}" for metric, value in shown.items()}.items() <= cells.items()
    assert (cells["W-R"], cells["R-1"]) == ("20.0", "")
    assert table.title in _markdown(results)
    (ours, *_) = (row for row in table_1(results, "python", paper_words=True).rows if row[0] == "merge")
    assert "60.00 (1 of 3)" not in ours
    assert "60.00" in ours


def test_costs_are_compared_where_most_methods_were_measured() -> None:
    measured = {(name, method): 0.1 for name in COMPOSITIONS[:3] for method in ("merge", "two-step")}
    page = _html(made_results(measured | {(COMPOSITIONS[0], "lc++"): 0.2}))
    said = " ".join(re.sub(r"<[^>]*>", " ", page).split())
    assert f"mean over {', '.join(COMPOSITIONS[:3])}; not measured on all of these: lc++" in said


def test_an_answer_of_each_adapter_stands_beside_what_it_was_given() -> None:
    measured = {
        ("es", "zero-shot"): 0.2,
        ("es", "main"): 0.5,
        ("summarize", "main"): 0.3,
        ("summarize+es", "merge"): 0.1,
    }
    rows = task_samples(made_results(measured, "an answer"), "python").rows
    (pair, *_) = composition_pairs(Composition.of("es"), Split.TEST)
    of_es = [["given", pair.source], ["zero-shot", "an answer"], ["main", "an answer"], ["reference", pair.target]]
    assert [row[1:] for row in rows if row[0] == "es"] == of_es
    assert [row[1] for row in rows if row[0] != "es"] == ["main", "reference"]


def test_training_seeds_alone_make_a_report() -> None:
    results = made_results({("summarize+es", "lc++@1"): 0.25, ("summarize+es", "lc++@2"): 0.75})
    assert "<svg" in _html(results)
    assert {row[0]: row[2] for row in table_1(results, "python").rows} == {"lc++": "50.00"}
    assert all("lc++@1" in sample.answers for sample in samples(results, "python", 1))


def test_the_same_results_make_the_same_report() -> None:
    results = made_results({("summarize+es", "merge"): 0.2, ("reply+witty", "lc++"): 0.1})
    assert _html(results) == _html(results)
    assert _markdown(results) == _markdown(results)


def test_the_first_conversations_of_a_split_are_no_part_of_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    verdicts = "judge.test.python.jsonl"
    for name in ("x.test.python.jsonl", "x.test.python.answers.jsonl", "x.test.first-3.python.jsonl", verdicts):
        (tmp_path / name).touch()
    assert committed_results() == [tmp_path / "x.test.python.jsonl", tmp_path / verdicts], "verdicts come last"


def test_committed_results_make_a_report() -> None:
    report = _markdown(read_results(committed_results()))
    assert all(path.name in report for path in committed_results())


def test_what_the_device_was_timed_at_is_shown_in_seconds_and_as_a_share_of_two_steps() -> None:
    names, results = ["summarize+es", "summarize+fr"], Results({}, {}, {})
    for name, (one, two, ratio, faster) in zip(names, ((1500, 2000, 0.7, 0.9), (3000, 6000, 0.5, 1.0)), strict=True):
        measured = {
            ("lc++", PAIRED): one,
            ("two-step", PAIRED): two,
            ("lc++", PAIRED_RATIO): ratio,
            ("lc++", FASTER): faster,
            ("lc++", "peak_rss_bytes"): 300 * 2**20,
        }
        for (method, metric), value in measured.items():
            row = {"value": value, "interval": [value, value], "n": 10}
            results.rows["device", name, method, metric] = row
    assert [row[2:] for row in device_times(results).rows] == [
        ["0.70 [0.70, 0.70]", "9 of 10", "300 MiB"],
        ["0.50 [0.50, 0.50]", "10 of 10", "300 MiB"],
    ]
    assert seconds(results, names, "two-step") == {"summarize+es": 2.0, "summarize+fr": 6.0}
    assert time_ratio(results, names, "lc++") == pytest.approx(0.6)
    assert (time_ratio(results, names, "two-step"), time_ratio(results, names, "merge")) == (1, None)


def test_groups_are_compared_over_whole_conversations() -> None:
    names = ["summarize+es", "summarize+fr"]
    results = made_results({(name, method): 0.5 for name in names for method in ("merge", "two-step", "lc++")})
    for name in names:
        first, second = composition_pairs(Composition.of(name), Split.TEST)[:2]
        for pair in (first, second):
            results.answers["python", name, "lc++", pair.id] = pair.target
        # One of each pair of answers is right, the other says everything twice: no conversation is like the other.
        results.answers["python", name, "two-step", first.id] = first.target
        results.answers["python", name, "two-step", second.id] = f"{second.target} {second.target}"
    rows = {row[1]: row for row in group_table(results, "python").rows}
    assert rows.keys() == {"merge", "two-step", "lc++"}
    assert rows["lc++"][:6] == ["S+Tr", "lc++", "100.00", "+100.00 [+100.00, +100.00] (merge)", rows["lc++"][4], ""]
    assert rows["lc++"][4] == "1.20 [1.00, 1.50]"
    assert rows["two-step"][2] == "83.33"
    assert rows["two-step"][5] == "-16.67 [-33.33, +0.00]"
    assert rows["lc++"][-1] == "2 x 2"


def test_the_best_data_free_merge_is_the_one_whose_answers_are_best() -> None:
    name = "summarize+es"
    results = made_results({(name, method): 0.5 for method in ("merge", "linear", "lc++")})
    for pair in composition_pairs(Composition.of(name), Split.TEST)[:2]:
        results.answers["python", name, "linear", pair.id] = pair.target
    against = {row[1]: row[3] for row in group_table(results, "python").rows}
    lost = "-100.00 [-100.00, -100.00] (linear)"
    assert against == {"merge": lost, "linear": "", "lc++": lost}


def test_the_share_as_asked_is_of_languages_or_of_tones_and_a_mean_over_seeds() -> None:
    names = ["summarize+es", "summarize+witty"]
    results = made_results({(name, method): 0.5 for name in names for method in ("merge", "lc++", "lc++@1")})
    for method, language, tone in (("lc++", 1.0, 0.9), ("lc++@1", 0.8, 0.4)):
        results.rows["python", "summarize+es", method, "language"] = {"value": language}
        results.rows["python", "summarize+witty", method, "tone"] = {"value": tone}
    found = {(row[0], row[1]): row[-2] for row in group_table(results, "python").rows}
    assert found["S+Tr", "lc++"] == "90"
    assert found["S+Tone", "lc++"] == "65"
    assert found["S+Tone", "merge"] == "", "measured before there was a rule for tones"


def test_a_method_that_was_not_measured_on_a_whole_group_is_left_out_of_it() -> None:
    results = made_results(
        {("summarize+es", "merge"): 0.5, ("summarize+fr", "merge"): 0.5, ("summarize+es", "lc++"): 0.5}
    )
    assert {row[1] for row in group_table(results, "python").rows} == {"merge"}


def test_seeds_of_a_method_are_shown_side_by_side_and_count_as_one() -> None:
    name = "summarize+es"
    results = made_results({(name, method): 0.5 for method in ("merge", "lc++", "lc++@1", "dam@1")})
    first, second = composition_pairs(Composition.of(name), Split.TEST)[:2]
    results.answers["python", name, "lc++@1", first.id] = first.target
    results.answers["python", name, "lc++@1", second.id] = second.target
    (row,) = repeats_table(results, "python").rows
    assert row == [name, "lc++", "50.00", "50.00, 50.00", "+50.00 [+50.00, +50.00]", "", "2"]
    groups = {row[1]: row[2] for row in group_table(results, "python").rows}
    assert groups == {"merge": "0.00", "lc++": "50.00", "dam": "0.00"}
    results.rows["python", name, "lc++@1", main_metric(Composition.of(name))]["value"] = 1.0
    means = {row[0]: row[2] for row in table_1(results, "python").rows}
    assert means == {"merge": "50.00", "lc++": "75.00", "dam": "50.00"}


def test_seeds_are_shown_by_seed_and_counted_in_every_column_in_whichever_file() -> None:
    name = "summarize+es"
    seeds = {"lc++@10": 0.1, "lc++@2": 0.2, "lc++": 1.0}
    results = made_results({(name, method): value for method, value in seeds.items()} | {(name, "merge"): 0.5}, "y")
    assert results.repeats("python", name, "lc++") == ["lc++", "lc++@2", "lc++@10"]
    (row,) = repeats_table(results, "python").rows
    assert row[3] == "100.00, 20.00, 10.00"
    for pair in composition_pairs(Composition.of(name), Split.TEST)[:2]:
        results.answers["python", name, "merge", pair.id] = pair.target
    assert {row[1]: row[4] for row in ratios(results, "python").rows} == {"lc++": "43.3", "merge": "50.0"}, (
        "the mean language"
    )


@given(st.lists(st.integers(0, 100), min_size=2, max_size=8, unique=True), st.randoms())
def test_the_order_of_methods_is_compared_by_ranks_alone(values: list[int], random: Random) -> None:
    assert rank_correlation([(value, 3 * value + 1) for value in values]) == pytest.approx(1)
    assert rank_correlation([(value, -value) for value in values]) == pytest.approx(-1)
    shuffled = random.sample(values, len(values))
    pairs = list(zip(values, shuffled, strict=True))
    assert rank_correlation(pairs) == pytest.approx(rank_correlation([(a**3, b) for a, b in pairs]))
    assert rank_correlation([(value, 1) for value in values]) is None


def test_table_1_says_how_far_its_order_is_the_papers() -> None:
    order = ["zero-shot", "main", "merge", "two-step", "lc++"]
    results = made_results({("summarize+es", method): index / 10 for index, method in enumerate(order)})
    table = table_1(results, "python")
    assert table.rows[-1] == ["rank correlation", "of both columns (Spearman)", "1.00 of 5 methods", *[""] * 7]
    assert {row[0] for row in table_1(made_results({("summarize+es", "merge"): 0.1}), "python").rows} == {"merge"}
    level = table_1(made_results({("summarize+es", method): 0.1 for method in order}), "python")
    assert {row[0] for row in level.rows} == {*order}, "where all are equal there is no order to compare"
