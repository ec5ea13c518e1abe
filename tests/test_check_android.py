"""`scripts/check-android.sh` and what it calls say what this machine cannot do, and take it for no success."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from programs import program

from toolchain import paths

SKIPPED = 78
SCRIPT = paths.REPOSITORY / "scripts" / "check-android.sh"


def check(root: Path, layers: dict[str, str], require_all: str = "0") -> "subprocess.CompletedProcess[str]":
    """Run the script on layers that are stand-ins; those that are not named pass."""
    scripts = root / "scripts"
    (scripts / "android").mkdir(parents=True)
    shutil.copy(SCRIPT, scripts)
    program(scripts / "system_packages.sh", "true")
    names = re.findall(r'^layer "[^"]*" (\w+)$', SCRIPT.read_text(), re.MULTILINE)
    assert set(layers) <= set(names)
    stubs = "".join(f"{name}() {{ {layers.get(name, 'true')}; }}\n" for name in names)
    (scripts / "android" / "layers.sh").write_text(stubs)
    return subprocess.run(
        [str(scripts / SCRIPT.name)],
        env={"PATH": "/usr/bin:/bin", "REQUIRE_ALL": require_all},
        capture_output=True,
        text=True,
        check=False,
    )


def test_all_layers_pass(tmp_path: Path) -> None:
    done = check(tmp_path, {})
    assert done.returncode == 0
    assert done.stdout.endswith("12 passed, 0 failed, 0 skipped\n")


def test_a_skipped_layer_is_no_success(tmp_path: Path) -> None:
    done = check(tmp_path, {"jsi": f"echo no compiler; exit {SKIPPED}"})
    assert "SKIPPED  JSI C++ of the bindings: no compiler\n" in done.stdout
    assert done.stdout.endswith("11 passed, 0 failed, 1 skipped\n")
    assert done.returncode == SKIPPED


def test_a_skipped_layer_fails_where_all_have_to_run(tmp_path: Path) -> None:
    done = check(tmp_path, {"jsi": f"echo no compiler; exit {SKIPPED}"}, require_all="1")
    assert "FAILED   JSI C++ of the bindings: no compiler, and REQUIRE_ALL=1\n" in done.stdout
    assert done.returncode == 1


def test_a_failed_layer_weighs_more_than_a_skipped_one(tmp_path: Path) -> None:
    done = check(tmp_path, {"jsi": f"exit {SKIPPED}", "codegen": "exit 3"})
    assert done.stdout.endswith("10 passed, 1 failed, 1 skipped\n")
    assert done.returncode == 1


NOT_FOUND = "Could not find artifact com.example:lost:aar:1.0 in central (https://registry)"
NOT_FOUND_BEFORE = (
    "com.example:lost:aar:1.0 was not found in https://registry during a previous attempt. This failure was cached"
)
BROKEN = (
    "Could not transfer artifact com.example:far:pom:1.0 from/to central (https://registry): transfer failed for "
    "https://registry/far.pom: Connect to registry:443 failed: Connection refused"
)
SEVERAL = "The following artifacts could not be resolved: com.example:far:aar:1.0, com.example:lost:aar:1.0: "


@pytest.mark.parametrize(
    ("printed", "code", "said"),
    [
        (NOT_FOUND, SKIPPED, "artefact not served by this machine's Maven registry: com.example:lost:aar:1.0\n"),
        (NOT_FOUND_BEFORE, SKIPPED, "artefact not served by this machine's Maven registry: com.example:lost:aar:1.0\n"),
        (BROKEN, 1, "Maven could not transfer com.example:far:pom:1.0 from/to central (https://registry): transfer failed for "),
        (SEVERAL + BROKEN, 1, "Maven could not transfer com.example:far:pom:1.0 "),
        ("Java heap space", 1, "Maven failed:\n"),
    ],
)  # fmt: skip
def test_only_a_no_of_the_registry_skips(tmp_path: Path, printed: str, code: int, said: str) -> None:
    line = f"[ERROR] Failed to execute goal on project check: Could not resolve dependencies for project tandem:check:jar:1: {printed} -> [Help 1]"
    program(tmp_path / "bin" / "mvn", f"cat <<'END'\n{line}\nEND\nexit 1")
    done = subprocess.run(
        [sys.executable, str(paths.REPOSITORY / "scripts" / "android" / "artifacts.py"), "groovy"],
        env={"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "TANDEM_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.startswith(said)
    assert done.returncode == code


def test_a_machine_without_a_hermes_compiler_is_told(tmp_path: Path) -> None:
    for name in ("linux64-bin", "osx-bin"):
        program(tmp_path / "node_modules" / "hermes-compiler" / "hermesc" / name / "hermesc", "").write_bytes(
            b"\x7fELF\0 of another processor"
        )
    scripts = tmp_path / "app" / "scripts"
    scripts.mkdir(parents=True)
    shutil.copy(paths.REPOSITORY / "app" / "scripts" / "bundle-android.sh", scripts)
    done = subprocess.run([str(scripts / "bundle-android.sh")], capture_output=True, text=True, check=False)
    assert done.returncode == SKIPPED
    assert "hermesc does not run on " in done.stderr
    assert len(done.stderr.splitlines()) == 1
