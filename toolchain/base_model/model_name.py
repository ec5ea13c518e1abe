"""What a model in a folder is called: a folder of the hub's cache has the name of a commit, and the model's stands above it."""

from pathlib import Path

_CACHED = "models--"


def model_name(folder: Path) -> str:
    """The id of a model that lies in the hub's cache (`models--OWNER--NAME/snapshots/COMMIT`), else the name of its folder."""
    whole = folder.resolve()
    cached = whole.parent.parent.name
    if whole.parent.name == "snapshots" and cached.startswith(_CACHED):
        return cached.removeprefix(_CACHED).replace("--", "/")
    return whole.name
