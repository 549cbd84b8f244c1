import pytest
import tensorflow as tf

from components.errors import TransferlineError
from components.transform.config import RowTransform
from components.transform.raw_features import raw_feature
from components.transform.rows import feature_names

COLUMNS = {
    "b": tf.io.FixedLenFeature([], tf.float32),
    "a": tf.io.VarLenFeature(tf.int64),
    "label": tf.io.FixedLenFeature([], tf.string),
}


def test_all_columns_of_numbers_are_packed_by_name():
    assert feature_names(COLUMNS, RowTransform()) == ("a", "b")


def test_chosen_columns_keep_their_order():
    assert feature_names(COLUMNS, RowTransform(features=("b", "a"))) == ("b", "a")


@pytest.mark.parametrize(
    ("columns", "settings", "cause"),
    [
        (COLUMNS, RowTransform(features=("label",)), "no column of numbers 'label'"),
        (COLUMNS, RowTransform(features=("c",)), "no column of numbers 'c'"),
        ({"label": COLUMNS["label"]}, RowTransform(), "no column of numbers"),
    ],
)
def test_what_cannot_be_packed(columns, settings, cause):
    with pytest.raises(TransferlineError, match=cause):
        feature_names(columns, settings)


def test_a_missing_number_is_absent_and_a_zero_is_not():
    sparse = raw_feature(tf.constant([0.0, float("nan"), 2.0]), tf.io.VarLenFeature(tf.float32))
    assert sparse.values.numpy().tolist() == [0.0, 2.0]
    assert sparse.indices.numpy().tolist() == [[0, 0], [2, 0]]
    assert sparse.dense_shape.numpy().tolist() == [3, 1]
    assert raw_feature(tf.constant([3.0]), tf.io.FixedLenFeature([], tf.int64)).dtype == tf.int64
