#!/usr/bin/env python3
"""library_resources.py AUTOLINKING.json: the resource folders of the autolinked libraries, `NAME FOLDER` a line.

A library may split its resources, as into src/main/res/base and src/main/res/v33: a folder counts where it holds `values` or the like of its own.
"""

import json
import re
import sys
from pathlib import Path

TYPE = re.compile(
    r"(anim|animator|color|drawable|font|interpolator|layout|menu|mipmap|raw|transition|values|xml)(-.+)?"
)


def folders(root: Path) -> set[Path]:
    """Those of `root` and below whose children are resources by type."""
    return {
        child.parent
        for child in root.rglob("*")
        if child.is_dir() and TYPE.fullmatch(child.name) and any(child.iterdir())
    }


if __name__ == "__main__":
    for name, dependency in json.loads(Path(sys.argv[1]).read_text())["dependencies"].items():
        android = dependency["platforms"]["android"]
        if android is not None:
            for number, folder in enumerate(sorted(folders(Path(android["sourceDir"]) / "src/main/res"))):
                print(f"{name.replace('/', '+')}-{number}", folder)
