import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from components.errors import TransferlineError
from components.trainer.transfer_learning.config import Augmentation, TransferLearning
from components.trainer.transfer_learning.model import (
    augmentation_layers,
    build_base,
    build_model,
    head_kind,
    loss_of,
    metrics_of,
    unfreeze,
)

PLAIN = TransferLearning(weights=None)


def trainable(model):
    return len(model.trainable_variables), sum(int(np.prod(v.shape)) for v in model.trainable_variables)


def test_the_base_is_the_published_one():
    base = build_base(160)

    assert len(base.layers) == 154
    assert base.count_params() == 2_257_984
    assert base.output_shape == (None, 5, 5, 1280)


def test_both_phases_train_what_they_should(base):
    model = build_model(PLAIN, base, 2)

    assert trainable(model) == (2, 1_281)
    unfreeze(base, 100)
    assert trainable(model) == (56, 1_862_721)
    assert base.layers[97].name == "block_10_project_BN"


@pytest.mark.parametrize("pooling", ["avg", "flatten"])
def test_a_softmax_head_has_one_output_a_class(base, pooling):
    model = build_model(TransferLearning(weights=None, pooling=pooling), base, 5)

    assert trainable(model)[1] == 1281 * 5
    assert model.output_shape == (None, 5)
    np.testing.assert_allclose(tf.reduce_sum(model(tf.zeros([3, 32, 32, 3])), axis=1), 1, rtol=1e-6)


def test_flatten_keeps_every_place_of_the_photo():
    base = keras.Sequential([keras.layers.Conv2D(7, 3, strides=32, padding="same", input_shape=(64, 64, 3))])
    base.trainable = False

    model = build_model(TransferLearning(weights=None, pooling="flatten"), base, 5)

    assert trainable(model)[1] == (2 * 2 * 7 + 1) * 5


def test_photos_are_changed_at_random_while_training_only():
    change = keras.Sequential(augmentation_layers(Augmentation(), "symmetric", seed=0))
    photos = tf.random.stateless_uniform([2, 32, 32, 3], [1, 2], -1, 1)

    assert not np.allclose(change(photos, training=True), photos)
    np.testing.assert_array_equal(change(photos, training=False), photos)
    assert augmentation_layers(Augmentation(horizontal_flip=False, rotation=0), "symmetric", seed=0) == []


@pytest.mark.parametrize(
    ("head", "classes", "kind"),
    [("auto", 2, "logit"), ("auto", 3, "softmax"), ("softmax", 2, "softmax"), ("logit", 2, "logit")],
)
def test_the_head_fits_the_classes(head, classes, kind):
    assert head_kind(TransferLearning(head=head), classes) == kind


def test_one_logit_for_three_classes_is_an_error():
    with pytest.raises(TransferlineError, match="two classes"):
        head_kind(TransferLearning(head="logit"), 3)


def test_loss_and_accuracy_fit_the_head():
    ids = tf.constant([1, 0], tf.int64)

    assert float(loss_of("logit")(ids, tf.constant([[20.0], [-20.0]]))) == pytest.approx(0, abs=1e-6)
    assert float(loss_of("softmax")(ids, tf.constant([[0.0, 1.0], [1.0, 0.0]]))) == pytest.approx(0, abs=1e-6)
    for head, output in (("logit", [[0.1], [0.1]]), ("softmax", [[0.4, 0.6], [0.4, 0.6]])):
        (accuracy,) = metrics_of(head)
        accuracy.update_state(ids, tf.constant(output))
        assert accuracy.name == "accuracy"
        assert float(accuracy.result()) == 0.5


@pytest.mark.parametrize(("head", "output"), [("logit", [[0.3], [-2.0], [1.5]]), ("softmax", [[0.4, 0.6]] * 3)])
def test_a_weighted_loss_is_that_of_keras_with_a_weight_a_photo(head, output):
    ids, weights = np.array([1, 0, 0]), np.array([0.25, 4.0], np.float32)
    found = loss_of(head, weights)(tf.constant(ids), tf.constant(output))
    expected = loss_of(head)(tf.constant(ids[:, np.newaxis]), tf.constant(output), sample_weight=weights[ids])
    assert float(found) == pytest.approx(float(expected), rel=1e-6)
