import numpy as np
import pytest
import tensorflow as tf

from components.report.charts import pooled_values
from components.report.pooled import BINS, pool_values


class Doubling(tf.Module):
    """Doubles two columns, as Transform might."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def transform_features(self, examples):
        return {"features": 2 * tf.io.parse_example(examples, {"x": tf.io.FixedLenFeature([2], tf.float32)})["x"]}

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="rows")])
    def rows(self, rows):
        return {"scores": rows}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """1,200 rows, and their numbers."""
    path, numbers = tmp_path_factory.mktemp("rows") / "a.gz", np.random.default_rng(0).normal(size=(1200, 2))
    numbers[0, 0] = np.nan
    with tf.io.TFRecordWriter(str(path), "GZIP") as writer:
        for row in numbers:
            example = tf.train.Example()
            example.features.feature["x"].float_list.value.extend(row)
            writer.write(example.SerializeToString())
    return [str(path)], numbers.astype(np.float32)


def exported(folder, *names):
    model = Doubling()
    tf.saved_model.save(model, str(folder), {name: getattr(model, name) for name in names})
    return str(folder)


def test_the_values_of_the_first_thousand_rows_are_counted_together_in_101_bars(files, tmp_path):
    paths, numbers = files
    found = pool_values(paths, exported(tmp_path, "transform_features", "rows"))
    counts, edges = np.histogram((2 * numbers[:1000]).ravel()[1:], 101)
    assert found.rows == 1000
    assert len(found.bars) == BINS == 101
    assert [bar.count for bar in found.bars] == counts.tolist()
    assert [found.bars[0].low, found.bars[-1].high] == pytest.approx([edges[0], edges[-1]])
    chart = pooled_values(found)
    assert chart.summary.startswith("1,999 values of the first 1,000 training rows, as Transform makes them, from ")
    assert sum(chart.traces[0]["y"]) == 1999
    assert chart.traces[0]["x0"] + 100 * chart.traces[0]["dx"] == pytest.approx((edges[-2] + edges[-1]) / 2, rel=1e-3)


def test_codes_of_categories_are_no_amounts(files, tmp_path):
    assert pool_values(files[0], exported(tmp_path, "transform_features")) is None


def test_no_rows_have_no_histogram(tmp_path):
    with tf.io.TFRecordWriter(str(tmp_path / "none.gz"), "GZIP"):
        pass
    model = exported(tmp_path / "model", "transform_features", "rows")
    assert pool_values([str(tmp_path / "none.gz")], model) is None
