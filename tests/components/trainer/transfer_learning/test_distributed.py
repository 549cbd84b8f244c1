"""Trainings on two devices and by two workers, in processes of their own: TensorFlow's devices can't be set twice.

The base is a small one: what is tried is how training is distributed, and tracing MobileNetV2 twice takes a minute.
"""

import json
import os
import socket
import subprocess
import sys

import tensorflow as tf

from components.trainer.curves import read_curves
from components.trainer.transfer_learning.config import FeatureExtraction, FineTuning, TransferLearning

SETTINGS = TransferLearning(
    weights=None,
    feature_extraction=FeatureExtraction(epochs=1),
    fine_tuning=FineTuning(epochs=1, from_layer=1),
    batch_size=8,
)

TRAIN = """
import json, sys, types
import tensorflow as tf
devices = int(sys.argv[2])
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * devices)
import tf_keras as keras
from components.trainer.transfer_learning import run_fn as trainer

def small_base(size):
    convolution = keras.layers.Conv2D(8, 3, strides=4, input_shape=(size, size, 3))
    base = keras.Sequential([convolution, keras.layers.BatchNormalization(), keras.layers.ReLU()])
    base.trainable = False
    return base

trainer.build_base = small_base
trainer.run_fn(types.SimpleNamespace(**json.loads(sys.argv[1])))
"""


def start(args, devices, **environment):
    command = [sys.executable, "-c", TRAIN, json.dumps(vars(args)), str(devices)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "CUDA_VISIBLE_DEVICES": "-1", **environment}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def finish(process):
    try:
        _, said = process.communicate(timeout=180)
    finally:
        process.kill()
    assert process.returncode == 0, said[-3000:]


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in sockets]
    for server in sockets:
        server.close()
    return ports


def check(args, encode_photo):
    settings = TransferLearning.model_validate_json(args.custom_config["trainer"])
    assert len(read_curves(args.model_run_dir).epochs) == settings.epochs
    model = tf.saved_model.load(args.serving_model_dir)
    answer = model.signatures["image_bytes"](image_bytes=tf.constant([encode_photo("cat", 1)]))
    assert answer["scores"].shape == (1, 2)


def test_two_devices_share_a_training_split_smaller_than_a_batch(two_classes, fn_args_of, encode_photo):
    settings = SETTINGS.model_copy(update={"strategy": "mirrored", "batch_size": 32})
    args = fn_args_of(two_classes, ["cat", "dog"] * 3 + ["dog"], settings)

    finish(start(args, devices=2))

    check(args, encode_photo)


def test_two_workers_write_one_model(two_classes, fn_args_of, encode_photo):
    settings = SETTINGS.model_copy(update={"strategy": "multi_worker", "fine_tuning": FineTuning(epochs=0)})
    args = fn_args_of(two_classes, ["cat", "dog"] * 4, settings)
    workers = [f"127.0.0.1:{port}" for port in free_ports(2)]

    processes = [
        start(
            args,
            devices=1,
            TF_CONFIG=json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}),
        )
        for index in range(2)
    ]
    for process in processes:
        finish(process)

    check(args, encode_photo)
