"""The command line: data as JSON on stdout, one sentence on stderr, exit codes 0, 1 and 2."""

import errno
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from toolchain import cli, paths
from toolchain.adapters.files import TENSORS_FILE, adapter_hash, write_adapter
from toolchain.base_model import specification
from toolchain.cli import main
from toolchain.console import progress
from toolchain.data.benchmark import SINGLE_CONVERSATIONS
from toolchain.errors import refused_of
from toolchain.evaluation.result_file import read_result
from toolchain.tests.bundles import commit
from toolchain.tests.data.test_data import write_benchmark
from toolchain.tests.tiny import random_adapter, tiny_model


class Console:
    """Runs the command as a shell would."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch, self.capsys = monkeypatch, capsys

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr."""
        self.monkeypatch.setattr(sys, "argv", ["toolchain", *arguments])
        code: object = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
        out, err = self.capsys.readouterr()
        assert isinstance(code, int)
        return code, out, err


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Console:
    monkeypatch.setenv("TANDEM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    (tmp_path / _FOLDER).mkdir()
    monkeypatch.setenv("CARGO_TARGET_DIR", str(tmp_path / "cargo-target"))
    return Console(monkeypatch, capsys)


_SERVER = ["--endpoint", "http://127.0.0.1:9/v1", "--model", "m"]
_FOLDER = "folder.toml"
_BELOW_A_FILE = f"{__file__}/results"
_DIALOGUES = paths.BENCHMARK / SINGLE_CONVERSATIONS
_APART = [str(paths.RESULTS / f"{name}.test.python.jsonl") for name in ("replies", "summary-merges")]
REFUSED = {
    "another base": (["model", "get", "--name", "gemma-9"], "gemma-9"),
    "a missing source": (["model", "get", "--from", "nowhere.gguf"], "nowhere.gguf"),
    "missing data": (["data", "build", "nowhere"], "nowhere"),
    "an unknown task": (["train", "lora", "xx"], "'xx'"),
    "an unknown composition": (["train", "calibration", "summarize+xx"], "'xx'"),
    "an unknown calibration": (["train", "calibration", "summarize+es", "--method", "lc+++"], "lc+++"),
    "no texts alone": (["train", "lora", "witty", "--texts-alone"], "leaves witty without a text"),
    "training before the base is there": (["train", "lora", "es"], "toolchain model get"),
    "calibrating before the base is there": (["train", "calibration", "summarize+es"], "toolchain model get"),
    "an unknown recipe": (["train", "lora", "es", "--recipe", "llama-9"], "llama-9"),
    "a plan of an unknown recipe": (["scale", "plan", "llama-9"], "llama-9"),
    "an import without a name for it": (["model", "import", "nowhere"], "TANDEM_BASE"),
    "an unknown method": (["evaluate", "--methods", "merge,magic"], "magic"),
    "a comma too many": (["evaluate", "--methods", "merge,,ties"], "--methods 'merge,,ties' has an empty name"),
    "a comma alone": (["export", "--only", ","], "--only ',' has an empty name"),
    "an unknown split": (["evaluate", "--split", "train"], "train"),
    "an unknown engine": (["evaluate", "--engine", "gpu"], "gpu"),
    "an evaluation on a core that is not built": (["evaluate", "--engine", "device"], "make build"),
    "an unknown baseline": (["train", "baseline", "magic", "summarize+es"], "magic"),
    "a calibration that is called a baseline": (
        ["train", "baseline", "lc++", "summarize+es"],
        "toolchain train calibration",
    ),
    "a seed of what none changes": (["train", "baseline", "ties", "summarize+es", "--seed", "1"], "--seed"),
    "a seed of what all compositions share": (["train", "baseline", "lc++-shared", "all", "--seed", "1"], "--seed"),
    "a calibration that is no file of tensors": (
        ["train", "calibration", "summarize+es", "--out", "mine.json"],
        "ends in .safetensors",
    ),
    "a recommendation by a bundle": (["recommend", "--engine", "device"], "--engine python"),
    "a judge of one method": (["judge", "--methods", "lc++", "--against", "lc++"], "itself"),
    "a judge of methods that answered nothing in common": (
        ["judge", *_APART, "--methods", "ties"],
        "no composition that both two-step and ties answered",
    ),
    "rates that are no numbers": (["train", "baseline", "dam", "summarize+es", "--rates", "fast"], "fast"),
    "a rate of a baseline below 0": (["train", "baseline", "dam", "summarize+es", "--rates", "1e-3,-1"], "-1"),
    "an infinite rate of a baseline": (["train", "baseline", "dam", "summarize+es", "--rates", "inf"], "inf"),
    "a rate of a baseline that float32 does not hold": (
        ["train", "baseline", "dam", "summarize+es", "--rates", "1e-3,1e300"],
        "'1e-3,1e300' holds 1e+300: a learning rate is above 0 and at most 1000",
    ),
    "a precision without a name": (["train", "lora", "es", "--precision", ""], "unknown precision ''"),
    "a calibration of one task alone": (["train", "calibration", "summarize"], "summarize is a single task"),
    "a calibration without its merge weights": (
        ["train", "calibration", "summarize+es", "--method", "lc++m"],
        "say with which merge weights",
    ),
    "a recipe that is a folder": (["scale", "plan", _FOLDER], f"{_FOLDER}: Is a directory (give the name of a file)"),
    "a folder below a file": (
        ["report", "--out", _BELOW_A_FILE],
        f"{_BELOW_A_FILE}/report.md cannot be written (Not a directory)",
    ),
    "a folder in the place of a file": (
        ["keys", f"{__file__}/mine", "--no-encrypted"],
        f"{__file__}: File exists (a folder is wanted where something else is",
    ),
    "a name that is too long": (["scale", "plan", f"{'x' * 300}.toml"], "File name too long (give a shorter name)"),
    "a missing result file": (["report", "nowhere.jsonl"], "nowhere.jsonl"),
    "missing dialogues": (["data", "targets", "nowhere", "summarize+es", *_SERVER], "nowhere"),
    "targets without a teacher": (
        ["data", "targets", str(_DIALOGUES), "summarize+es", "--licence", "MIT"],
        "--local es",
    ),
    "a teacher of another task": (
        ["data", "targets", "nowhere", "summarize+es", "--local", "fr=nowhere"],
        "fr=nowhere",
    ),
    "a server without its model": (["data", "targets", "nowhere", "summarize+es", *_SERVER[:2]], "--model"),
    "two steps of unknown conversations": (["data", "two-step", "summarize+es", "--source", "nowhere"], "nowhere"),
    "two steps of an unknown licence": (["data", "two-step", "summarize+es", "--source", str(_DIALOGUES)], "--licence"),
    "two steps before the base is there": (["data", "two-step", "summarize+es"], "toolchain model get"),
    "going on from another seed's": (
        ["train", "calibration", "summarize+es", "--method", "lc++f", "--seed", "3"],
        "`toolchain train main-task summarize --seed 3`",
    ),
    "going on from an lc++f that was not trained": (
        ["train", "calibration", "summarize+es", "--method", "lc++r", "--seed", "3"],
        "`toolchain train calibration summarize+es --method lc++f --seed 3`",
    ),
    "brief answers of what learns from references": (
        ["train", "calibration", "summarize+es", "--brief"],
        "--brief is of lc++r",
    ),
    "a reward for the ends of sentences": (
        ["train", "calibration", "summarize+es", "--method", "lc++r", "--end-weight", "1.5"],
        "leave them out",
    ),
    "a reward beside a teacher's distributions": (
        ["train", "calibration", "summarize+es", "--method", "lc++r", "--distillation", "0.5"],
        "leave them out",
    ),
    "further conversations with three tasks": (
        ["train", "calibration", "summarize+witty+fr", "--further"],
        "leave out --further",
    ),
    "further references where none are trained on": (
        ["train", "calibration", "summarize+es", "--two-step", "--further"],
        "--further adds references",
    ),
    "going on with three tasks": (["train", "calibration", "summarize+witty+fr", "--method", "lc++f"], "of two tasks"),
    "training on targets that are not there": (["train", "calibration", "summarize+es", "--two-step"], "data two-step"),
    "training on two kinds of targets": (["train", "calibration", "summarize+es", "--two-step", "--teacher"], "one of"),
    "training on targets in a committed place": (["train", "calibration", "summarize+es", "--targets", "x"], "--out"),
    "an unknown layout": (["data", "targets", "nowhere", "summarize+es", *_SERVER, "--layout", "xml"], "xml"),
    "evaluating before the base is there": (["evaluate"], "toolchain model get"),
    "an export of an unknown composition": (["export", "--only", "es+summarize"], "es+summarize"),
    "a missing bundle": (["verify", "nowhere"], "nowhere"),
    "a missing secret key": (["export", "--sign", "nowhere.key"], "nowhere.key"),
    "a missing public key": (["verify", "nowhere", "--public-key", "nowhere.pub"], "nowhere.pub"),
    "a key that cannot be encrypted": (["keys", "nowhere/key"], "TANDEM_KEY_PASSWORD"),
    "an import for an unknown task": (["adapter", "import", "nowhere", "--task", "xx"], "'xx'"),
    "an empty licence": (["adapter", "import", "nowhere", "--task", "es", "--licence", ""], "--licence is blank"),
    "a blank licence": (["adapter", "import", "nowhere", "--task", "es", "--licence", " "], "--licence is blank"),
    "an import before the base is there": (["adapter", "import", "nowhere", "--task", "es"], "toolchain model get"),
}


@pytest.mark.parametrize("given", [[], ["--endpoint", "http://127.0.0.1:9/v1"]])
def test_a_judge_is_not_run_without_a_server_and_a_yes(console: Console, given: list[str], tmp_path: Path) -> None:
    code, out, err = console.run("judge", "--out", str(tmp_path), *given)
    assert code == 0
    rows = [json.loads(line) for line in out.splitlines()]
    assert {(row["value"], row["why"]) for row in rows} == {("not run", "no --yes" if given else "no --endpoint")}
    assert "calls" in err
    kept = [row for path in sorted(tmp_path.glob("judge.*")) for row in read_result(path).rows]
    assert sorted(row["engine"] for row in kept) == sorted(row["engine"] for row in rows)


@pytest.mark.parametrize("mistake", REFUSED)
def test_a_refusal_is_one_sentence_on_stderr_and_exit_1(console: Console, mistake: str) -> None:
    arguments, named = REFUSED[mistake]
    code, out, err = console.run(*arguments)
    assert (code, out) == (1, "")
    (sentence,) = err.splitlines()
    assert sentence.startswith("error: ")
    assert named in sentence


def test_going_on_from_what_was_not_made_names_what_makes_it(
    console: Console, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(paths, "CALIBRATIONS", tmp_path / "calibrations")
    code, out, err = console.run("train", "calibration", "reply+casual", "--method", "lc++f")
    assert (code, out) == (1, "")
    (sentence,) = err.splitlines()
    assert sentence.startswith("error: ")
    assert "`toolchain train main-task reply`" in sentence


WRONG_USAGE = {
    "an unknown command": ["fly"],
    "an unknown option": ["verify", "bundle", "--fast"],
    "a missing argument": ["verify"],
    "a word for a number": ["train", "lora", "es", "--steps", "many"],
    "no conversation at all": ["evaluate", "--limit", "0"],
    "a LoRA of rank 0": ["train", "lora", "es", "--rank", "0"],
    "a LoRA of a rank that no machine has": ["train", "lora", "es", "--rank", f"{10**12}"],
    "a LoRA of an alpha that is no float": ["train", "lora", "es", "--alpha", f"{10**400}"],
    "no step at all": ["train", "lora", "es", "--steps", "0"],
    "a rate below 0": ["train", "lora", "es", "--learning-rate", "-1"],
    "a rate that float32 does not hold": ["train", "lora", "es", "--learning-rate", "1e39"],
    "a rate of 0": ["train", "main-task", "summarize", "--learning-rate", "0"],
    "an infinite rate": ["train", "calibration", "summarize+es", "--learning-rate", "inf"],
    "a rate that is no number": ["train", "lora", "es", "--learning-rate", "nan"],
    "a dropout that is no number": ["train", "lora", "es", "--dropout", "nan"],
    "a seed below 0": ["train", "lora", "es", "--seed", "-1"],
    "a seed of a calibration below 0": ["train", "calibration", "summarize+es", "--seed", "-1"],
    "a seed of calibrations below 0": ["train", "interpolation", "summarize", "--seed", "-1"],
    "a seed of a baseline below 0": ["train", "baseline", "dam", "summarize+es", "--seed", "-1"],
    "a seed that no generator takes": ["train", "main-task", "summarize", "--seed", str(2**40)],
    "no example in a batch": ["train", "calibration", "summarize+es", "--batch-size", "0"],
}


@pytest.mark.parametrize("mistake", WRONG_USAGE)
def test_wrong_usage_is_exit_2(console: Console, mistake: str) -> None:
    code, out, err = console.run(*WRONG_USAGE[mistake])
    assert (code, out) == (2, "")
    assert "Usage: toolchain" in err
    assert "Traceback" not in err


def test_help_is_exit_0(console: Console) -> None:
    code, out, _ = console.run("--help")
    assert code == 0
    for command in ("model", "data", "train", "adapter", "evaluate", "export", "verify", "keys"):
        assert command in out


@pytest.mark.parametrize("command", ["schema", "paths"])
def test_data_on_stdout_is_json(console: Console, command: str) -> None:
    code, out, err = console.run(command)
    assert (code, err) == (0, "")
    assert isinstance(json.loads(out), dict)


@pytest.mark.parametrize("given", [__file__, "nowhere", "~nobody-of-this-name/b"])
@pytest.mark.parametrize("command", [["paths"], ["data", "own", "x", "--out", "y"], ["evaluate"]])
def test_a_benchmark_that_is_no_folder_is_refused_by_every_command_and_not_made(
    console: Console, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str, command: list[str]
) -> None:
    monkeypatch.setenv("TANDEM_BENCHMARK", given)
    code, out, err = console.run(*command)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"error: TANDEM_BENCHMARK names {Path(given).absolute()}, which is no folder: make one with")
    assert [path.name for path in tmp_path.iterdir()] == [_FOLDER]
    assert console.run(command[0], "--help")[0] == 0


def test_paths_follow_the_cache(console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CARGO_TARGET_DIR", raising=False)
    found = json.loads(console.run("paths")[1])
    assert Path(found["base"]).parent == tmp_path / "cache" / "model"
    assert Path(found["tandem"]) == tmp_path / "cache" / "cargo-target" / "release" / "tandem"
    assert Path(found["bundle"]) == paths.DEMO_BUNDLE


def test_a_good_bundle_verifies_and_a_damaged_one_does_not(console: Console, bundle: Path) -> None:
    code, out, err = console.run("verify", str(bundle))
    assert (code, err) == (0, "")
    assert "summarize+es" in json.loads(out)["compositions"]
    (bundle / "adapters" / "es" / TENSORS_FILE).write_bytes(b"x")
    code, out, err = console.run("verify", str(bundle))
    assert (code, out) == (1, "")
    assert TENSORS_FILE in err


def test_a_bundle_is_signed_packed_and_checked(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = commit(tmp_path, monkeypatch)
    monkeypatch.setattr(specification, "base_model", lambda _name=None: base)
    made = json.loads(console.run("keys", str(tmp_path / "mine"), "--no-encrypted")[1])
    assert made == {"secret_key": str(tmp_path / "mine.key"), "public_key": str(tmp_path / "mine.pub")}
    given = ["export", str(tmp_path / "bundle"), "--only", "summarize+es,reply+witty", "--sign", made["secret_key"]]
    code, out, err = console.run(*given)
    assert (code, err) == (0, "")
    assert json.loads(out)["compositions"] == ["summarize", "reply", "summarize+es", "reply+witty"]
    code, out, _ = console.run("verify", str(tmp_path / "bundle"), "--public-key", made["public_key"])
    assert (code, json.loads(out)["signature"]) == (0, "checked")
    code, out, _ = console.run(*given, "--zip", "--calibrations-only")
    assert json.loads(out)["bundle"] == str(tmp_path / "bundle.tandem")
    assert (tmp_path / "bundle.tandem").is_file()
    code, _, err = console.run("verify", str(tmp_path / "bundle.tandem"))
    assert (code, "tandem verify" in err) == (1, True)


def test_an_adapter_is_imported_where_adapters_are(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = commit(tmp_path, monkeypatch)
    monkeypatch.setattr(specification, "base_model", lambda _name=None: base)
    tiny_model().config.save_pretrained(base.dequantised_path)
    write_adapter(tmp_path / "foreign", random_adapter(seed=9), base.name)
    code, out, err = console.run("adapter", "import", str(tmp_path / "foreign"), "--task", "fr", "--licence", "MIT")
    assert (code, "calibration" in err) == (0, True)
    found = json.loads(out)
    assert (found["adapter"], found["rank"], found["licence"]) == (str(paths.ADAPTERS / "fr"), 2, "MIT")
    assert found["adapter_sha256"] == adapter_hash(paths.ADAPTERS / "fr")
    again = ["adapter", "import", str(tmp_path / "foreign"), "--task", "fr", "--replace"]
    assert "licence" not in err
    assert "its licence is not known" in console.run(*again)[2]
    assert "(CC BY-NC 4.0) forbids to ship it" in console.run(*again, "--licence", "CC BY-NC 4.0")[2]


def test_a_benchmark_is_built_where_assets_are(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_benchmark(tmp_path / "source")
    monkeypatch.setattr(paths, "BENCHMARK", tmp_path / "target")
    code, out, err = console.run("data", "build", str(source))
    assert (code, err) == (0, "")
    assert json.loads(out).keys() == {path.name for path in (tmp_path / "target").iterdir()}


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_data_on_stdout_is_json_in_utf_8_whatever_a_path_holds(
    console: Console, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.setenv("TANDEM_CACHE", "/空白/caf\udce9")
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding, errors="strict"))
    assert console.run("paths")[0] == 0
    found = json.loads(printed.getvalue().decode())
    assert os.fsencode(found["base"]).startswith("/空白/caf".encode() + b"\xe9/")


def test_a_path_that_no_locale_can_say_is_said_on_stderr(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    said = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(said, "ascii", errors="strict", write_through=True))
    assert console.run("verify", "空白/caf\udce9")[0] == 1
    assert said.getvalue().decode().startswith("error: 空白/caf\\udce9/manifest.json is missing")


def test_text_that_is_no_utf_8_is_refused_with_it(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "show", lambda _data: "{\n licence: caf\udce9\n}".encode())
    code, _, err = console.run("paths")
    assert (code, err.splitlines()) == (
        1,
        [r"error: ' licence: caf\udce9' cannot be written in utf-8: give text whose characters are whole"],
    )


def test_a_closed_stdout_is_refused(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    code, _, err = console.run("paths")
    assert (code, err.count("\n")) == (1, 1)
    assert err.startswith("error: standard output is closed")


def test_a_full_stdout_is_refused(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        code, _, err = console.run("paths")
    assert (code, err) == (1, "error: standard output: No space left on device (make room there)\n")


def test_nothing_of_a_closed_stderr_is_said_on_stdout(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert console.run("verify", "nowhere") == (1, "", "")


def test_progress_that_nobody_reads_is_told_of_stderr(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    closed = io.StringIO()
    monkeypatch.setattr(closed, "write", _raising(BrokenPipeError(errno.EPIPE, "Broken pipe")))
    monkeypatch.setattr(sys, "stderr", closed)
    with pytest.raises(BrokenPipeError) as refused, refused_of(tmp_path / "t"):
        progress("1 of 2")
    assert refused.value.filename == "standard error"


@pytest.mark.parametrize(
    ("refused", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device (make room there)"),
        (PermissionError(errno.EACCES, "Permission denied", "/a"), "/a: Permission denied (change its permissions"),
        (IsADirectoryError(errno.EISDIR, "Is a directory", ".out.7.partial", None, "out"), "out: Is a directory (give"),
    ],
)
def test_what_the_system_refuses_is_one_sentence(
    console: Console, monkeypatch: pytest.MonkeyPatch, refused: OSError, sentence: str
) -> None:
    monkeypatch.setattr(cli, "show", _raising(refused))
    code, out, err = console.run("paths")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"error: {sentence}")


@pytest.mark.parametrize("mistake", [OSError("a library's own"), ValueError("a mistake of ours")])
def test_a_mistake_of_the_program_keeps_its_traceback(
    console: Console, monkeypatch: pytest.MonkeyPatch, mistake: Exception
) -> None:
    monkeypatch.setattr(cli, "show", _raising(mistake))
    with pytest.raises(type(mistake), match=str(mistake)):
        console.run("paths")


def _raising(error: BaseException) -> Callable[[object], None]:
    def refuse(_data: object) -> None:
        raise error

    return refuse
