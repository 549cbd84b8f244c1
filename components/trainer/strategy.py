"""Chooses how training is distributed over devices."""

import logging
import os
from functools import cache

import tensorflow as tf

from components.errors import TransferlineError
from components.trainer.config import StrategyName
from components.trainer.tpu import tpu_strategy
from components.trainer.tpu_environment import tpu_variables

LOGGER = logging.getLogger(__name__)


def distribution_strategy(name: StrategyName) -> tf.distribute.Strategy:
    """Returns the distribution strategy of a name.

    Must come before any other use of TensorFlow where it is "tpu" or "multi_worker".

    Args:
        name: "tpu", "mirrored" (every GPU of this machine), "multi_worker" (TF_CONFIG names the workers),
            "one_device" (the first GPU, else the CPU), or "auto": a TPU where the environment names one that can be
            used, else mirrored where there are several GPUs, else the default.

    Raises:
        TransferlineError: The devices that the name asks for aren't there.
    """
    if name == "tpu":
        return tpu_strategy()
    if name == "mirrored":
        return _mirrored_strategy()
    if name == "multi_worker":
        return _multi_worker_strategy()
    if name == "one_device":
        return tf.distribute.OneDeviceStrategy("/gpu:0" if tf.config.list_logical_devices("GPU") else "/cpu:0")
    return _auto()


def needs_fixed_batches(strategy: tf.distribute.Strategy) -> bool:
    """Tells whether every training batch must have the same shape: with every strategy for several replicas."""
    several = (tf.distribute.MirroredStrategy, tf.distribute.MultiWorkerMirroredStrategy, tf.distribute.TPUStrategy)
    return isinstance(strategy, several)


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Tells whether this process writes the files: the only one, or the first of several workers."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return True
    resolver = strategy.cluster_resolver
    if "chief" in resolver.cluster_spec().jobs:
        return bool(resolver.task_type == "chief")
    return bool(resolver.task_type == "worker" and resolver.task_id == 0)


def place_among_workers(strategy: tf.distribute.Strategy) -> tuple[int, int]:
    """Returns this worker's number, from 0 on, and how many workers there are; (0, 1) where it is the only one."""
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return 0, 1
    resolver = strategy.cluster_resolver
    cluster = resolver.cluster_spec()
    jobs = [job for job in ("chief", "worker") if job in cluster.jobs]
    tasks = [(job, number) for job in jobs for number in range(cluster.num_tasks(job))]
    return tasks.index((resolver.task_type, resolver.task_id)), len(tasks)


def broadcast_from_chief(strategy: tf.distribute.Strategy, value: int) -> int:
    """Returns the chief's value on every worker. All must call it at the same point; it waits for them.

    Args:
        strategy: How the training is distributed.
        value: The chief's; that of another worker is passed over.
    """
    if not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        return value

    def of_first_replica() -> tf.Tensor:
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        return tf.where(tf.equal(replica, 0), value, 0)

    return int(strategy.reduce(tf.distribute.ReduceOp.SUM, strategy.run(of_first_replica), axis=None))


def barrier(strategy: tf.distribute.Strategy) -> None:
    """Returns when every worker has come here: one that ended while others were at work would stop them."""
    broadcast_from_chief(strategy, 0)


def _auto() -> tf.distribute.Strategy:
    # Looking for a TPU that nothing names asks a metadata server, which hangs where there is none.
    if tpu_variables(os.environ):
        try:
            return tpu_strategy()
        except TransferlineError as error:
            LOGGER.warning("training takes other devices than a TPU: %s", error.cause)
    return _mirrored_strategy() if _several("GPU") else tf.distribute.get_strategy()


def _several(kind: str) -> bool:
    return len(tf.config.list_logical_devices(kind)) > 1


# One for the process, in which a local run has both Tuner and Trainer: replicas know each reduction by a number, and a
# second strategy would count from the beginning again.
@cache
def _mirrored_strategy() -> tf.distribute.Strategy:
    for kind in ("GPU", "CPU"):
        if _several(kind):
            return tf.distribute.MirroredStrategy([device.name for device in tf.config.list_logical_devices(kind)])
    raise TransferlineError(
        f'Strategy "mirrored" needs two GPUs or more; this machine has {len(tf.config.list_logical_devices("GPU"))}.',
        place="trainer.strategy",
        cure='Use strategy "auto".',
    )


def _multi_worker_strategy() -> tf.distribute.Strategy:
    if not os.environ.get("TF_CONFIG"):
        raise TransferlineError(
            'Strategy "multi_worker" needs the addresses of the workers in the environment variable TF_CONFIG.',
            place="trainer.strategy",
            cure='Set trainer.workers for several here, or TF_CONFIG on every worker, or use strategy "auto".',
        )
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except (ValueError, RuntimeError, tf.errors.OpError) as error:
        raise TransferlineError(
            f"The workers in TF_CONFIG can't be used: {error}.",
            place="trainer.strategy",
            cure="Check TF_CONFIG, and that nothing in this process has used TensorFlow before.",
        ) from error
