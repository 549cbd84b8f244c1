"""The parts of a network give together what the whole gives."""

import numpy as np
import pytest
import tf_keras as keras
from small_photo_trainer import small_base

from components.trainer.transfer_learning.config import Augmentation, TransferLearning
from components.trainer.transfer_learning.model import build_model, precision_policy, unfreeze
from components.trainer.transfer_learning.parts import head_part, last_cut, lower_part, upper_part

PLAIN = TransferLearning(weights=None, dropout=0, augmentation=Augmentation(horizontal_flip=False, rotation=0))
PHOTOS = np.random.default_rng(0).uniform(-1, 1, (3, 32, 32, 3)).astype(np.float32)


@pytest.mark.parametrize(
    ("from_layer", "cut"),
    [
        (100, "block_10_project_BN"),
        (98, "block_10_project_BN"),
        (57, "block_6_pad"),
        (152, "Conv_1"),
        (153, "out_relu"),  # which has no weights: then the head alone learns
    ],
)
def test_the_cut_is_the_last_tensor_that_all_goes_through(base, from_layer, cut):
    assert last_cut(base, from_layer).name == cut


@pytest.mark.parametrize("from_layer", [0, 1])
def test_where_the_first_weights_learn_nothing_is_constant(base, from_layer):
    assert last_cut(base, from_layer) is None


def test_a_layer_that_a_shortcut_goes_around_is_no_cut():
    photos = keras.Input((4,))
    before = keras.layers.Dense(4, name="before")(photos)
    around = keras.layers.Add(name="add")([keras.layers.Dense(4, name="inner")(before), before])
    base = keras.Model(photos, keras.layers.Dense(2, name="last")(around))
    layers = [layer.name for layer in base.layers]
    assert last_cut(base, layers.index("inner")).name == "before"
    assert last_cut(base, layers.index("last")).name == "add"


@pytest.mark.parametrize("pooling", ["avg", "flatten"])
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_the_parts_give_what_the_whole_gives(base, lively_weights, pooling, precision):
    base.load_weights(lively_weights)
    if precision != "float32":
        weights = base.get_weights()
        with precision_policy(precision):
            base = keras.models.clone_model(base)
        base.set_weights(weights)
    with precision_policy(precision):
        model = build_model(TransferLearning(weights=None, pooling=pooling), base, 3)
        cut = last_cut(base, 100)
        lower, head, upper = lower_part(model, base, cut), head_part(model, base), upper_part(model, base, cut)
    features, below = lower(PHOTOS)
    whole = model(PHOTOS, training=False).numpy()
    assert np.ptp(whole, axis=0).max() > 1e-3
    assert features.shape == ((3, 1280) if pooling == "avg" else (3, 1, 1, 1280))
    np.testing.assert_allclose(head(features), whole, atol=5e-5)
    np.testing.assert_allclose(upper(below), whole, atol=5e-5)


def test_above_the_last_layer_there_is_the_head_alone(base, lively_weights):
    base.load_weights(lively_weights)
    model = build_model(PLAIN, base, 3)
    cut = last_cut(base, 153)
    below = lower_part(model, base, cut)(PHOTOS)[1]
    upper = upper_part(model, base, cut)
    assert len(upper.trainable_variables) == 2
    np.testing.assert_allclose(upper(below), model(PHOTOS, training=False), atol=5e-5)


@pytest.mark.parametrize("from_layer", [1, 100])
def test_a_base_of_layers_in_a_row_has_parts_too(from_layer):
    base = small_base(32)
    model = build_model(PLAIN, base, 3)
    cut = last_cut(base, from_layer)
    below = lower_part(model, base, cut)(PHOTOS)[1]
    unfreeze(base, from_layer)
    for training in (False, True):
        found = upper_part(model, base, cut)(below, training=training)
        np.testing.assert_allclose(found, model(PHOTOS, training=False), atol=1e-6)


def test_what_a_part_learns_the_whole_has_learned(base, lively_weights):
    base.load_weights(lively_weights)
    model = build_model(TransferLearning(weights=None, dropout=0), base, 2)
    cut = last_cut(base, 100)
    lower, head, upper = lower_part(model, base, cut), head_part(model, base), upper_part(model, base, cut)
    assert [len(part.trainable_variables) for part in (model, head, upper)] == [2, 2, 2]
    unfreeze(base, 100)
    assert [variable.name for variable in upper.trainable_variables] == [v.name for v in model.trainable_variables]

    before, (_, below) = model(PHOTOS, training=False).numpy(), lower(PHOTOS)
    upper.compile(keras.optimizers.SGD(0.01), "mse", run_eagerly=True)
    upper.train_on_batch(below, np.ones((3, 1)))
    after = model(PHOTOS, training=False).numpy()
    assert np.abs(after - before).max() > 1e-3
    np.testing.assert_allclose(upper(below), after, rtol=1e-4)
    np.testing.assert_allclose(lower(PHOTOS)[1], below, atol=1e-6)


def test_training_a_part_is_training_the_whole(base, lively_weights):
    """Without augmentation and dropout, one step on what is stored is one step on the photos."""
    steps = []
    for of_part in (False, True):
        base.trainable = False
        base.load_weights(lively_weights)
        keras.utils.set_random_seed(0)
        model = build_model(PLAIN, base, 2)
        cut = last_cut(base, 100)
        below = lower_part(model, base, cut)(PHOTOS)[1]
        learner = upper_part(model, base, cut) if of_part else model
        unfreeze(base, 100)
        before = [variable.numpy() for variable in learner.trainable_variables]
        learner.compile(keras.optimizers.SGD(1e-3), "mse", run_eagerly=True)
        learner.train_on_batch(below if of_part else PHOTOS, np.ones((3, 1)))
        after = [variable.numpy() for variable in learner.trainable_variables]
        steps.append([new - old for new, old in zip(after, before, strict=True)])
    assert len(steps[0]) == 56
    for mine, other in zip(*steps, strict=True):
        assert np.linalg.norm(mine - other) < 1e-3 * np.linalg.norm(mine)
