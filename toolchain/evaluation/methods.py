"""The methods under comparison: each says which prompts and adapters produce an answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from toolchain import paths
from toolchain.adapters.calibration import CalibrationMethod
from toolchain.adapters.calibration_file import read_calibration
from toolchain.adapters.compose import compose
from toolchain.adapters.files import Adapter, read_adapter
from toolchain.tasks import Composition


def one_pass(_composition: Composition, template: str) -> Sequence[str]:
    """One pass with the prompt that asks for all tasks at once."""
    return [template]


@dataclass(frozen=True)
class Method:
    """`adapters(composition)` gives the adapter of each pass (None: the base alone), `templates(composition, template)` its prompt.

    `tunes_prompt`: the template is chosen on validation; methods that were trained with a prompt keep that one, baselines that were not
    are given the best of `prompt_variants`. `mode`: the mode of a bundle that does the same on the device.
    """

    id: str
    adapters: Callable[[Composition], Sequence[Adapter | None]]
    templates: Callable[[Composition, str], Sequence[str]] = one_pass
    tunes_prompt: bool = False
    mode: str | None = None


def _adapters(composition: Composition) -> list[Adapter]:
    return [read_adapter(paths.ADAPTERS / task) for task in composition.ids]


def _mean(composition: Composition) -> Adapter:
    adapters = _adapters(composition)
    return compose(adapters, [1 / len(adapters)] * len(adapters))


def calibration_path(composition: Composition, method: CalibrationMethod) -> Path:
    """Where a trained calibration is committed."""
    return paths.CALIBRATIONS / method / f"{composition.name}.safetensors"


def _calibrated(method: CalibrationMethod) -> Callable[[Composition], Sequence[Adapter]]:
    def adapters(composition: Composition) -> Sequence[Adapter]:
        single = _adapters(composition)
        calibration = read_calibration(calibration_path(composition, method))
        return [compose(single, [1 / len(single)] * len(single), calibration)]

    return adapters


METHODS = {
    method.id: method
    for method in (
        Method("zero-shot", lambda _composition: [None], tunes_prompt=True, mode="zero-shot"),
        Method("main", lambda composition: _adapters(composition)[:1], tunes_prompt=True),
        Method("merge", lambda composition: [_mean(composition)], tunes_prompt=True, mode="merge"),
        Method(
            "two-step", _adapters, lambda composition, _: [task.prompt for task in composition.tasks], mode="two-step"
        ),
        *(Method(method.value, _calibrated(method)) for method in CalibrationMethod),
    )
}


def prompt_variants(composition: Composition) -> dict[str, str]:
    """Prompts that a baseline may choose from on validation; `contract` is the one that calibrations are trained with."""
    request, cue = _request_and_cue(composition.prompt)
    main_request, main_cue = _request_and_cue(composition.tasks[0].prompt)
    last_request, _ = _request_and_cue(composition.tasks[-1].prompt)
    return {
        "contract": request + cue,
        "cue-only": main_request + cue,
        "request-only": request + main_cue,
        "main": main_request + main_cue,
        "auxiliary-request": last_request + cue,
    }


def _request_and_cue(template: str) -> tuple[str, str]:
    request, cue = template.rsplit("\n\n", 1)
    return request + "\n\n", cue
