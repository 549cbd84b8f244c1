import math

import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras
from tf_keras.src.layers.preprocessing import image_preprocessing

from components.trainer.transfer_learning.augmentation import (
    RandomChange,
    brightened,
    changes,
    contrasted,
    cropped,
    rotated,
    translated,
    zoomed,
)
from components.trainer.transfer_learning.config import Augmentation
from components.transform.images import rescale

SIZES = pytest.mark.parametrize(("height", "width"), [(32, 32), (20, 31)])
EVERY = Augmentation(rotation=0.2, zoom=0.2, translation=0.1, crop=0.1, contrast=0.2, brightness=0.1)
NONE = {"horizontal_flip": False, "rotation": 0.0}


def random_photos(height, width, count=6):
    return tf.random.stateless_uniform([count, height, width, 3], [1, 2], -1, 1)


@SIZES
def test_photos_are_turned_as_keras_turns_them(height, width):
    photos = random_photos(height, width)
    angles = tf.constant([0.0, 0.3, -1.2, math.pi / 2, 2.5, -math.pi])
    matrices = image_preprocessing.get_rotation_matrix(angles, float(height), float(width))
    expected = image_preprocessing.transform(photos, matrices, fill_mode="reflect", interpolation="bilinear")
    np.testing.assert_allclose(rotated(photos, angles), expected, atol=1e-3)
    np.testing.assert_array_equal(rotated(photos, angles)[0], photos[0])


@SIZES
@pytest.mark.parametrize("factor", [0.0, 0.3, -0.7, 0.99])
def test_photos_are_zoomed_as_keras_zooms_them(height, width, factor):
    photos = random_photos(height, width)
    expected = keras.layers.RandomZoom((factor, factor))(photos, training=True)
    np.testing.assert_allclose(zoomed(photos, tf.fill([6], 1.0 + factor)), expected, atol=1e-3)


@SIZES
@pytest.mark.parametrize(("down", "right"), [(0.0, 0.0), (0.11, -0.23), (-0.9, 0.97)])
def test_photos_are_moved_as_keras_moves_them(height, width, down, right):
    photos = random_photos(height, width)
    expected = keras.layers.RandomTranslation((down, down), (right, right))(photos, training=True)
    np.testing.assert_allclose(translated(photos, tf.constant([[down, right]] * 6)), expected, atol=1e-3)


@SIZES
@pytest.mark.parametrize("share", [0.1, 0.25, 0.9])
def test_a_window_is_taken_out_and_resized_as_tensorflow_does(height, width, share):
    photos = random_photos(height, width, 3)
    window = [round(length * (1 - share)) for length in (height, width)]
    places = [[0, 0], [(height - window[0]) // 2, (width - window[1]) // 2], [height - window[0], width - window[1]]]
    taken = [tf.image.crop_to_bounding_box(photo, *place, *window) for photo, place in zip(photos, places, strict=True)]
    expected = tf.stack([tf.image.resize(each, [height, width]) for each in taken])
    corners = [
        [(at + 0.5) / (length - of + 1) for at, length, of in zip(place, (height, width), window, strict=True)]
        for place in places
    ]
    np.testing.assert_allclose(cropped(photos, tf.constant(corners), share), expected, atol=1e-4)
    ends = cropped(photos[:2], tf.constant([[0.0, 0.0], [1.0, 1.0]]), share)
    np.testing.assert_allclose(ends[0], expected[0], atol=1e-4)
    np.testing.assert_allclose(
        ends[1], tf.image.resize(photos[1, -window[0] :, -window[1] :], [height, width]), atol=1e-4
    )


@pytest.mark.parametrize("factor", [0.0, 0.6, 1.8])
def test_contrast_is_what_keras_makes_of_bytes(factor):
    photos = random_photos(8, 9)
    of_bytes = tf.clip_by_value(tf.image.adjust_contrast((photos + 1) * 127.5, factor), 0, 255)
    np.testing.assert_allclose(contrasted(photos, tf.fill([6], factor)), of_bytes / 127.5 - 1, atol=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.3, -0.8])
def test_brightness_is_what_keras_makes(share):
    photos = random_photos(8, 9)
    expected = keras.layers.RandomBrightness((share, share), value_range=(-1, 1))(photos, training=True)
    np.testing.assert_allclose(brightened(photos, tf.fill([6], share)), expected, atol=1e-5)


@pytest.mark.parametrize("scale", ["unit", "imagenet"])
@pytest.mark.parametrize("name", ["contrast", "brightness"])
def test_on_every_scale_a_photo_is_changed_alike(name, scale):
    bytes_, drawn = (random_photos(8, 9) + 1) * 127.5, tf.fill([6, 1], 0.9)
    (of_scale,) = changes(Augmentation(**{**NONE, name: 0.8}), scale)
    (symmetric,) = changes(Augmentation(**{**NONE, name: 0.8}), "symmetric")
    expected = rescale((symmetric.made(rescale(bytes_, "symmetric"), drawn) + 1) * 127.5, scale)
    np.testing.assert_allclose(of_scale.made(rescale(bytes_, scale), drawn), expected, atol=1e-5)


def test_each_photo_is_turned_by_an_angle_of_its_own_within_bounds():
    def turning():
        return RandomChange(*changes(Augmentation(horizontal_flip=False, rotation=0.1), "symmetric"), seed=0)

    layer = turning()
    # One bright pixel right of the centre tells the angle.
    photos = np.zeros([200, 101, 101, 1], np.float32)
    photos[:, 50, 90] = 1
    turned = tf.cast(layer(photos, training=True), tf.float64).numpy()[..., 0]
    rows, columns = np.mgrid[:101, :101] - 50
    angles = np.arctan2((turned * -rows).sum((1, 2)), (turned * columns).sum((1, 2)))
    assert len(set(angles.round(3))) > 150
    assert -0.2 * math.pi - 0.02 < angles.min() < -0.15 * math.pi
    assert 0.15 * math.pi < angles.max() < 0.2 * math.pi + 0.02
    again = turning()
    np.testing.assert_array_equal(again(photos, training=True)[..., 0], turned.astype(np.float32))
    assert not np.array_equal(again(photos, training=True)[..., 0], turned.astype(np.float32))
    np.testing.assert_array_equal(layer(photos, training=False), photos)


def test_only_the_changes_that_are_asked_for_are_made_in_the_order_of_the_settings():
    names = ["random_rotation", "random_zoom", "random_translation", "random_crop"]
    names += ["random_contrast", "random_brightness"]
    assert [change.name for change in changes(EVERY, "symmetric")] == names
    for name in ("rotation", "zoom", "translation", "crop", "contrast", "brightness"):
        (change,) = changes(Augmentation(**{**NONE, name: 0.5}), "symmetric")
        assert change.name == f"random_{name}"
    assert changes(Augmentation(**NONE), "symmetric") == ()


@pytest.mark.parametrize("change", changes(EVERY, "symmetric"), ids=lambda change: change.name)
def test_each_photo_is_changed_by_numbers_of_its_own_whatever_the_size_of_the_batch(change):
    layer = RandomChange(change, seed=0)
    changed = tf.function(lambda photos: layer(photos, training=True), [tf.TensorSpec([None, 8, 8, 3])])
    same = tf.repeat(random_photos(8, 8, 1), 5, axis=0)
    found = changed(same).numpy()
    assert found.shape == (5, 8, 8, 3)
    assert len({photo.tobytes() for photo in found}) > 1
    assert np.abs(found).max() <= 1
    assert changed(same[:2]).shape == (2, 8, 8, 3)
    np.testing.assert_array_equal(layer(same), same)
