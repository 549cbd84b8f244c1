"""Says how TensorFlow's datasets are read, whoever reads them."""

import tensorflow as tf


def untuned(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Returns the dataset without TensorFlow's rewriting of it before it is read, and tuning of it while it is.

    What tunes is a thread that sleeps longer and longer, soon five seconds, and the end of an iterator waits until it
    wakes: seconds in which nothing is done, once a reading, and in training once an epoch. Numbers of calls and sizes
    of buffers are given here, so there is nothing to tune; `tf.data.AUTOTUNE` comes to the number of cores.
    Source: `Model::OptimizeLoop` in tensorflow/core/framework/model.cc, `RootDataset::Iterator` in
    tensorflow/core/data/root_dataset.cc.

    What rewrites finds nothing to do either: maps that are to run side by side are told to. It took a fifth of the time
    that an iterator over photos took to be made.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False
    return dataset.with_options(options)
