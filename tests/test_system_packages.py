"""`scripts/system_packages.sh` installs what the tests need, and says what it could not install."""

import re
import shutil
import subprocess
from pathlib import Path

from programs import program

from toolchain import paths

SCRIPT = paths.REPOSITORY / "scripts" / "system_packages.sh"


def run(bin_folder: Path, *tools: str, user: int = 0, apt_get: str = "true") -> "subprocess.CompletedProcess[str]":
    """Run it where there is only what `bin_folder` holds."""
    program(bin_folder / "id", f"echo {user}")
    program(bin_folder / "apt-get", f'echo "$@" >>{bin_folder}/asked\n{apt_get}')
    if not (bin_folder / "bash").exists():
        (bin_folder / "bash").symlink_to(shutil.which("bash") or "")
    environment = {"PATH": str(bin_folder), "CHROMIUM": str(bin_folder / "chromium")}
    return subprocess.run([str(SCRIPT), *tools], env=environment, capture_output=True, text=True, check=False)


def asked(bin_folder: Path) -> list[str]:
    return sorted(re.findall(r"^install .* (\S+)$", (bin_folder / "asked").read_text(), re.MULTILINE))


def test_what_is_missing_is_installed(tmp_path: Path) -> None:
    for tool in ("chromium", "strace", "mvn"):
        program(tmp_path / tool, "true")
    assert run(tmp_path).returncode == 0
    assert asked(tmp_path) == ["aapt", "g++", "minisign", "openjdk-17-jdk-headless", "python3"]


def test_only_what_is_named_is_looked_at(tmp_path: Path) -> None:
    assert run(tmp_path, "mvn", "javac").returncode == 0
    assert asked(tmp_path) == ["maven", "openjdk-17-jdk-headless"]
    program(tmp_path / "mvn", "true")
    assert run(tmp_path, "mvn").stdout == "nothing to install\n"


def test_a_package_that_cannot_be_had_is_told_and_keeps_no_other_away(tmp_path: Path) -> None:
    apt_get = 'case "$*" in *maven*) echo "E: no maven" >&2; exit 100 ;; esac'
    done = run(tmp_path, "mvn", "aapt2", "strace", apt_get=apt_get)
    assert asked(tmp_path) == ["aapt", "maven", "strace"]
    assert "E: no maven\napt-get could not install maven, for the reason above" in done.stderr
    assert done.returncode == 1


def test_an_old_list_of_packages_may_do(tmp_path: Path) -> None:
    done = run(tmp_path, "mvn", apt_get='[ "$1" != update ]')
    assert done.returncode == 0
    assert asked(tmp_path) == ["maven"]


def test_who_may_not_install_is_told_how(tmp_path: Path) -> None:
    done = run(tmp_path, "mvn", user=1000)
    assert done.stdout == "missing: maven; install them with: sudo apt-get install maven\n"
    assert done.returncode == 0
    assert not (tmp_path / "asked").exists()
