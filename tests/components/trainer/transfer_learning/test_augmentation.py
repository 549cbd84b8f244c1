import math

import numpy as np
import pytest
import tensorflow as tf
from tf_keras.src.layers.preprocessing import image_preprocessing

from components.trainer.transfer_learning.augmentation import RandomRotation, rotated


@pytest.mark.parametrize(("height", "width"), [(32, 32), (20, 31)])
def test_photos_are_turned_as_keras_turns_them(height, width):
    photos = tf.random.stateless_uniform([6, height, width, 3], [1, 2], -1, 1)
    angles = tf.constant([0.0, 0.3, -1.2, math.pi / 2, 2.5, -math.pi])
    matrices = image_preprocessing.get_rotation_matrix(angles, float(height), float(width))
    expected = image_preprocessing.transform(photos, matrices, fill_mode="reflect", interpolation="bilinear")
    np.testing.assert_allclose(rotated(photos, angles), expected, atol=1e-3)
    np.testing.assert_array_equal(rotated(photos, angles)[0], photos[0])


def test_each_photo_is_turned_by_an_angle_of_its_own_within_bounds():
    layer = RandomRotation(0.1, seed=0)
    # One bright pixel right of the centre tells the angle.
    photos = np.zeros([200, 101, 101, 1], np.float32)
    photos[:, 50, 90] = 1
    turned = tf.cast(layer(photos, training=True), tf.float64).numpy()[..., 0]
    rows, columns = np.mgrid[:101, :101] - 50
    angles = np.arctan2((turned * -rows).sum((1, 2)), (turned * columns).sum((1, 2)))
    assert len(set(angles.round(3))) > 150
    assert -0.2 * math.pi - 0.02 < angles.min() < -0.15 * math.pi
    assert 0.15 * math.pi < angles.max() < 0.2 * math.pi + 0.02
    again = RandomRotation(0.1, seed=0)
    np.testing.assert_array_equal(again(photos, training=True)[..., 0], turned.astype(np.float32))
    assert not np.array_equal(again(photos, training=True)[..., 0], turned.astype(np.float32))
    np.testing.assert_array_equal(layer(photos, training=False), photos)


def test_the_size_of_a_batch_may_change_in_a_graph():
    layer = RandomRotation(0.2, seed=0)
    turn = tf.function(lambda photos: layer(photos, training=True), input_signature=[tf.TensorSpec([None, 8, 8, 3])])
    assert turn(tf.ones([5, 8, 8, 3])).shape == (5, 8, 8, 3)
    assert turn(tf.ones([2, 8, 8, 3])).shape == (2, 8, 8, 3)
