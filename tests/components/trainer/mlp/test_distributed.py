"""Two replicas train the same network as one, from the same batches, in memory and beyond."""

import json
import subprocess
import sys

import pytest

PROGRAM = """
import json, sys
from itertools import product
import numpy as np
import tensorflow as tf
import tf_keras as keras
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from components.trainer.mlp.config import MLP, MLPTraining
from components.trainer.mlp.model import build_model
from components.trainer.mlp.packed_rows import PackedRows
from components.trainer.mlp.training import EpochRunner, TrainingRows
from components.trainer.strategy import distribution_strategy

rng = np.random.default_rng(0)
def packed(rows):
    features = rng.normal(size=(rows, 4)).astype(np.float32)
    found = PackedRows(4)
    found.add(np.column_stack([features, features[:, 0] > 0]))
    return found

rows = TrainingRows(packed(500), packed(100))
found = {}
for name, memory in product(("one_device", "mirrored"), (2**20, 6000)):
    strategy = distribution_strategy(name)
    with strategy.scope():
        model = build_model(MLP(widths=(8,), l2=0.01), 4, 2, seed=0)
    runner = EpochRunner(model, rows, MLPTraining(batch_size=50, models={"m": MLP(widths=(8,))}, cache_bytes=memory))
    values = [runner.run(epoch) for epoch in range(3)]
    weights = model.get_weights()[0].ravel().tolist()
    found[f"{name}, {memory}"] = {"replicas": strategy.num_replicas_in_sync, "last": values[-1], "weights": weights}
print(json.dumps(found))
"""


def test_two_replicas_train_as_one(tmp_path):
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    for memory in (2**20, 6000):
        one, two = found[f"one_device, {memory}"], found[f"mirrored, {memory}"]
        assert (one["replicas"], two["replicas"]) == (1, 2)
        assert two["last"] == pytest.approx(one["last"], rel=1e-3)
        assert two["weights"] == pytest.approx(one["weights"], abs=1e-4)
