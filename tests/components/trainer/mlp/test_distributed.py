"""Two replicas train the same network as one, from the same batches, in memory and beyond."""

import json
import subprocess
import sys
from itertools import product

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

WAYS = {
    "plain": (MLP(widths=(8,), l2=0.01), {}),
    "normalised": (MLP(widths=(8,), batch_normalization=True), {"optimizer": "adamw", "weight_decay": 0.5}),
    "scaled": (MLP(widths=(8,)), {"warm_up_epochs": 1}),
}
# The batch and the learning rate of two replicas, said in two ways.
WHOLE = {"batch_size": 50, "learning_rate": 0.002}
OF_ONE = {"batch_size_per_replica": 25, "learning_rate": 0.001, "learning_rate_scaling": "linear"}
rows = TrainingRows(packed(500), packed(100))
found = {}
for name, memory, way in product(("one_device", "mirrored"), (2**20, 6000), WAYS):
    strategy = distribution_strategy(name)
    described, changes = WAYS[way]
    with strategy.scope():
        model = build_model(described, 4, 2, seed=0)
    batch = OF_ONE if (name, way) == ("mirrored", "scaled") else WHOLE
    settings = MLPTraining(models={"m": described}, cache_bytes=memory, **batch, **changes)
    runner = EpochRunner(model, rows, settings)
    values = [runner.run(epoch) for epoch in range(3)]
    weights = np.concatenate([each.ravel() for each in model.get_weights()]).tolist()
    found[f"{name}, {memory}, {way}"] = {
        "replicas": strategy.num_replicas_in_sync,
        "devices": [each.device for each in strategy.experimental_local_results(runner._train.rows)],
        "last": values[-1], "weights": weights
    }
print(json.dumps(found))
"""


def test_two_replicas_train_as_one(tmp_path):
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    for memory, way in product((2**20, 6000), ("plain", "normalised", "scaled")):
        one, two = found[f"one_device, {memory}, {way}"], found[f"mirrored, {memory}, {way}"]
        assert (one["replicas"], two["replicas"]) == (1, 2)
        assert (len(set(one["devices"])), len(set(two["devices"]))) == (1, 2)
        assert two["last"] == pytest.approx(one["last"], rel=1e-3)
        assert two["weights"] == pytest.approx(one["weights"], abs=1e-4)
