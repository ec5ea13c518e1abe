"""Which model does which auxiliary task, as the command line says."""

from collections.abc import Sequence
from pathlib import Path

from toolchain.data.chat_model import ChatModel
from toolchain.data.dialogue_targets import AuxiliaryModel
from toolchain.data.endpoint import Endpoint
from toolchain.data.local_model import LocalModel
from toolchain.errors import ToolchainError
from toolchain.tasks import Composition


def chosen_models(
    composition: Composition, endpoint: str | None, model: str | None, local: Sequence[str], prompts: Sequence[str]
) -> dict[str, AuxiliaryModel]:
    """A task's own local model (`es=FOLDER`), else the chat model of the server where there is one.

    Raises:
        ToolchainError: `local` or `prompts` is no list of `TASK=…`, names a task twice, or one that the composition does not have or that
            has no local model, or the server is given without its model.
    """
    if (endpoint is None) != (model is None):
        raise ToolchainError("--endpoint and --model belong together: give both, or --local TASK=FOLDER")
    tasks = composition.ids[1:]
    folders, templates = _by_task("--local", local, tasks), _by_task("--prompt", prompts, tasks)
    if lonely := templates.keys() - folders.keys():
        raise ToolchainError(f"--prompt {lonely.pop()}=… is for a local model: give --local for that task too")
    if unfilled := [task for task, template in templates.items() if "{input}" not in template]:
        raise ToolchainError(f"--prompt {unfilled[0]}=… has no {{input}}, where the text goes")
    models: dict[str, AuxiliaryModel] = {}
    if endpoint and model:
        models |= dict.fromkeys(tasks, ChatModel(Endpoint(endpoint, model)))
    return models | {task: LocalModel(Path(folder), templates.get(task)) for task, folder in folders.items()}


def _by_task(option: str, given: Sequence[str], tasks: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in given:
        task, equals, value = item.partition("=")
        if task not in tasks or not equals or not value:
            raise ToolchainError(f"{option} {item!r}: want TASK=…, TASK being {' or '.join(tasks)}")
        if task in found:
            raise ToolchainError(f"{option} names {task} twice: give it once")
        found[task] = value
    return found
