"""The one registry. A method is a file that says `METHOD`; to add one, add its import and its entry here, in the order of the paper's Table 1."""

import re
from dataclasses import replace

from toolchain.adapters.methods import (
    auxiliary_task,
    calibrated,
    concat,
    dam,
    dare,
    in_context,
    joint_expert,
    lc_output_bias,
    linear,
    lm_cocktail,
    lorahub,
    main_task,
    shared_calibration,
    slerp,
    task_arithmetic,
    ties,
    two_step,
    zero_shot,
)
from toolchain.adapters.methods.method import Method
from toolchain.adapters.methods.scope import trained_with
from toolchain.errors import ToolchainError

METHODS = {
    method.id: method
    for method in (
        zero_shot.METHOD,
        main_task.METHOD,
        auxiliary_task.METHOD,
        in_context.METHOD,
        linear.METHOD,
        concat.METHOD,
        ties.METHOD,
        dare.METHOD,
        slerp.METHOD,
        task_arithmetic.METHOD,
        lorahub.METHOD,
        lm_cocktail.METHOD,
        dam.METHOD,
        two_step.METHOD,
        joint_expert.METHOD,
        lc_output_bias.METHOD,
        *calibrated.METHODS,
        *shared_calibration.METHODS,
    )
}


SEED_MARK = "@"
_SEED = re.compile(r"[1-9][0-9]*")


def id_and_seed(name: str) -> tuple[str, int]:
    """What `lc++@1` is made of; a name that ends in no seed, also one that is unknown here, is an id as a whole, and of the seed 0."""
    id, _, seed = name.partition(SEED_MARK)
    return (id, int(seed)) if _SEED.fullmatch(seed) else (name, 0)


def method_named(name: str) -> Method:
    """The method of an id. `lc++@1` is `lc++` as seed 1 trained it, for methods that are trained for each composition.

    Raises:
        ToolchainError: there is no such method, or no seed of it.
    """
    id, at, seed = name.partition(SEED_MARK)
    if id not in METHODS:
        raise ToolchainError(f"unknown method {name!r}: choose from {', '.join(METHODS)}")
    method = METHODS[id]
    if not at:
        return method
    repeated = (method.fit or id in calibrated.IDS) and method.seeded and not method.shared
    if not repeated or not _SEED.fullmatch(seed):
        raise ToolchainError(
            f"method {name!r}: want one that is trained for each composition, and a seed from 1 on, as in lc++@1"
        )
    return replace(method, id=name, make=lambda composition: method.make(trained_with(composition, int(seed))))
