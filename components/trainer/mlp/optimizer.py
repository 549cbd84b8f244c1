"""Builds the optimizer of a network."""

from collections.abc import Sequence

import tensorflow as tf
import tf_keras as keras
from typing_extensions import assert_never

from components.trainer.mlp.config import MLPTraining


def build_optimizer(
    settings: MLPTraining, schedule: keras.optimizers.schedules.LearningRateSchedule, variables: Sequence[tf.Variable]
) -> keras.optimizers.Optimizer:
    """Returns the optimizer with all its variables, which a checkpoint needs before the first step would make them.

    Args:
        settings: Which one.
        schedule: The learning rate, by the step.
        variables: What the network learns.
    """
    match settings.optimizer:
        case "adam":
            # The older Adam updates a variable in one fused operation, the newer one in a dozen.
            adam = keras.optimizers.legacy.Adam(schedule)
            adam._create_all_weights(variables)
            return adam
        case "adamw":
            adamw = keras.optimizers.AdamW(schedule, settings.weight_decay, jit_compile=False)
            adamw.exclude_from_weight_decay(var_list=[each for each in variables if not is_matrix(each)])
            adamw.build(variables)
            return adamw
        case _:
            assert_never(settings.optimizer)


def is_matrix(variable: tf.Variable) -> bool:
    """Whether it is a kernel or embeddings, and neither a bias nor a normalisation's scale or offset."""
    return len(variable.shape) > 1
