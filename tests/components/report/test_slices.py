"""The order of slices, those that are folded, and the chart of them."""

import pytest
import tensorflow as tf
from report_samples import NASTY, check

from components.column_roles import ColumnRoles
from components.report.slice_meanings import find_meanings
from components.report.slices import one_valued, slice_chart, worst_first


def test_the_worst_come_first_after_all_examples(evaluation):
    names = [each.name for each in worst_first(evaluation)]
    assert names == ["all examples", "place=here", "label=dog", f"label={NASTY}"]


def test_a_slice_that_holds_all_examples_is_folded(evaluation):
    every = evaluation.slices[0].model_copy(update={"name": "format=JPEG"})
    found = evaluation.model_copy(update={"slices": (*evaluation.slices, every)})
    assert one_valued(found) == ["format=JPEG"]
    assert "format=JPEG" not in str(slice_chart(found).traces)
    # Another value of the feature, without an example of its own, makes it more than one value.
    other = every.model_copy(update={"name": "format=PNG", "count": 4})
    assert one_valued(found.model_copy(update={"slices": (*found.slices, other)})) == []


def test_bounds_and_the_last_blessed_model_are_drawn_at_their_slice(evaluation):
    decision = evaluation.decision.model_copy(
        update={"checks": (check(), check(slice="label=dog", bound=0.6), check(slice="place=here", kind="max_drop"))}
    )
    chart = slice_chart(evaluation.model_copy(update={"decision": decision}))
    candidate, blessed, bounds = chart.traces
    assert candidate["y"] == ["all examples (100)", "place=here (8)", "label=dog (40)", f"label={NASTY} (60)"]
    assert candidate["x"] == [0.75, 0.25, 0.525, 0.9]
    assert blessed["x"] == [0.7] * 4
    assert (bounds["name"], bounds["x"]) == ("bound", [0.7, None, 0.6, None])
    assert "the worst is place=here with 0.2500" in chart.summary


def test_one_slice_alone_is_not_drawn(evaluation):
    assert slice_chart(evaluation.model_copy(update={"slices": evaluation.slices[:1]})) is None
    assert slice_chart(None) is None


class Quarters(tf.Module):
    """Puts the feature `fare` into parts as Transform does: 0 where it is missing."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def slices(self, examples):
        fare = tf.io.parse_example(examples, {"fare": tf.io.FixedLenFeature([], tf.float32, -1.0)})["fare"]
        return {"fare_quartile": tf.cast(fare >= 0, tf.int64) + tf.cast(fare >= 10, tf.int64)}


@pytest.fixture
def model_path(tmp_path):
    model = Quarters()
    tf.saved_model.save(model, str(tmp_path / "model"), {"transform_slices": model.slices})
    return str(tmp_path / "model")


def test_parts_of_a_column_are_told_by_the_values_of_the_test(model_path, tmp_path):
    with tf.io.TFRecordWriter(str(tmp_path / "a.gz"), "GZIP") as writer:
        for fare in (7.5, None, 3.25, 10.0, float("nan")):
            example = tf.train.Example()
            if fare is not None:
                example.features.feature["fare"].float_list.value.append(fare)
            writer.write(example.SerializeToString())
    roles = ColumnRoles(quantiles={"fare_quartile": "fare"}, positive_counts={"tags": ("a", "b")})
    found = find_meanings([str(tmp_path / "a.gz")], model_path, roles)
    assert found["fare_quartile=0"] == "fare is missing"
    assert found["fare_quartile=1"] == "fare from 3.250 to 7.500"
    assert found["fare_quartile=2"] == "fare is 10"
    assert found["tags=2"] == "2 of a, b above 0"
    assert found["image/size_bucket=small"] == "longest side below 256 pixels"
