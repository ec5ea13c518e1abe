"""The prompts that a baseline may choose from on validation."""

from toolchain.tasks import Composition


def prompt_variants(composition: Composition) -> dict[str, str]:
    """Prompts that a baseline may choose from on validation; `contract` is the one that calibrations are trained with.

    A task alone has that one only.
    """
    if composition.is_single_task:
        return {"contract": composition.prompt}
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
