"""The one registry. A method is a file that says `METHOD`; adding one is a file and a line here, in the order of the paper's Table 1."""

from toolchain.adapters.merging import (
    auxiliary_task,
    calibrated,
    concat,
    dare,
    in_context,
    joint_expert,
    linear,
    lm_cocktail,
    lorahub,
    main_task,
    multi_step,
    output_bias,
    scaled_columns,
    shared_calibration,
    slerp,
    ties,
    zero_shot,
)

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
        lorahub.METHOD,
        lm_cocktail.METHOD,
        scaled_columns.METHOD,
        multi_step.METHOD,
        joint_expert.METHOD,
        output_bias.METHOD,
        *calibrated.METHODS,
        *shared_calibration.METHODS,
    )
}
