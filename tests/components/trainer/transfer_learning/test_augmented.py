import numpy as np
import pytest
import tensorflow as tf

from components.trainer.transfer_learning.augmented import augmented_pictures
from components.trainer.transfer_learning.config import Augmentation, TransferLearning
from components.transform.config import ImageTransform

SIZE = 160
SEEN = ImageTransform(image_size=SIZE)
SETTINGS = TransferLearning(weights=None)


def half_white():
    """A photo whose left half is white: how far it is turned, and whether it is mirrored, can be seen."""
    pixels = np.zeros((100, 200, 3), np.uint8)
    pixels[:, :100] = 255
    return tf.io.encode_png(pixels).numpy()


def decoded(pictures):
    return [tf.io.decode_jpeg(each).numpy() for each in pictures]


def test_a_photo_comes_as_it_is_and_nine_times_otherwise_by_the_seed():
    pictures = augmented_pictures(half_white(), SEEN, SETTINGS)
    assert augmented_pictures(half_white(), SEEN, SETTINGS) == pictures
    assert augmented_pictures(half_white(), SEEN, SETTINGS.model_copy(update={"seed": 1}))[1:] != pictures[1:]
    photo, *changed = decoded(pictures)
    assert photo.shape == (128, 128, 3)
    assert (photo[:, :60] > 240).all()
    assert (photo[:, 68:] < 15).all()
    assert len({picture.tobytes() for picture in changed}) == 9
    assert all(len(picture) < 8_000 for picture in pictures)


@pytest.mark.parametrize("base", ["EfficientNetV2B0", None])
def test_it_is_the_same_photo_whatever_the_network_takes_pixels_scaled_to(base):
    pictures = augmented_pictures(half_white(), SEEN, SETTINGS)
    others = augmented_pictures(half_white(), SEEN, SETTINGS.model_copy(update={"base": base}))
    for one, other in zip(decoded(pictures), decoded(others), strict=True):
        assert np.abs(one.astype(int) - other.astype(int)).max() <= 2


def test_only_what_the_settings_say_is_changed():
    flip = SETTINGS.model_copy(update={"augmentation": Augmentation(rotation=0)})
    photo, *changed = decoded(augmented_pictures(half_white(), SEEN, flip))
    mirrored = [bool(picture[64, 100, 0] > 128) for picture in changed]
    assert 0 < sum(mirrored) < 9
    for picture, is_mirrored in zip(changed, mirrored, strict=True):
        expected = photo[:, ::-1] if is_mirrored else photo
        assert np.abs(picture.astype(int) - expected.astype(int)).mean() < 2
    still = SETTINGS.model_copy(update={"augmentation": Augmentation(horizontal_flip=False, rotation=0)})
    assert augmented_pictures(half_white(), SEEN, still) == []


def test_of_a_cropped_photo_the_middle_is_seen():
    pixels = np.zeros((100, 200, 3), np.uint8)
    pixels[:, :40] = 255
    wide = tf.io.encode_png(pixels).numpy()
    cropped = SEEN.model_copy(update={"crop_to_aspect_ratio": True})
    whole, middle = (decoded(augmented_pictures(wide, seen, SETTINGS))[0] for seen in (SEEN, cropped))
    assert whole[:, :20].min() > 200
    assert middle.max() < 20
