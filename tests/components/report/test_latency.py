import pytest
import tensorflow as tf

from components.report.latency import AT_ONCE, REPEATS, WARM_UPS, measure_latency


class Counting(tf.Module):
    """Counts how often it is asked of how many."""

    def __init__(self):
        self.asked = tf.Variable(tf.zeros([64], tf.int32))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(self, examples):
        self.asked.scatter_add(tf.IndexedSlices([1], [tf.size(examples)]))
        return {"label": examples}


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """A model that counts; it is loaded once, and the one that answers is seen."""
    model = Counting()
    tf.saved_model.save(model, str(tmp_path / "model"), {"serving_default": model.serve})
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    monkeypatch.setattr("components.report.latency.load_model", lambda _: loaded)
    return loaded.asked


def examples_in(folder, count, *, photos=False):
    with tf.io.TFRecordWriter(str(folder / "a.gz"), "GZIP") as writer:
        for _ in range(count):
            example = tf.train.Example()
            example.features.feature["image" if photos else "x"].bytes_list.value.append(b"")
            writer.write(example.SerializeToString())
    return [str(folder / "a.gz")]


def test_the_model_is_asked_one_by_one_and_at_once(asked, tmp_path):
    latency = measure_latency(examples_in(tmp_path, 50), "model")
    assert (latency.record, latency.at_once) == ("row", AT_ONCE)
    assert latency.alone > 0
    assert latency.together > 0
    counts = asked.numpy()
    assert counts[1] == WARM_UPS + AT_ONCE
    assert counts[AT_ONCE] == WARM_UPS + REPEATS
    assert counts.sum() == counts[1] + counts[AT_ONCE]


@pytest.mark.usefixtures("asked")
def test_few_photos_are_enough_and_none_are_said_so(tmp_path):
    latency = measure_latency(examples_in(tmp_path, 3, photos=True), "model")
    assert (latency.record, latency.at_once) == ("photo", 3)
    assert measure_latency(examples_in(tmp_path, 0), "model") is None
