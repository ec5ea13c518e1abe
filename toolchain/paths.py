"""Where committed assets, caches and build results live: said here once for Python."""

import os
from pathlib import Path

DEFAULT_BASE = "gemma-3-270m"
REPOSITORY = Path(__file__).resolve().parent.parent
ASSETS = REPOSITORY / "assets"
RECIPES = REPOSITORY / "toolchain" / "recipes"
GOLDEN = REPOSITORY / "tests" / "golden"
BUILD = REPOSITORY / "build"


def chosen_base() -> str:
    """The name of the base that every command works on: `$TANDEM_BASE`, else the default one."""
    return os.environ.get("TANDEM_BASE") or DEFAULT_BASE


def _shared_cache() -> Path:
    return Path(os.environ.get("TANDEM_CACHE") or Path.home() / ".cache" / "tandem")


def _base_cache() -> Path:
    return _shared_cache() if chosen_base() == DEFAULT_BASE else _shared_cache() / "bases" / chosen_base()


def chosen_benchmark() -> Path | None:
    """The folder of the benchmark that every command reads, `$TANDEM_BENCHMARK`; None for the committed one."""
    given = os.environ.get("TANDEM_BENCHMARK")
    # Not Path.expanduser, which raises for a user that is not there.
    return Path(os.path.expanduser(given)).resolve() if given else None


def cache() -> Path:
    """The cache outside the clone: `$TANDEM_CACHE`, else `~/.cache/tandem`; of another base than the default its own folder there.

    For another benchmark than the committed one: the folder with the base's name in that benchmark's.
    """
    benchmark = chosen_benchmark()
    return benchmark / chosen_base() if benchmark else _base_cache()


BENCHMARK = chosen_benchmark() or ASSETS / "benchmark"
# What is made of our data for the default base is committed; what is made of other data, or for another base, stays beside those.
_COMMITTED = chosen_base() == DEFAULT_BASE and chosen_benchmark() is None
ADAPTERS = (ASSETS if _COMMITTED else cache()) / "adapters"
CALIBRATIONS = (ASSETS if _COMMITTED else cache()) / "calibrations"
RESULTS = (REPOSITORY / "docs" if _COMMITTED else cache()) / "results"
DEMO_BUNDLE = (BUILD if _COMMITTED else cache()) / "bundle"


def models() -> Path:
    """The folder with the base model, its dequantised copy and its tokenizer."""
    return _base_cache() / "model"


def tandem_binary() -> Path:
    """The device core's command line as `make build` leaves it."""
    target = Path(os.environ.get("CARGO_TARGET_DIR") or _shared_cache() / "cargo-target")
    return target / "release" / "tandem"
