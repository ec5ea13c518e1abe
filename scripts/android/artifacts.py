#!/usr/bin/env python3
"""Fetches groups of artifacts.txt through Maven, checks them against artifacts.sha256, unpacks AARs, and prints each group's folder.

    artifacts.py GROUP...     a folder a line: *.jar (a library's classes as NAME.jar), and of AARs res/NAME/,
                              manifest/NAME.xml, rules/NAME.pro, include/
    artifacts.py --lock       fetches all and writes artifacts.sha256

A folder is made once, under ${TANDEM_CACHE:-~/.cache/tandem}/android, renamed into place when it is complete, and removed when its list has changed.
Exit 78: it cannot run on this machine, for a tool is missing or the registry does not serve an artefact. The reason is on stderr.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).resolve().parent
LIST = HERE / "artifacts.txt"
LOCK = HERE / "artifacts.sha256"
CACHE = Path(os.environ.get("TANDEM_CACHE") or Path.home() / ".cache/tandem")
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
SKIPPED = 78


def groups() -> dict[str, tuple[bool, list[str]]]:
    """Group -> (open, coordinates)."""
    found: dict[str, tuple[bool, list[str]]] = {}
    for line in LIST.read_text().splitlines():
        entry = line.split("#")[0].strip()
        if head := re.fullmatch(r"\[(\S+)\] (open|closed)", entry):
            found[head[1]] = (head[2] == "open", coordinates := [])
        elif entry:
            coordinates.append(entry)
    return found


def skip(reason: str) -> NoReturn:
    """End with the exit code that says that this machine cannot run the layer."""
    print(reason, file=sys.stderr)
    sys.exit(SKIPPED)


def pom(is_open: bool, coordinates: list[str]) -> str:
    """A Maven project that wants the coordinates; `open` groups bring their own dependencies, closed ones do not."""
    everything = "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>"
    # What AndroidX libraries bring as dependencies is Android's own and listed where it is wanted.
    androidx = (
        "<exclusions><exclusion><groupId>androidx.test</groupId><artifactId>*</artifactId></exclusion></exclusions>"
    )
    dependencies = ""
    for coordinate in coordinates:
        group, artifact, version, kind, classifier = [*coordinate.split(":"), "", ""][:5]
        dependencies += (
            f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"
            f"<type>{kind or 'jar'}</type>{f'<classifier>{classifier}</classifier>' if classifier else ''}"
            f"{androidx if is_open else everything}</dependency>"
        )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        f"<groupId>tandem</groupId><artifactId>check</artifactId><version>1</version><dependencies>{dependencies}</dependencies></project>"
    )


def copy(text: str, out: Path) -> None:
    """Let Maven resolve the project and copy what it found to `out`."""
    if not shutil.which("mvn"):
        skip("tool missing: mvn; install maven")
    out.mkdir(parents=True)
    (out / "pom.xml").write_text(text)
    command = ["mvn", "-q", "-B", f"-Dmaven.repo.local={CACHE / 'm2'}", COPY, f"-DoutputDirectory={out}"]
    run = subprocess.run(command, cwd=out, capture_output=True, text=True, check=False)
    if run.returncode == 0:
        (out / "pom.xml").unlink()
    elif broken := re.search(r"Could not transfer artifact (.*?)(?: -> \[|$)", run.stdout, re.MULTILINE):
        sys.exit(
            f"Maven could not transfer {broken[1]}; wanted the registry's yes or no: look at the network and at Maven's settings, and run this again"
        )
    # Maven says the second of what it was refused before.
    elif missing := sorted(set(re.findall(r"(\S+:\S+:\S+) (?:was not found )?in ", run.stdout))):
        skip(f"artefact not served by this machine's Maven registry: {', '.join(missing)}")
    else:
        sys.exit(f"Maven failed:\n{run.stdout[-3000:]}")


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of each file of a folder."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir()) if path.is_file()
    }


def locked(group: str) -> dict[str, str]:
    """The hashes that artifacts.sha256 has for a group."""
    lines = (line.split("  ") for line in LOCK.read_text().splitlines())
    return {name.removeprefix(f"{group}/"): digest for digest, name in lines if name.startswith(f"{group}/")}


def unpack(folder: Path) -> None:
    """Replaces each AAR by its parts. Of prefab modules only the headers are kept: their libraries weigh half a gigabyte."""
    for archive in sorted(folder.glob("*.aar")):
        name = archive.stem
        with zipfile.ZipFile(archive) as aar:
            for entry in aar.namelist():
                if entry == "classes.jar":
                    target = folder / f"{name}.jar"
                elif entry == "AndroidManifest.xml":
                    target = folder / "manifest" / f"{name}.xml"
                elif entry == "proguard.txt":
                    target = folder / "rules" / f"{name}.pro"
                elif entry.startswith("res/") and not entry.endswith("/"):
                    target = folder / "res" / name / entry.removeprefix("res/")
                elif header := re.fullmatch(r"prefab/modules/[^/]+/include/(.*[^/])", entry):
                    target = folder / "include" / header[1]
                else:
                    continue
                if not target.resolve().is_relative_to(folder.resolve()):
                    sys.exit(
                        f"{archive.name} has an entry that leads out of its folder: {entry!r}; wanted relative paths: do not use this file"
                    )
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(aar.read(entry))
        archive.unlink()


def fetch(group: str) -> Path:
    """The folder of a group, fetched and checked if it is not there yet."""
    is_open, coordinates = groups()[group]
    wanted = locked(group)
    text = pom(is_open, coordinates)
    identity = hashlib.sha256(repr((text, wanted, Path(__file__).read_bytes())).encode()).hexdigest()[:16]
    final = CACHE / "android" / f"{group}-{identity}"
    if final.is_dir():
        return final
    final.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=final.parent) as temporary:
        folder = Path(temporary) / "group"
        copy(text, folder)
        if (found := hashes(folder)) != wanted:
            different = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
            sys.exit(
                f"{LOCK.name}: {group} has other files than were fetched: {', '.join(different)}; "
                f"if the list was changed, run {Path(__file__).name} --lock"
            )
        unpack(folder)
        try:
            folder.rename(final)
        except OSError:
            if not final.is_dir():  # else another run was first
                raise
    for other in final.parent.iterdir():
        if other != final and re.fullmatch(rf"{group}-[0-9a-f]{{16}}", other.name):
            shutil.rmtree(other, ignore_errors=True)
    return final


def lock() -> None:
    """Fetch every group and write artifacts.sha256."""
    lines = []
    for group, (is_open, coordinates) in groups().items():
        with tempfile.TemporaryDirectory() as temporary:
            copy(pom(is_open, coordinates), Path(temporary) / "group")
            lines += [f"{digest}  {group}/{name}" for name, digest in hashes(Path(temporary) / "group").items()]
    LOCK.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--lock"]:
        lock()
    elif unknown := [name for name in sys.argv[1:] if name not in groups()]:
        sys.exit(f"no such group in {LIST.name}: {', '.join(unknown)}; it has {', '.join(groups())}")
    else:
        for name in sys.argv[1:]:
            print(fetch(name))
