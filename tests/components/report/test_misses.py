import numpy as np
import pytest
import tensorflow as tf

from components.report import misses
from components.report.examples import samples_by_class
from components.report.misses import find_errors
from components.task import ServedTask, write_task


class NumberReader(tf.Module):
    """Answers with the feature `answer`."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(self, examples):
        return {
            "prediction": tf.io.parse_example(examples, {"answer": tf.io.FixedLenFeature([], tf.float32)})["answer"]
        }


@pytest.fixture(scope="module")
def model_path(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("numbers") / "model")
    model = NumberReader()
    tf.saved_model.save(model, folder, {"serving_default": model.serve})
    write_task(ServedTask(task="regression", label="price", lowest=0, highest=50), folder)
    return folder


def write(path, rows):
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for number, (label, answer) in enumerate(rows):
            example = tf.train.Example()
            example.features.feature["label"].float_list.value.append(label)
            example.features.feature["answer"].float_list.value.append(answer)
            example.features.feature["row/place"].bytes_list.value.append(f"rows.csv, line {number + 2}".encode())
            writer.write(example.SerializeToString())
    return [str(path)]


def test_the_rows_farthest_off_come_first_from_all_batches(model_path, tmp_path, monkeypatch):
    monkeypatch.setattr(misses, "KEPT", 2)
    monkeypatch.setattr(misses, "ROWS_PER_BATCH", 2)
    found = find_errors(write(tmp_path / "a.gz", [(10, 11), (10, 60), (10, 12), (10, 10), (40, -5)]), model_path)
    first, second = found.worst
    assert (first.actual, first.predicted, first.sample.place) == (10, 60, "rows.csv, line 3")
    assert (second.actual, second.predicted, second.sample.columns) == (40, -5, {"answer": "-5"})
    assert (found.seen, found.outside, found.lowest, found.highest, found.distinct) == (5, 2, 0, 50, 5)
    assert found.worst_share == pytest.approx(2500 / (1 + 2500 + 4 + 2025))


def test_all_rows_are_in_the_bars_or_far_out(model_path, tmp_path):
    rows = [(number % 50, number % 50 + 1 + number / 1000) for number in range(1000)] + [(1, 49.0)]
    found = find_errors(write(tmp_path / "a.gz", rows), model_path)
    assert sum(bar.count for bar in found.bars) + found.beyond == 1001
    assert 1 <= found.beyond <= 12
    assert found.bars[-1].high < 3
    assert len(found.points) == 1000
    assert found.points[0] == (1.0, 0.0)  # as a chart has them: the prediction across, the label up


def test_tenths_have_the_means_of_their_rows(model_path, tmp_path):
    rows = [(label, 2 * label) for label in range(30)]
    found = find_errors(write(tmp_path / "a.gz", rows), model_path)
    assert [each.examples for each in found.tenths] == [3] * 10
    assert [each.actual for each in found.tenths] == pytest.approx(np.arange(1, 30, 3))
    assert [each.predicted for each in found.tenths] == pytest.approx(2 * np.arange(1, 30, 3))


def test_an_empty_test_split(model_path, tmp_path):
    found = find_errors(write(tmp_path / "a.gz", []), model_path)
    assert (found.seen, found.worst, found.points, found.tenths, found.worst_share) == (0, (), (), (), 0.0)


def test_samples_of_numbers_arent_by_class(tmp_path):
    found = samples_by_class(write(tmp_path / "a.gz", [(number, 0) for number in range(50)]))
    assert list(found) == [""]
    assert [sample.label for sample in found[""]] == ["0", "1", "2", "3", "4", "5"]
