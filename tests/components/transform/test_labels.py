import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft

from components.errors import TransferlineError
from components.transform.labels import class_names, label_ids


@pytest.fixture
def output_with(tmp_path):
    """Returns a function that makes a transform output with a vocabulary file, as TFT lays it out."""

    def make(*names):
        assets = tmp_path / tft.TFTransformOutput.TRANSFORM_FN_DIR / "assets"
        assets.mkdir(parents=True)
        (assets / "label").write_text("".join(f"{name}\n" for name in names))
        metadata = tmp_path / tft.TFTransformOutput.TRANSFORMED_METADATA_DIR
        metadata.mkdir()
        (metadata / "schema.pbtxt").write_text("")
        return tft.TFTransformOutput(str(tmp_path))

    return make


def test_class_names_are_sorted_whatever_their_frequency(output_with):
    assert class_names(output_with("dog", "cat")) == ("cat", "dog")


def test_class_names_may_hold_spaces_and_unicode(output_with):
    assert class_names(output_with("Österreich", "red panda")) == ("red panda", "Österreich")


@pytest.mark.parametrize("names", [[], ["cat"]])
def test_fewer_than_two_classes_are_an_error_with_a_cure(output_with, names):
    with pytest.raises(TransferlineError, match="two classes or more") as error:
        class_names(output_with(*names))
    assert error.value.cure


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_label_ids_eagerly_and_in_tf_data(shape):
    labels = np.reshape([b"dog", b"cat", "Öl".encode()], shape)

    eager = label_ids(tf.constant(labels), ["cat", "dog", "Öl"])
    mapped = next(iter(tf.data.Dataset.from_tensors(labels).map(lambda batch: label_ids(batch, ["cat", "dog", "Öl"]))))

    assert eager.dtype == tf.int64
    np.testing.assert_array_equal(eager, np.reshape([1, 0, 2], shape))
    np.testing.assert_array_equal(mapped, eager)


def test_an_unknown_label_is_minus_one():
    np.testing.assert_array_equal(label_ids(tf.constant(["bird", "cat"]), ["cat", "dog"]), [-1, 0])
