#!/usr/bin/env python3
"""The manifests of the autolinked libraries, with the package and SDK version that the Android plugin puts in.

    library_manifests.py AUTOLINKING.json OUT

A library may keep one manifest for older and one for newer versions of the plugin; both are taken. Prints their paths.
"""

import json
import re
import sys
from pathlib import Path

ROOT = "<manifest"
# Without one, the merger takes the library for one of Android 1 and adds the permissions that all apps had then.
SDK = '<uses-sdk android:minSdkVersion="24" />'


def main(autolinking: Path, out: Path) -> None:
    """Write them to `out`."""
    out.mkdir(parents=True, exist_ok=True)
    for name, dependency in json.loads(autolinking.read_text())["dependencies"].items():
        android = dependency["platforms"]["android"]
        if android is None:  # a library without native code
            continue
        manifests = sorted(Path(android["sourceDir"]).glob("src/main/AndroidManifest*.xml"))
        package = re.match(r"import ([\w.]+)\.\w+;", android["packageImportPath"])
        if not manifests or not package:
            missing = f"{android['sourceDir']} has no src/main/AndroidManifest.xml or no package"
            sys.exit(f"{name}: {missing}; wanted an Android library: see react-native config")
        for manifest in manifests:
            text = manifest.read_text()
            if not re.search(r"<manifest[^>]*\spackage=", text):
                text = text.replace(ROOT, f'{ROOT} package="{package[1]}"', 1)
            if "<uses-sdk" not in text:
                text = re.sub(r"(<manifest[^>]*>)", rf"\1{SDK}", text, count=1)
            # The merger wants the declaration, where there is one, at the very start.
            copy = out / f"{name.replace('/', '+')}-{manifest.name}"
            copy.write_text(text.lstrip())
            print(copy)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
