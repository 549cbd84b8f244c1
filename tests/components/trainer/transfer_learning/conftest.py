import io
import types

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from PIL import Image
from tensorflow_transform.tf_metadata import schema_utils

from components.trainer.transfer_learning.bases import MOBILENET_V2
from components.trainer.transfer_learning.model import build_base
from components.transform.config import ImageTransform
from tests.support.transform_step import transform_graph

IMAGE_SIZE = 32
RAW_SPEC = {name: tf.io.FixedLenFeature([], tf.string) for name in ("image", "label", "image/path")}


def encoded_photo(label, seed, file_format="PNG"):
    """A small noisy photo: cats are dark, dogs are bright, eels are in between."""
    level = {"cat": 40, "dog": 215, "eel": 128}[label]
    noise = np.random.default_rng(seed).integers(-30, 30, (20 + seed % 5, 24, 3))
    buffer = io.BytesIO()
    Image.fromarray((level + noise).astype(np.uint8)).save(buffer, file_format)
    return buffer.getvalue()


def serialized_example(features):
    return tf.train.Example(
        features=tf.train.Features(
            feature={
                name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value])) for name, value in features.items()
            }
        )
    ).SerializeToString()


@pytest.fixture(scope="session")
def shared_base():
    """A base for photos of 32 px, built once; its weights and which of its layers learn are anybody's to change."""
    return build_base(IMAGE_SIZE)


@pytest.fixture
def base(shared_base):
    """The shared base, frozen as it is when it is new."""
    shared_base.trainable = False
    return shared_base


def give_statistics(network):
    """Has each BatchNormalization of a base take the statistics of some noise.

    Without statistics of its own, it lets features vanish on the way in inference mode.
    """
    network.trainable = True
    momenta = {layer: layer.momentum for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)}
    for layer in momenta:
        layer.momentum = 0.0
    size = network.input_shape[1]
    network(np.random.default_rng(0).uniform(-1, 1, (16, size, size, 3)).astype(np.float32), training=True)
    for layer, momentum in momenta.items():
        layer.momentum = momentum
    network.trainable = False


@pytest.fixture(scope="session")
def lively():
    """Returns a function that builds a base with random weights whose features differ from photo to photo."""

    def build(base, image_size=IMAGE_SIZE):
        keras.utils.set_random_seed(1)
        network = build_base(image_size, base)
        give_statistics(network)
        return network

    return build


@pytest.fixture(scope="session")
def lively_weights(tmp_path_factory, lively):
    """Path of such weights of MobileNetV2."""
    path = tmp_path_factory.mktemp("weights") / "lively.h5"
    lively(MOBILENET_V2).save_weights(str(path))
    return str(path)


@pytest.fixture(scope="session")
def encode_photo():
    return encoded_photo


@pytest.fixture(scope="session")
def serialize():
    return serialized_example


@pytest.fixture(scope="session")
def write_split():
    """Returns a function that writes labelled photos as TFRecords and returns the pattern of the files."""

    def write(folder, labels, first_seed=0):
        folder.mkdir(parents=True)
        with tf.io.TFRecordWriter(str(folder / "data_tfrecord-00000-of-00001.gz"), "GZIP") as writer:
            for seed, label in enumerate(labels, first_seed):
                photo = encoded_photo(label, seed, "JPEG" if seed % 2 else "PNG")
                path = f"{label}/{seed}".encode()
                writer.write(serialized_example({"image": photo, "label": label.encode(), "image/path": path}))
        return str(folder / "*")

    return write


def graph_of(folder, labels, scale="symmetric"):
    """Returns the folder of the transform graph of photos with these labels."""
    schema = schema_utils.schema_from_feature_spec(RAW_SPEC)
    return transform_graph(folder, "photos", ImageTransform(image_size=IMAGE_SIZE, scale=scale), schema, labels)


@pytest.fixture(scope="session")
def two_classes(tmp_path_factory):
    """Folder of the transform graph of cats and dogs."""
    return graph_of(tmp_path_factory.mktemp("two"), ["cat", "dog", "dog"])


@pytest.fixture(scope="session")
def two_classes_scaled(tmp_path_factory):
    """Returns a function that gives the folder of the transform graph of cats and dogs with a scale of pixels."""
    return lambda scale: graph_of(tmp_path_factory.mktemp(scale), ["cat", "dog", "dog"], scale)


@pytest.fixture(scope="session")
def three_classes(tmp_path_factory):
    """Folder of the transform graph of cats, dogs and eels."""
    return graph_of(tmp_path_factory.mktemp("three"), ["cat", "dog", "eel"])


@pytest.fixture
def fn_args_of(tmp_path, write_split):
    """Returns a function that makes what TFX gives `run_fn`, for a transform graph and labels of photos."""

    def make(graph, labels, settings):
        return types.SimpleNamespace(
            train_files=[write_split(tmp_path / "Split-train", labels)],
            eval_files=[write_split(tmp_path / "Split-eval", labels[: len(labels) // 2], first_seed=100)],
            transform_graph_path=graph,
            serving_model_dir=str(tmp_path / "Format-Serving"),
            model_run_dir=str(tmp_path / "model_run"),
            custom_config={"trainer": settings.model_dump(mode="json")},
        )

    return make
