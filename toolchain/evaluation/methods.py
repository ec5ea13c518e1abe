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


@dataclass(frozen=True)
class Step:
    """One pass: a template and the adapter that is applied to the base (None: the base alone)."""

    template: str
    adapter: Adapter | None


@dataclass(frozen=True)
class Method:
    """`steps(composition, template)` gives the passes; `tunes_prompt`: its template is chosen on validation.

    Methods that were trained with a prompt keep that one; baselines that were not are given the best of `prompt_variants`.
    """

    id: str
    steps: Callable[[Composition, str], Sequence[Step]]
    tunes_prompt: bool


def _adapters(composition: Composition) -> list[Adapter]:
    return [read_adapter(paths.ADAPTERS / task) for task in composition.ids]


def _mean(composition: Composition) -> Adapter:
    adapters = _adapters(composition)
    return compose(adapters, [1 / len(adapters)] * len(adapters))


def calibration_path(composition: Composition, method: CalibrationMethod) -> Path:
    """Where a trained calibration is committed."""
    return paths.CALIBRATIONS / method / f"{composition.name}.safetensors"


def _calibrated(method: CalibrationMethod) -> Callable[[Composition, str], Sequence[Step]]:
    def steps(composition: Composition, template: str) -> Sequence[Step]:
        adapters = _adapters(composition)
        calibration = read_calibration(calibration_path(composition, method))
        return [Step(template, compose(adapters, [1 / len(adapters)] * len(adapters), calibration))]

    return steps


METHODS = {
    method.id: method
    for method in (
        Method("zero-shot", lambda _composition, template: [Step(template, None)], tunes_prompt=True),
        Method("main", lambda composition, template: [Step(template, _adapters(composition)[0])], tunes_prompt=True),
        Method("merge", lambda composition, template: [Step(template, _mean(composition))], tunes_prompt=True),
        Method(
            "two-step",
            lambda composition, _template: [
                Step(task.prompt, adapter)
                for task, adapter in zip(composition.tasks, _adapters(composition), strict=True)
            ],
            tunes_prompt=False,
        ),
        Method("lc", _calibrated(CalibrationMethod.LC), tunes_prompt=False),
        Method("lc++", _calibrated(CalibrationMethod.LC_PLUS_PLUS), tunes_prompt=False),
        Method("lc++w", _calibrated(CalibrationMethod.LC_PLUS_PLUS_W), tunes_prompt=False),
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
