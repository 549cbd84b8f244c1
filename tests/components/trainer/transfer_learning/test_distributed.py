"""Trainings on two devices and by two workers, in processes of their own: TensorFlow's devices can't be set twice.

The base is a small one: what is tried is how training is distributed.
"""

import json
import os
import subprocess
import sys

import pytest
import tensorflow as tf
from small_photo_trainer import run_fn

from components.trainer.curves import read_curves
from components.trainer.transfer_learning.config import Augmentation, FeatureExtraction, FineTuning, TransferLearning
from components.trainer.workers import run_workers

# All photos are one batch, and nothing is drawn at random, so that the same training has the same metrics.
SETTINGS = TransferLearning(
    weights=None,
    augmentation=Augmentation(horizontal_flip=False, rotation=0),
    dropout=0,
    feature_extraction=FeatureExtraction(epochs=2, learning_rate=0.01),
    fine_tuning=FineTuning(epochs=1, from_layer=1, learning_rate=0.01),
    batch_size=8,
    checkpoint_seconds=0,
)
LABELS = ["cat", "dog"] * 4

TRAIN = """
import json, logging, sys, types
import tensorflow as tf
logging.basicConfig(level=logging.INFO)
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from small_photo_trainer import run_fn
from components.trainer.checkpoints import Checkpoints
args = types.SimpleNamespace(**json.loads(sys.argv[1]))
save = Checkpoints.save
def save_and_end(self):
    save(self)
    if self._metrics.epochs == 2:
        raise InterruptedError
Checkpoints.save = save_and_end
try:
    run_fn(args)
except InterruptedError:
    Checkpoints.save = save
    run_fn(args)
"""


def check(args, encode_photo):
    settings = TransferLearning.model_validate(args.custom_config["trainer"])
    assert len(read_curves(args.model_run_dir).epochs) == settings.epochs
    model = tf.saved_model.load(args.serving_model_dir)
    answer = model.signatures["image_bytes"](image_bytes=tf.constant([encode_photo("cat", 1)]))
    assert answer["scores"].shape == (1, 2)


def test_two_devices_share_a_split_smaller_than_a_batch_and_resume(two_classes, fn_args_of, encode_photo, tmp_path):
    settings = SETTINGS.model_copy(
        update={"strategy": "mirrored", "batch_size": 32, "augmentation": Augmentation(), "dropout": 0.2}
    )
    args = fn_args_of(two_classes, ["cat", "dog"] * 3 + ["dog"], settings)
    args.custom_config["checkpoints"] = str(tmp_path / "checkpoints")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "CUDA_VISIBLE_DEVICES": "-1"}
    command = [sys.executable, "-c", TRAIN, json.dumps(vars(args))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "can't be used" not in done.stderr
    assert "training goes on after epoch 2" in done.stderr
    check(args, encode_photo)


def test_two_workers_train_and_write_as_one_does(two_classes, fn_args_of, encode_photo, tmp_path):
    args = fn_args_of(two_classes, LABELS, SETTINGS)
    run_fn(args)
    alone = read_curves(args.model_run_dir)

    args.model_run_dir, args.serving_model_dir = str(tmp_path / "together"), str(tmp_path / "model")
    args.custom_config = {
        "trainer": SETTINGS.model_copy(update={"strategy": "multi_worker", "workers": 2}).model_dump(mode="json"),
        "checkpoints": str(tmp_path / "checkpoints"),
    }
    run_workers("small_photo_trainer.run_fn", args, 2)

    check(args, encode_photo)
    together = read_curves(args.model_run_dir)
    assert together.epochs == alone.epochs
    for name in set(alone.metrics) - {"seconds"}:
        assert together.metrics[name] == pytest.approx(alone.metrics[name], abs=1e-3), name
    assert alone.metrics["loss"][-1] < alone.metrics["loss"][0]
    assert list((tmp_path / "checkpoints").iterdir()) == []
