"""Trainings on two devices and by two workers, in processes of their own: TensorFlow's devices can't be set twice.

The base is a small one: what is tried is how training is distributed.
"""

import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import tensorflow as tf
import worker_ports
from small_photo_trainer import run_fn, small_base

from components.cache_folder import CACHE_VARIABLE
from components.trainer.curves import read_curves
from components.trainer.transfer_learning import bases
from components.trainer.transfer_learning.bases import MOBILENET_V2
from components.trainer.transfer_learning.config import Augmentation, FeatureExtraction, FineTuning, TransferLearning

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
    epochs = settings.feature_extraction.epochs + settings.fine_tuning.epochs
    assert len(read_curves(args.model_run_dir).epochs) == epochs
    model = tf.saved_model.load(args.serving_model_dir)
    answer = model.signatures["image_bytes"](image_bytes=tf.constant([encode_photo("cat", 1)]))
    assert answer["scores"].shape == (1, 2)


def test_two_devices_share_a_split_smaller_than_a_batch_and_resume(two_classes, fn_args_of, encode_photo, tmp_path):
    settings = SETTINGS.model_copy(
        update={
            "strategy": "mirrored",
            "batch_size": None,
            "batch_size_per_replica": 16,
            "learning_rate_scaling": "linear",
            "warm_up_epochs": 2,
            "fine_tuning": SETTINGS.fine_tuning.model_copy(update={"epochs": 2}),
            "augmentation": Augmentation(),
            "dropout": 0.2,
        }
    )
    args = fn_args_of(two_classes, ["cat", "dog"] * 3 + ["dog"], settings)
    args.custom_config |= {"checkpoints": str(tmp_path / "checkpoints"), "features": str(tmp_path / "features")}
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "CUDA_VISIBLE_DEVICES": "-1"}
    command = [sys.executable, "-c", TRAIN, json.dumps(vars(args))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "can't be used" not in done.stderr
    assert "training goes on after epoch 2" in done.stderr
    check(args, encode_photo)
    # One step an epoch: half of twice the rate, then all of it; phase 2 begins anew.
    assert read_curves(args.model_run_dir).metrics["learning_rate"] == pytest.approx([0.01, 0.02, 0.01, 0.02])


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """What was asked of a server in this network that has the weights of the small base as ImageNet's."""
    small_base(32).save_weights(str(tmp_path / "small.h5"))
    content, addresses = (tmp_path / "small.h5").read_bytes(), []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            addresses.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        monkeypatch.setattr(bases, "KERAS_ADDRESS", f"http://127.0.0.1:{server.server_port}/")
        small = replace(MOBILENET_V2, weights=replace(MOBILENET_V2.weights, size=len(content)))
        monkeypatch.setitem(bases.BASES, "MobileNetV2", small)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield addresses
        server.shutdown()


def test_two_workers_train_and_write_as_one_does(two_classes, fn_args_of, encode_photo, tmp_path, monkeypatch, asked):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache of one"))
    settings = SETTINGS.model_copy(update={"weights": "imagenet"})
    args = fn_args_of(two_classes, LABELS, settings)
    run_fn(args)
    alone = read_curves(args.model_run_dir)

    # Empty again: what the workers need is fetched before they start, in a network that they don't see.
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache of two"))
    args.model_run_dir, args.serving_model_dir = str(tmp_path / "together"), str(tmp_path / "model")
    by_two = {"strategy": "multi_worker", "workers": 2, "open_worker_ports": worker_ports.must_be_open()}
    args.custom_config = {
        "trainer": settings.model_copy(update=by_two).model_dump(mode="json"),
        "checkpoints": str(tmp_path / "checkpoints"),
        "features": str(tmp_path / "features"),
    }
    run_fn(args)

    check(args, encode_photo)
    assert len(asked) == 2
    together = read_curves(args.model_run_dir)
    assert together.weights == {**alone.weights, "path": together.weights["path"]}
    assert together.epochs == alone.epochs
    for name in set(alone.metrics) - {"seconds"}:
        assert together.metrics[name] == pytest.approx(alone.metrics[name], abs=1e-3), name
    assert alone.metrics["loss"][-1] < alone.metrics["loss"][0]
    assert list((tmp_path / "checkpoints").iterdir()) == []
    made_by_each_worker = len(LABELS) // 2 + len(LABELS) // 4
    for folder in (tmp_path / "features").iterdir():
        parts = [np.load(part) for part in folder.glob("*.index.npy")]
        assert [len(part) for part in parts] == [made_by_each_worker] * 2
