"""What fills up a batch changes no metric."""

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from components.trainer.answering import answers_of
from components.trainer.transfer_learning.full_batches import full_batches
from components.trainer.transfer_learning.model import Classifier, loss_of, metrics_of

COUNT, BATCH = 7, 4


def batches(classes):
    random = np.random.default_rng(0)
    inputs = random.normal(size=(COUNT, 2, 3)).astype(np.float32)
    return tf.data.Dataset.from_tensor_slices((inputs, np.arange(COUNT) % classes)).batch(BATCH)


def model_of(head, class_weights):
    """With weights of its own, so that its answers are neither all right nor all wrong."""
    keras.utils.set_random_seed(3)
    inputs = keras.Input([2, 3])
    dense = keras.layers.Dense(1) if head == "logit" else keras.layers.Dense(3, activation="softmax")
    model = Classifier(inputs, dense(keras.layers.Flatten()(inputs)))
    model.compile("sgd", loss_of(head, class_weights), weighted_metrics=metrics_of(head), run_eagerly=True)
    return model


def test_all_batches_have_one_shape_and_what_is_filled_weighs_nothing():
    full = full_batches(batches(2), BATCH, COUNT)

    assert [spec.shape.as_list() for spec in full.element_spec] == [[BATCH, 2, 3], [BATCH], [BATCH]]
    assert int(full.cardinality()) == 2
    inputs, ids, weights = (np.concatenate(each) for each in zip(*full.as_numpy_iterator(), strict=True))
    assert weights.tolist() == pytest.approx([8 / 7] * 7 + [0])
    assert not inputs[COUNT:].any()
    expected, expected_ids = (np.concatenate(each) for each in zip(*batches(2).as_numpy_iterator(), strict=True))
    np.testing.assert_array_equal(inputs[:COUNT], expected)
    assert (ids[:COUNT] == expected_ids).all()


@pytest.mark.parametrize("class_weights", [None, np.array([0.5, 3, 1], np.float32)])
@pytest.mark.parametrize(("head", "classes"), [("logit", 2), ("softmax", 3)])
def test_the_metrics_are_those_of_batches_as_they_are(head, classes, class_weights):
    model = model_of(head, class_weights)
    plain = model.evaluate(batches(classes), verbose=0, return_dict=True)
    padded = model.evaluate(full_batches(batches(classes), BATCH, COUNT), verbose=0, return_dict=True)

    assert 0 < plain["accuracy"] < 1
    assert padded == pytest.approx(plain, rel=1e-6)


def test_a_model_is_asked_of_the_examples_alone():
    model = model_of("softmax", None)
    plain, padded = (answers_of(model, each) for each in (batches(3), full_batches(batches(3), BATCH, COUNT)))
    for found, expected in zip(padded, plain, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_examples_that_fill_their_batches_weigh_1():
    whole = batches(2).unbatch().take(4).batch(2)
    assert [weights.tolist() for *_, weights in full_batches(whole, 2, 4).as_numpy_iterator()] == [[1, 1], [1, 1]]
