"""An adapter's configuration, changed by hand."""

import json
from pathlib import Path
from typing import Any

from toolchain.adapters.files import CONFIG_FILE


def set_config(folder: Path, **settings: Any) -> None:
    """Put `settings` into the configuration of the adapter in `folder`."""
    config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    (folder / CONFIG_FILE).write_text(json.dumps(config | settings), encoding="utf-8")
