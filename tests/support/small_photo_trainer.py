"""The trainer of photos on a small base: tracing MobileNetV2 takes longer than what most tests are about."""

import tf_keras as keras

from components.trainer.transfer_learning import run_fn as trainer


def small_base(size, _=None):
    """A frozen base of three layers, like MobileNetV2's beginning, whichever was asked for."""
    convolution = keras.layers.Conv2D(8, 3, strides=4, input_shape=(size, size, 3), name="convolution")
    base = keras.Sequential([convolution, keras.layers.BatchNormalization(), keras.layers.ReLU()], name="small_base")
    base.trainable = False
    return base


def run_fn(fn_args):
    """Trains and exports; so do the workers that it starts."""
    build_base, run_workers = trainer.build_base, trainer.run_workers
    trainer.build_base = small_base
    trainer.run_workers = lambda _, *arguments: run_workers(f"{__name__}.run_fn", *arguments)
    try:
        trainer.run_fn(fn_args)
    finally:
        trainer.build_base, trainer.run_workers = build_base, run_workers
