#!/usr/bin/env python3
"""exported.py MANIFEST.xml LIST.txt: the components of a merged manifest that other apps can reach and LIST does not name, one a line."""

import sys
from pathlib import Path
from xml.etree import ElementTree

ANDROID = "{http://schemas.android.com/apk/res/android}"


def exported(manifest: Path) -> set[str]:
    """Full names of the components that say `exported`."""
    root = ElementTree.parse(manifest).getroot()
    package = root.get("package", "")
    names = (
        c.get(f"{ANDROID}name", "") for c in root.iterfind("application/*") if c.get(f"{ANDROID}exported") == "true"
    )
    return {package + name if name.startswith(".") else name for name in names}


if __name__ == "__main__":
    print("\n".join(sorted(exported(Path(sys.argv[1])) - set(Path(sys.argv[2]).read_text().split()))))
