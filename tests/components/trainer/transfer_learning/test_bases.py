"""Each base is what the table says, takes photos as Transform scales them, and keeps its statistics while it learns."""

from functools import cache
from typing import get_args

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from components.trainer.transfer_learning.bases import BASES, BaseName
from components.trainer.transfer_learning.config import Augmentation, TransferLearning
from components.trainer.transfer_learning.model import build_model, dense_layers, loss_of, metrics_of, unfreeze
from components.trainer.transfer_learning.parts import head_part, last_cut, lower_part, upper_part
from components.transform.images import rescale

SIZE = 32
FAMILIES = ("MobileNetV3Small", "EfficientNetV2B0", "ResNet50V2", "ConvNeXtTiny")
"""One of each family, to spare time; that of MobileNetV2 is tried in test_parts.py."""

PHOTOS = np.random.default_rng(0).uniform(-1, 1, (4, SIZE, SIZE, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def networks(lively):
    """Returns a function that gives the base of a name, built once."""
    return cache(lambda name: lively(BASES[name], SIZE))


@pytest.fixture(scope="module")
def models(networks):
    """Returns a function that gives a model on it, built once."""
    still = TransferLearning(weights=None, dropout=0, augmentation=Augmentation(horizontal_flip=False, rotation=0))
    return cache(lambda name: build_model(still.model_copy(update={"base": name}), networks(name), 3))


def statistics_of(network):
    return {variable.name: variable.numpy() for variable in network.variables if "moving" in variable.name}


def test_the_table_has_every_name_once():
    assert tuple(BASES) == get_args(BaseName)
    assert [base.name for base in BASES.values()] == list(BASES)


@pytest.mark.parametrize("name", BASES)
def test_it_is_what_the_table_says(name, networks):
    base, network = BASES[name], networks(name)
    assert network.name == name.lower()
    assert len(network.layers) == base.layers
    assert network.count_params() == base.parameters
    assert network.output_shape == (None, 1, 1, base.channels)
    assert network.trainable_variables == []


@pytest.mark.parametrize("name", BASES)
def test_fine_tuning_begins_at_a_stage_that_one_tensor_leads_to(name, networks):
    network, first = networks(name), BASES[name].unfreeze_from
    assert (last_cut(network, first).name.rstrip("_0123456789"), network.layers[first].name) == {
        "MobileNetV2": ("block_10_project_BN", "block_11_expand_relu"),
        "MobileNetV3Small": ("expanded_conv_7/Add", "expanded_conv_8/expand"),
        "MobileNetV3Large": ("expanded_conv_11/Add", "expanded_conv_12/expand"),
        "EfficientNetV2B0": ("block5e_add", "block6a_expand_conv"),
        "EfficientNetV2B1": ("block5f_add", "block6a_expand_conv"),
        "EfficientNetV2B2": ("block5f_add", "block6a_expand_conv"),
        "EfficientNetV2B3": ("block5g_add", "block6a_expand_conv"),
        "ResNet50V2": ("conv4_block6_out", "conv5_block1_preact_bn"),
        "ConvNeXtTiny": ("tf.__operators__.add", "convnext_tiny_downsampling_block_2"),
    }[name]


@pytest.mark.parametrize("name", FAMILIES)
def test_the_parts_are_the_whole_in_inference_mode(name, networks, models):
    """A dropout or a normalization inside the base takes no notice of the training around it."""
    network, model, first = networks(name), models(name), BASES[name].unfreeze_from
    cut = last_cut(network, first)
    lower, upper = lower_part(model, network, cut), upper_part(model, network, cut)
    features, below = lower(PHOTOS, training=True)
    whole = model(PHOTOS, training=False).numpy()
    assert np.ptp(whole, axis=0).max() > 1e-3
    np.testing.assert_allclose(head_part(model, network)(features, training=True), whole, atol=5e-5)
    np.testing.assert_allclose(upper(below, training=True), whole, atol=5e-5)
    np.testing.assert_allclose(model(PHOTOS, training=True), whole, atol=5e-5)
    unfreeze(network, first)
    assert {id(each) for each in upper.trainable_variables} == {id(each) for each in model.trainable_variables}
    network.trainable = False


@pytest.mark.parametrize("name", BASES)
def test_batch_normalization_keeps_its_statistics_in_both_phases(name, networks, models):
    network, model = networks(name), models(name)
    before = statistics_of(network)
    assert bool(before) == (name != "ConvNeXtTiny")
    for fine_tuning in (False, True):
        if fine_tuning:
            unfreeze(network, BASES[name].unfreeze_from)
        weights = [weight.numpy() for weight in network.weights]
        # Compiling the step would take ten times as long as the step does.
        model.compile(keras.optimizers.SGD(0.1), loss_of("softmax"), metrics_of("softmax"), run_eagerly=True)
        model.train_on_batch(PHOTOS, np.array([0, 1, 2, 1]))
        learned = [not np.array_equal(old, new) for old, new in zip(weights, network.weights, strict=True)]
        assert any(learned) == fine_tuning
    network.trainable = False
    for variable, values in statistics_of(network).items():
        np.testing.assert_array_equal(values, before[variable], variable)


@pytest.mark.parametrize("name", ["MobileNetV3Small", "EfficientNetV2B0", "ConvNeXtTiny"])
def test_photos_are_scaled_as_keras_does_it_inside_the_network(name):
    """What Keras has before the first convolution, of which no weight of ours knows."""
    whole = getattr(keras.applications, name)(input_shape=(SIZE, SIZE, 3), include_top=False, weights=None)
    assert whole.count_params() == BASES[name].parameters
    first = next(layer for layer in whole.layers if layer.weights)
    pixels = tf.random.stateless_uniform([2, SIZE, SIZE, 3], [0, 1], 0, 255)
    expected = keras.Model(whole.input, first.get_input_at(0))(pixels)
    np.testing.assert_allclose(rescale(pixels, BASES[name].scale), expected, atol=1e-5)


@pytest.mark.parametrize(("name", "module"), [("MobileNetV2", "mobilenet_v2"), ("ResNet50V2", "resnet_v2")])
def test_photos_are_scaled_as_keras_does_it_beside_the_network(name, module):
    pixels = tf.random.stateless_uniform([2, SIZE, SIZE, 3], [0, 1], 0, 255)
    expected = getattr(keras.applications, module).preprocess_input(pixels)
    np.testing.assert_allclose(rescale(pixels, BASES[name].scale), expected, atol=1e-6)


def test_the_first_model_of_the_tutorial_is_dense_on_pixels():
    settings = TransferLearning(base=None, dropout=0, fine_tuning={"epochs": 0})
    model = build_model(settings, dense_layers(192, settings.widths), 5)
    assert [tuple(variable.shape) for variable in model.trainable_variables] == [
        (192 * 192 * 3, 500),
        (500,),
        (500, 50),
        (50,),
        (50, 5),
        (5,),
    ]
    assert model.count_params() == 55_321_805
    assert model.output_shape == (None, 5)
