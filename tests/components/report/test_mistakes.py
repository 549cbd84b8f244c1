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
    monkeypatch.setattr(mistakes, "KEPT_PER_PAIR", 0)
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
    found = json.loads(found.model_dump_json())
    assert (found["seen"], found["wrong"], found["worst"]) == (1, {}, {})
    assert [each["predicted"] for each in found["unsure"]] == ["dog"]


def test_each_pair_of_classes_that_is_confused_has_some_of_its_own(model_path, tmp_path, monkeypatch):
    monkeypatch.setattr(mistakes, "KEPT_PER_CLASS", 1)
    monkeypatch.setattr(mistakes, "KEPT_PER_PAIR", 2)
    monkeypatch.setattr(mistakes, "ROWS_PER_BATCH", 2)
    as_dog = [("cat", [0.4 - less, 0.6 + less, 0]) for less in (0.0, 0.2, 0.1)]
    files = write(tmp_path / "a.gz", [*as_dog, ("cat", [0.3, 0.2, 0.5]), ("fox", [0, 0, 1])])
    found = find_mistakes(files, model_path)
    assert [(each.predicted, round(each.confidence, 3)) for each in found.worst["cat"]] == [
        *(("dog", 0.8), ("dog", 0.7)),
        ("fox", 0.5),
    ]
    assert found.worst["cat"][0].sample.columns == {"scores": "0.2, 0.8, 0"}


def test_right_answers_that_were_least_sure_are_kept_too(model_path, tmp_path, monkeypatch):
    monkeypatch.setattr(mistakes, "KEPT_UNSURE", 2)
    sure = [("dog", [1 - p, p, 0]) for p in (0.9, 0.6, 0.8, 0.55)]
    found = find_mistakes(write(tmp_path / "a.gz", [*sure, ("dog", [0.9, 0.1, 0])]), model_path)
    assert [each.confidence for each in found.unsure] == pytest.approx([0.55, 0.6])
    assert {(each.sample.label, each.predicted) for each in found.unsure} == {("dog", "dog")}


def test_an_empty_test_split(model_path, tmp_path):
    assert find_mistakes(write(tmp_path / "a.gz", []), model_path).seen == 0
