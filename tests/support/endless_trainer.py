"""A trainer whose one epoch never ends, in TensorFlow's own loop, and which has started a process beside it."""

import json
import subprocess
import sys
from pathlib import Path

import tensorflow as tf


def run_fn(fn_args):
    """Starts a process, says so in `started.json` where the model would be, and trains until it is ended."""
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    weights = tf.Variable(tf.ones([64, 64]))

    @tf.function
    def epoch():
        step = tf.constant(0)
        while step >= 0:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(tf.matmul(weights, weights) - 1.0))
            weights.assign_sub(1e-3 * tape.gradient(loss, weights))
            step = (step + 1) % 1000

    compiled = epoch.get_concrete_function()
    folder = Path(fn_args.serving_model_dir)
    folder.mkdir(parents=True)
    (folder / "partial.json").write_text(json.dumps({"beside": other.pid}))
    (folder / "partial.json").rename(folder / "started.json")
    compiled()
