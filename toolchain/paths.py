"""Where committed assets, caches and build results live: said here once for Python and the Makefile (`toolchain paths`)."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
ASSETS = REPOSITORY / "assets"
BENCHMARK = ASSETS / "benchmark"
ADAPTERS = ASSETS / "adapters"
CALIBRATIONS = ASSETS / "calibrations"
GOLDEN = REPOSITORY / "tests" / "golden"
RESULTS = REPOSITORY / "docs" / "results"
BUILD = REPOSITORY / "build"
DEMO_BUNDLE = BUILD / "bundle"


def cache() -> Path:
    """The cache outside the clone: `$TANDEM_CACHE`, else `~/.cache/tandem`."""
    return Path(os.environ.get("TANDEM_CACHE") or Path.home() / ".cache" / "tandem")


def models() -> Path:
    """The folder with the base model, its dequantised copy and its tokenizer."""
    return cache() / "model"


def tandem_binary() -> Path:
    """The device core's command line as `make build` leaves it."""
    target = Path(os.environ.get("CARGO_TARGET_DIR") or cache() / "cargo-target")
    return target / "release" / "tandem"
