"""Makes the strategy for the TPU that the environment names."""

import os
from collections import Counter
from functools import cache

import tensorflow as tf

from components.errors import TransferlineError
from components.trainer.tpu_environment import LOCAL, NamedTPU, named_tpu, tpu_variables

ANSWER_MS = 30_000
"""How long the machine of a TPU may take to say which devices it has."""


def tpu_strategy() -> tf.distribute.Strategy:
    """Returns the strategy for the TPU that the environment names, the same one each time.

    Raises:
        TransferlineError: It names none, or one that can't be used.
    """
    variables = tpu_variables(os.environ)
    if not variables:
        raise TransferlineError(
            "There is no TPU here: the environment names none.",
            place="trainer.strategy",
            cure='Set TPU_NAME ("local" on a TPU VM), or use strategy "auto".',
        )
    try:
        return _strategy_of(named_tpu(os.environ))
    except Exception as error:  # Google's clients raise errors of their own
        says = ", ".join(f"{name}={value}" for name, value in variables.items())
        # TensorFlow's goes on with the operation's attributes.
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise TransferlineError(
            f"The TPU that the environment names ({says}) can't be used: {reason.rstrip('. ')}.",
            place="trainer.strategy",
            cure="Check the TPU, TensorFlow (tensorflow-tpu on a TPU VM) and these variables, or use another strategy.",
        ) from error


def resolver_of(named: NamedTPU) -> tf.distribute.cluster_resolver.TPUClusterResolver:
    """Returns TensorFlow's resolver of a TPU; given nothing, it would read neither Colab's variables nor a TPU VM's."""
    return tf.distribute.cluster_resolver.TPUClusterResolver(named.tpu, zone=named.zone, project=named.project)


# One for the process, in which a local run has both Tuner and Trainer: to initialise the system again would take away
# what is on it.
@cache
def _strategy_of(named: NamedTPU) -> tf.distribute.Strategy:
    resolver = resolver_of(named)
    if named.tpu != LOCAL:
        _check_devices(resolver)
        tf.config.experimental_connect_to_cluster(resolver)
    tf.tpu.experimental.initialize_tpu_system(resolver)
    return tf.distribute.TPUStrategy(resolver)


def _check_devices(resolver: tf.distribute.cluster_resolver.TPUClusterResolver) -> None:
    """Asks the TPU's machines for TPU cores.

    A connection can't be taken back: all that this process computes goes to the machines from then on, though they have
    no TPU.
    """
    config = tf.compat.v1.ConfigProto(operation_timeout_in_ms=ANSWER_MS, isolate_session_state=True)
    config.cluster_def.CopyFrom(resolver.cluster_spec().as_cluster_def())
    with tf.Graph().as_default(), tf.compat.v1.Session(resolver.master(), config=config) as session:
        kinds = Counter(device.device_type for device in session.list_devices())
    if not kinds["TPU"]:
        raise RuntimeError(f"{resolver.master()} has no TPU cores, but {dict(kinds)}")
