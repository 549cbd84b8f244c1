"""What `serving_latency.py` and `predict_throughput.py` share: a pushed model, and its network alone."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import tensorflow as tf
import tf_keras as keras

from components.trainer.transfer_learning.config import TransferLearning
from components.trainer.transfer_learning.model import build_base, build_model

IMAGE_SIZE = 160
PIPELINE = "cats_vs_dogs"
PHOTOS_TO_TRAIN_WITH = 60
# What a photo costs doesn't depend on what the model has learned.
SETTINGS = (
    f"transform.image_size={IMAGE_SIZE}",
    "trainer.weights=None",
    "trainer.feature_extraction.epochs=1",
    "trainer.fine_tuning.epochs=0",
    "trainer.views=1",
    'evaluation.thresholds=[{"metric": "accuracy", "at_least": 0}]',
)


def pushed_model(photos: Path, folder: Path) -> str:
    """Runs `cats_vs_dogs` on a few photos of class folders; returns the folder of the pushed model."""
    for kind in (path for path in photos.iterdir() if path.is_dir()):
        few = folder / "photos" / kind.name
        few.mkdir(parents=True)
        for photo in sorted(kind.iterdir())[:PHOTOS_TO_TRAIN_WITH]:
            (few / photo.name).symlink_to(photo.absolute())
    command = [sys.executable, "-m", "pipeline", "run", PIPELINE, f"--data-dir={folder / 'photos'}"]
    command += [f"--output-dir={folder}", "--json", *(f"--set={setting}" for setting in SETTINGS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return str(json.loads(done.stdout)["model_uri"])


def network(model: Any) -> keras.Model:
    """The Keras network in a pushed model that was loaded, with its weights."""
    settings = TransferLearning(weights=None)
    found = build_model(settings, build_base(IMAGE_SIZE), 2)
    found.set_weights([variable.numpy() for variable in model.model_variables])
    return found


def plain_tensor(photo: tf.Tensor) -> tf.Tensor:
    """A JPEG, a scalar string, as scripts decode it: float32 [1, size, size, 3] in [-1, 1]."""
    pixels = tf.image.resize(tf.io.decode_jpeg(photo, channels=3), [IMAGE_SIZE, IMAGE_SIZE])
    return keras.applications.mobilenet_v2.preprocess_input(pixels)[tf.newaxis]


def some_jpegs(photos: Path, count: int) -> list[Path]:
    """The first JPEGs of class folders, in turns from each class."""
    kinds = [sorted(path.iterdir()) for path in sorted(photos.iterdir()) if path.is_dir()]
    mixed = [photo for together in zip(*kinds, strict=False) for photo in together]
    found = [photo for photo in mixed if photo.read_bytes()[:3] == b"\xff\xd8\xff"]
    return found[:count]
