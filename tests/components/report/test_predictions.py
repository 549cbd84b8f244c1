import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from components.report.predictions import BATCH, WITH_PICTURES, predict_batch
from components.trainer.serving import classification_outputs


class ByWidth(tf.Module):
    """Says dog of a label that begins with d, for sure, unless the example is marked."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(self, examples):
        spec = {"label": tf.io.FixedLenFeature([], tf.string), "marked": tf.io.FixedLenFeature([], tf.int64)}
        parsed = tf.io.parse_example(examples, spec)
        is_dog = tf.equal(parsed["label"], "dog") != (parsed["marked"] == 1)
        dog = tf.where(is_dog, 0.75, 0.125)
        return classification_outputs(tf.stack([1 - dog, dog], axis=1), ["cat", "dog"])


@pytest.fixture(scope="module")
def model_path(tmp_path_factory):
    folder, model = str(tmp_path_factory.mktemp("model")), ByWidth()
    tf.saved_model.save(model, folder, {"serving_default": model.serve})
    return folder


def files_of(folder, count, picture=b""):
    with tf.io.TFRecordWriter(str(folder / "a.gz"), "GZIP") as writer:
        for number in range(count):
            example = tf.train.Example()
            features = example.features.feature
            # In the order of their classes, as photos are in their folders.
            features["label"].bytes_list.value.append(b"cat" if number < count / 2 else b"dog")
            features["marked"].int64_list.value.append(number % 5 == 0)
            features["row/place"].bytes_list.value.append(f"line {number}".encode())
            if picture:
                features["image"].bytes_list.value.append(picture)
                features["image/path"].bytes_list.value.append(f"photo {number}".encode())
            writer.write(example.SerializeToString())
    return [str(folder / "a.gz")]


def test_a_batch_is_drawn_from_all_over_the_split(model_path, tmp_path):
    found = predict_batch(files_of(tmp_path, 300), model_path)
    assert len(found) == len({each.sample.place for each in found}) == BATCH
    assert found == predict_batch([str(tmp_path / "a.gz")], model_path)
    assert {each.sample.label for each in found[:9]} == {"cat", "dog"}
    for each in found:
        marked = int(each.sample.place.removeprefix("line ")) % 5 == 0
        assert each.is_right == (not marked)
        assert each.confidence == pytest.approx(0.75 if each.predicted == "dog" else 0.875)
        assert each.sample.columns == {}
    assert 0 < sum(each.is_right for each in found) < BATCH


def test_the_first_photos_have_pictures(model_path, tmp_path):
    file = io.BytesIO()
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(file, "PNG")
    found = predict_batch(files_of(tmp_path, 12, file.getvalue()), model_path)
    assert [bool(each.sample.picture) for each in found] == [True] * WITH_PICTURES + [False] * 3
    assert {each.sample.place for each in found} == {f"photo {number}" for number in range(12)}


def test_an_empty_test_split_has_no_batch(model_path, tmp_path):
    assert predict_batch(files_of(tmp_path, 0), model_path) == ()
