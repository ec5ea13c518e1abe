"""Open an engine by name on the chosen base."""

from collections.abc import Iterator
from contextlib import contextmanager

from toolchain import paths
from toolchain.adapters.processes import launched
from toolchain.base_model.bfloat16 import is_slow_on
from toolchain.base_model.load import load_base
from toolchain.base_model.specification import base_model
from toolchain.console import chosen, progress
from toolchain.evaluation.engines.device_core import DeviceCore
from toolchain.evaluation.engines.device_engine import DeviceEngine
from toolchain.evaluation.engines.engine import Engine
from toolchain.evaluation.engines.held_folder import held_folder
from toolchain.evaluation.engines.python_engine import PYTHON, PYTHON_BF16, PythonEngine

ENGINES = (PYTHON, PYTHON_BF16, DeviceEngine.id)


@contextmanager
def open_engine(name: str) -> Iterator[Engine]:
    """The engine `name` of `ENGINES`; the device core's bundles are removed at the end.

    Raises:
        ToolchainError: there is no such engine, the base has not been fetched, or the device core is not built.
    """
    chosen(ENGINES, "engine", name)
    if name == PYTHON_BF16 and is_slow_on(launched().device.type):
        progress(f"this processor has no bfloat16 instructions: --engine {PYTHON} is faster here")
    if name != DeviceEngine.id:
        yield PythonEngine(load_base(base_model()), name)
        return
    core = DeviceCore(paths.tandem_binary())
    core.sha256()
    with held_folder(paths.cache(), "device-bundles-") as folder:
        yield DeviceEngine(core, base_model(), folder)
