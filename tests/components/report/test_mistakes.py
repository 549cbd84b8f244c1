import json

import pytest
import tensorflow as tf

from components.report import mistakes
from components.report.mistakes import find_mistakes
from components.trainer.serving import classification_outputs

NAMES = ["cat", "dog", "fox"]


class ScoreReader(tf.Module):
    """Reads the scores of the classes from the feature `scores`."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(self, examples):
        scores = tf.io.parse_example(examples, {"scores": tf.io.FixedLenFeature([3], tf.float32)})["scores"]
        return classification_outputs(scores, NAMES)


@pytest.fixture
def model_path(tmp_path):
    model = ScoreReader()
    tf.saved_model.save(model, str(tmp_path / "model"), {"serving_default": model.serve})
    return str(tmp_path / "model")


def write(path, rows):
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for label, scores in rows:
            example = tf.train.Example()
            example.features.feature["label"].bytes_list.value.append(label.encode())
            example.features.feature["scores"].float_list.value.extend(scores)
            writer.write(example.SerializeToString())
    return [str(path)]


def test_the_most_confident_wrong_answers_of_each_class_come_first(model_path, tmp_path, monkeypatch):
    monkeypatch.setattr(mistakes, "KEPT_PER_CLASS", 2)
    wrong = [("cat", [0.2, sure, 0.8 - sure]) for sure in (0.5, 0.7, 0.6)]
    files = write(tmp_path / "a.gz", [("dog", [0, 1, 0]), *wrong, ("fox", [0.9, 0.1, 0]), ("cat", [1, 0, 0])])
    found = find_mistakes(files, model_path)
    assert (found.seen, found.wrong) == (6, {"cat": 3, "fox": 1})
    assert [each.confidence for each in found.worst["cat"]] == pytest.approx([0.7, 0.6])
    (fox,) = found.worst["fox"]
    assert (fox.predicted, fox.sample.label) == ("cat", "fox")
    assert fox.sample.columns == {"scores": "0.9, 0.1, 0"}


class WithACut(tf.Module):
    """Says dog where its probability is above 0.1."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(self, examples):
        scores = tf.io.parse_example(examples, {"scores": tf.io.FixedLenFeature([2], tf.float32)})["scores"]
        return classification_outputs(scores, NAMES[:2], 0.1)


def test_the_confidence_is_that_in_what_was_answered(tmp_path):
    model = WithACut()
    tf.saved_model.save(model, str(tmp_path / "model"), {"serving_default": model.serve})
    found = find_mistakes(write(tmp_path / "a.gz", [("cat", [0.7, 0.3])]), str(tmp_path / "model"))
    (cat,) = found.worst["cat"]
    assert (cat.predicted, cat.confidence) == ("dog", pytest.approx(0.3))


def test_a_model_without_mistakes(model_path, tmp_path):
    found = find_mistakes(write(tmp_path / "a.gz", [("dog", [0, 1, 0])]), model_path)
    assert json.loads(found.model_dump_json()) == {"seen": 1, "wrong": {}, "worst": {}}


def test_an_empty_test_split(model_path, tmp_path):
    assert find_mistakes(write(tmp_path / "a.gz", []), model_path).seen == 0
