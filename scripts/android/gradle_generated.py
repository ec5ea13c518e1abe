#!/usr/bin/env python3
"""gradle_generated.py AUTOLINKING.json OUT: the Java sources that a Gradle build generates for the app.

PackageList and ReactNativeApplicationEntryPoint are taken from the templates inside React Native's Gradle plugin, with what its tasks fill in;
BuildConfig has the fields that the plugin declares. AUTOLINKING.json is the output of `react-native config`.
Of autolinked libraries only ours is in the package list: the others' classes are compiled by Gradle alone.
"""

import json
import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TASKS = (
    ROOT
    / "node_modules/@react-native/gradle-plugin/react-native-gradle-plugin/src/main/kotlin/com/facebook/react/tasks"
)
OURS = "tandem-core"


def template(task: str) -> str:
    """A source template out of React Native's Gradle plugin."""
    source = TASKS / f"{task}.kt"
    found = re.search(r'generatedFileContentsTemplate =\s*"""(.*?)"""', source.read_text(), re.DOTALL)
    if not found:
        sys.exit(
            f"{source} has no generatedFileContentsTemplate; wanted the template of React Native 0.87: look where it has moved"
        )
    return textwrap.dedent(found[1])


def build_config(package: str) -> str:
    """The BuildConfig class that Gradle would generate."""
    flags = ("DEBUG", "IS_NEW_ARCHITECTURE_ENABLED", "IS_HERMES_ENABLED", "IS_EDGE_TO_EDGE_ENABLED")
    fields = "\n".join(
        f'  public static final boolean {flag} = Boolean.parseBoolean("{str(flag != "DEBUG").lower()}");'
        for flag in flags
    )
    return f"package {package};\n\npublic final class BuildConfig {{\n{fields}\n}}\n"


def main(autolinking: Path, out: Path) -> None:
    """Write what Gradle would generate from the autolinking configuration."""
    config = json.loads(autolinking.read_text())
    package = config["project"]["android"]["packageName"]
    ours = config["dependencies"][OURS]["platforms"]["android"]
    name = re.fullmatch(r"import ([\w.]+);", ours["packageImportPath"])
    if not name:
        sys.exit(
            f"react-native config: {OURS} has packageImportPath {ours['packageImportPath']!r}; wanted `import CLASS;`"
        )
    files = {
        "com/facebook/react/PackageList.java": template("GeneratePackageListTask").replace(
            "{{ packageClassInstances }}", f",\n      new {name[1]}()"
        ),
        "com/facebook/react/ReactNativeApplicationEntryPoint.java": template("GenerateEntryPointTask").replace(
            "{{packageName}}", package
        ),
        f"{package.replace('.', '/')}/BuildConfig.java": build_config(package),
    }
    for path, text in files.items():
        if "{{" in text:
            sys.exit(
                f"{path}: the template of React Native's Gradle plugin has a field that is not filled in: {text[text.index('{{') :][:40]!r}"
            )
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
