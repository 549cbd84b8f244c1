import numpy as np
import pytest
import tensorflow as tf

from components.errors import TransferlineError
from components.transform.labels import class_names, label_ids, write_class_names


def written(folder, *labels):
    write_class_names(labels, str(folder))
    return class_names(str(folder))


def test_class_names_are_sorted(tmp_path):
    assert written(tmp_path, "dog", "cat") == ("cat", "dog")


def test_class_names_may_hold_spaces_line_breaks_and_unicode(tmp_path):
    assert written(tmp_path, "Österreich", "red\npanda") == ("red\npanda", "Österreich")


@pytest.mark.parametrize("labels", [[], ["cat"]])
def test_fewer_than_two_classes_are_an_error_with_a_cure(tmp_path, labels):
    with pytest.raises(TransferlineError, match="two classes or more") as error:
        written(tmp_path, *labels)
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
