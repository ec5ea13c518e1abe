"""`scripts/run_tests.py` tells what passed from what was skipped, whole or in part."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from programs import program

from toolchain import paths


def run_layer(root: Path, name: str, **environment: str) -> tuple[int, str]:
    """The exit code and the summary of one layer, in a clone whose tools are stand-ins."""
    scripts = root / "scripts"
    scripts.mkdir(exist_ok=True)
    shutil.copy(paths.REPOSITORY / "scripts" / "run_tests.py", scripts)
    done = subprocess.run(
        [sys.executable, str(scripts / "run_tests.py"), name],
        env={"PATH": f"{root / 'bin'}:/bin", "HOME": str(root), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.split("=== summary\n")[1]


@pytest.mark.parametrize(
    ("code", "require_all", "said", "exit_code"),
    [
        (0, "0", "OK\n1 passed, 0 failed, 0 skipped\n", 0),
        (78, "0", "SKIPPED: in part; its output above says what and why\n0 passed, 0 failed, 1 skipped\n", 0),
        (78, "1", "FAILED: in part; its output above says what and why, and REQUIRE_ALL=1\n0 passed, 1 failed, 0 skipped\n", 1),
        (1, "0", "FAILED: exit 1\n0 passed, 1 failed, 0 skipped\n", 1),
    ],
)  # fmt: skip
def test_a_layer_that_skips_a_part_has_not_passed(
    tmp_path: Path, code: int, require_all: str, said: str, exit_code: int
) -> None:
    for tool in ("npm", "mvn", "java"):
        program(tmp_path / "bin" / tool, "true")
    program(tmp_path / "scripts" / "check-android.sh", f"exit {code}")
    returned, summary = run_layer(tmp_path, "android", REQUIRE_ALL=require_all)
    assert summary.endswith(said)
    assert returned == exit_code


def test_the_browser_is_the_one_that_its_tests_start(tmp_path: Path) -> None:
    chosen = tmp_path / "a browser"
    program(tmp_path / "bin" / "npm", f'[ "$CHROMIUM" = "{chosen}" ]')
    program(tmp_path / "bin" / "chromium", "true")
    assert f"SKIPPED: {chosen} not found" in run_layer(tmp_path, "browser", CHROMIUM=str(chosen))[1]
    program(chosen, "true")
    assert run_layer(tmp_path, "browser", CHROMIUM=str(chosen))[0] == 0
    (tmp_path / "bin" / "a browser").symlink_to(chosen)
    program(tmp_path / "bin" / "npm", '[ -x "$CHROMIUM" ]')
    returned, summary = run_layer(tmp_path, "browser", CHROMIUM="a browser")
    assert returned == 0, "a name is looked up, for the browser's tests want a path"
    assert "OK" in summary


def test_the_browser_is_by_default_where_its_tests_look() -> None:
    for reader in ("app/web/e2e/browser.ts", "scripts/run_tests.py", "scripts/doctor.py", "scripts/system_packages.sh"):
        assert "/usr/bin/chromium" in (paths.REPOSITORY / reader).read_text()
