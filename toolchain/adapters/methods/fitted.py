"""What a method has learned: tensors in the cache (a joint-expert is as large as an adapter), the log with their hashes under docs/results."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from toolchain import paths
from toolchain.adapters.files import adapter_hashes
from toolchain.adapters.methods.budget import Budget
from toolchain.adapters.methods.method import Method
from toolchain.adapters.methods.scope import Repeat, Scope, compositions_in
from toolchain.adapters.processes import launched
from toolchain.adapters.safetensors_file import Array, read_tensors
from toolchain.adapters.training import finish
from toolchain.base_model import specification
from toolchain.base_model.load import LoadedBase
from toolchain.base_model.made_for import refuse_of_another_base
from toolchain.data.pairs import target_files
from toolchain.errors import ToolchainError
from toolchain.folders import refuse_unwritable, take_place, written_beside
from toolchain.hashing import sha256_file
from toolchain.log_file import logged
from toolchain.provenance import made_with, peak_memory


def fitted_folder(method: str, scope: Scope) -> Path:
    """Where the tensors are kept."""
    return paths.cache() / "fitted" / method / scope.stored_as


def fit_log_path(method: str, scope: Scope) -> Path:
    """Where the log is committed."""
    return paths.RESULTS / "fitted" / method / f"{scope.stored_as}.json"


def fitted_file(method: str, scope: Scope, name: str) -> Path:
    """A file of the folder, if it is the one of the log and was made for the base and the adapters that are there.

    Raises:
        ToolchainError: the method has not been fitted here, or to other adapters, or to another base.
    """
    path, log_path = fitted_folder(method, scope) / name, fit_log_path(method, scope)
    log = fitted_log(method, scope)
    if log is None or not path.is_file():
        raise ToolchainError(f"{path if log else log_path} is missing: {remedy(method, scope)}")
    if log["files"].get(name) != sha256_file(path):
        raise ToolchainError(f"{path} is not the file of {log_path}: {remedy(method, scope)}")
    return path


def fitted_tensors(method: str, scope: Scope, name: str) -> dict[str, Array]:
    """The tensors of a file of the folder.

    Raises:
        ToolchainError: as of `fitted_file`, or it is damaged.
    """
    tensors, _ = read_tensors(fitted_file(method, scope, name), remedy(method, scope))
    return tensors


def fitted_log(method: str, scope: Scope) -> dict[str, Any] | None:
    """The log of a fitting to the adapters that are there; None where the method has not been fitted.

    Raises:
        ToolchainError: the log is damaged; or it was fitted to other adapters, or to another base.
    """
    path = fit_log_path(method, scope)
    if not (log := logged(path, "a fitting", "base_sha256", "adapter_sha256", "files")):
        return None
    if log["adapter_sha256"] != adapter_hashes(scope.ids):
        raise ToolchainError(f"{path} is of other adapters than those in {paths.ADAPTERS}: {remedy(method, scope)}")
    refuse_of_another_base(path, log, specification.base_model(), remedy(method, scope))
    return log


def remedy(method: str, scope: Scope) -> str:
    """What to do about a fitting that is missing or of something else."""
    seed = f" --seed {scope.seed}" if isinstance(scope, Repeat) else ""
    return f"run `toolchain train baseline {method} {scope.name}{seed}`"


def fit_method(method: Method, load: Callable[[], LoadedBase], scope: Scope, budget: Budget) -> dict[str, Any]:
    """Fit a method to a composition, or to all of them; returns the log. What was fitted before stays until this is whole.

    Raises:
        ToolchainError: there is nothing to fit, or what is learned cannot be kept.
    """
    if method.fit is None:
        raise ToolchainError(f"method {method.id!r} learns nothing: evaluate it as it is")
    folder, log_path = fitted_folder(method.id, scope), fit_log_path(method.id, scope)
    refuse_unwritable(log_path)
    made = made_with(target_files(compositions_in(scope), with_teacher=budget.teacher))
    hashes = adapter_hashes(scope.ids)
    # Each process writes what it has learned, so that all see alike what cannot be written; the first one's is kept.
    own: AbstractContextManager[Path | str] = written_beside(folder) if launched().first else TemporaryDirectory()
    with own as place:
        new = Path(place)
        learned = method.fit(load, scope, budget, new)
        files = {path.name: sha256_file(path) for path in sorted(new.iterdir())}
        launched().by_the_first(lambda: take_place(new, folder))
    content = {
        "method": method.id,
        "composition": scope.name,
        "budget": budget.described(),
        **specification.base_model().identity,
        "adapter_sha256": hashes,
        "files": files,
        "seconds": learned.seconds,
        "peak_rss_bytes": peak_memory(),
        **made,
        **learned.log,
    }
    finish(log_path, content, *learned.checkpoints)
    return content
