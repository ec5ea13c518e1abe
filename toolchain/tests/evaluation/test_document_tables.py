"""The tables of documents are those of the result files that they name."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from toolchain import paths
from toolchain.data.benchmark import CONVERSATIONS, ENGLISH
from toolchain.data.json_lines import read_rows
from toolchain.errors import ToolchainError
from toolchain.evaluation.readings import READING_SUFFIX, write_reading
from toolchain.evaluation.reporting.document_tables import DOCUMENTS, with_results
from toolchain.evaluation.reporting.reference_table import reference_table
from toolchain.evaluation.result_file import read_result, write_result
from toolchain.tasks import TONES


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_the_tables_of_a_document_are_those_of_its_result_files(document: Path) -> None:
    assert with_results(document) == document.read_text(encoding="utf-8"), "run `toolchain report --documents`"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_a_document_follows_its_result_files(tmp_path: Path, document: Path) -> None:
    text, folder = document.read_text(encoding="utf-8"), tmp_path / "beside"
    named = re.findall(r"<!-- (?!end of )\w+: (\S+)", text)
    assert named
    folder.mkdir()
    for name in ",".join(named).split(","):
        copied = folder / name
        copied.parent.mkdir(parents=True, exist_ok=True)
        if copied.name == CONVERSATIONS:
            lines = (document.parent / name).read_text(encoding="utf-8").splitlines(keepends=True)
            copied.write_text("".join(lines[::2]), encoding="utf-8")
            continue
        if name.endswith(READING_SUFFIX):
            about, *items = (row.fields for row in read_rows(document.parent / name, ""))
            write_reading(copied, about, items[: len(items) // 2])
            continue
        source = read_result(document.parent / name)
        halved = [row | {"value": row["value"] / 2} if "interval" in row else row for row in source.rows]
        write_result(copied, replace(source, rows=halved))
    (folder / document.name).write_text(text, encoding="utf-8")
    assert with_results(folder / document.name) != text


def test_a_block_may_name_the_methods_and_groups_that_it_shows(tmp_path: Path) -> None:
    document = tmp_path / "page.md"

    def rows(asked: str) -> list[list[str]]:
        block = f"<!-- groups: {paths.RESULTS / 'summarize+es.test.python.jsonl'}{asked} -->\n<!-- end of groups -->\n"
        document.write_text(block, encoding="utf-8")
        return [line.split(" | ") for line in with_results(document).splitlines()[3:-1]]

    shown = rows(" by merge,lc++")
    assert [row[1] for row in shown] == ["merge", "lc++"]
    assert shown == [row for row in rows("") if row[1] in ("merge", "lc++")]
    assert (rows(" by S+Tr"), rows(" by S+Tr,merge,lc++"), rows(" by R+Tone")) == (rows(""), shown, [])


@pytest.mark.parametrize("end", ["", "<!-- end of result -->\n", "<!-- end of groups -->\n"])
@pytest.mark.parametrize("after", ["", "results", "groups"])
def test_a_block_without_an_end_of_its_own_is_named(tmp_path: Path, end: str, after: str) -> None:
    document, result = tmp_path / "page.md", paths.RESULTS / "summarize+es.test.python.jsonl"
    next_one = f"<!-- {after}: {result} -->\n<!-- end of {after} -->\n" if after else ""
    document.write_text(f"<!-- results: {result} -->\n{end}What people wrote.\n{next_one}", encoding="utf-8")
    with pytest.raises(ToolchainError, match=re.escape(f"the block `<!-- results: {result}` is not whole")) as said:
        with_results(document)
    assert str(document) in str(said.value)


@pytest.mark.parametrize(
    ("kind", "by", "refused"),
    [("methods", "S+Tr", "group"), ("samples", "lc++", "method"), ("results", "lc++", "method")],
)
def test_a_table_without_methods_or_groups_to_choose_by_is_named(
    tmp_path: Path, kind: str, by: str, refused: str
) -> None:
    document, result = tmp_path / "page.md", paths.RESULTS / "summarize+es.test.python.jsonl"
    document.write_text(f"<!-- {kind}: {result} by {by} -->\n<!-- end of {kind} -->\n", encoding="utf-8")
    with pytest.raises(ToolchainError, match=re.escape(f"cannot be chosen by {refused}: leave out `by {by}`")) as said:
        with_results(document)
    assert str(document) in str(said.value)


def test_references_are_compared_with_each_other_and_never_with_themselves() -> None:
    rows = reference_table(paths.BENCHMARK / CONVERSATIONS).rows
    head = [ENGLISH, *TONES]
    value = {(row[0], head[place]): cell for row in rows if row[1] == "rouge_l" for place, cell in enumerate(row[2:])}
    assert all((value[tone, other] == "") is (tone == other) for tone in TONES for other in head)
    assert all(value[one, other] == value[other, one] for one in TONES for other in TONES), "ROUGE-L is symmetric"


def test_a_benchmark_without_references_in_all_tones_is_named(tmp_path: Path) -> None:
    (tmp_path / CONVERSATIONS).write_text(
        '{"id": "1", "split": "test", "conversation": [{"text": "a"}], "summary": {"en": "a", "witty": "b"}}',
        encoding="utf-8",
    )
    with pytest.raises(ToolchainError, match="no test reference in English and all tones"):
        reference_table(tmp_path / CONVERSATIONS)
