import json

import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.types import standard_artifacts

from components import contract
from components.column_rules import ColumnBounds, ColumnRules
from components.schema_gen.component import RowSchemaGen, class_names, with_classes
from pipeline.graph import PHOTO_CONTRACT


def test_the_classes_are_those_that_occur():
    frame = pd.DataFrame({"label": ["dog", "cat", "dog", "naïve"], "image/path": list("abcd")})
    assert class_names(tfdv.generate_statistics_from_dataframe(frame)) == ["cat", "dog", "naïve"]


def test_classes_may_look_like_numbers():
    frame = pd.DataFrame({"label": ["1", "0", "1"]})
    assert class_names(tfdv.generate_statistics_from_dataframe(frame)) == ["0", "1"]


def test_a_schema_is_the_contract_with_the_classes_as_domain():
    schema = text_format.Parse(with_classes(PHOTO_CONTRACT.read_text(), ["cat", "dog"]), schema_pb2.Schema())
    assert list(tfdv.get_domain(schema, "label").value) == ["cat", "dog"]
    features = {feature.name: feature for feature in schema.feature}
    assert features["image"].HasField("image_domain")
    assert not features["image/path"].domain
    constants = {value for name, value in vars(contract).items() if name.isupper() and isinstance(value, str)}
    assert set(features) == constants - {
        contract.FEATURES,
        contract.RAW,
        contract.PLACE,
        contract.CLASSIFICATION,
        contract.REGRESSION,
        contract.ESTIMATED,
    }


@pytest.fixture
def infer(tmp_path):
    """Runs the component on statistics of data frames; returns the schema, its features by name, and its text."""

    def run(rules=ColumnRules(), **frames):  # noqa: B008 (it is frozen)
        statistics = standard_artifacts.ExampleStatistics()
        statistics.uri = str(tmp_path / "statistics")
        statistics.split_names = json.dumps(list(frames))
        for split, frame in frames.items():
            folder = tmp_path / "statistics" / f"Split-{split}"
            folder.mkdir(parents=True)
            (folder / "FeatureStats.pb").write_bytes(statistics_of(frame).SerializeToString())
        schema_artifact = standard_artifacts.Schema()
        schema_artifact.uri = str(tmp_path)
        executor = RowSchemaGen.EXECUTOR_SPEC.executor_class(None)
        properties = {"columns": rules.model_dump_json()}
        executor.Do({"statistics": [statistics]}, {"schema": [schema_artifact]}, properties)
        text = (tmp_path / "schema.pbtxt").read_text()
        schema = text_format.Parse(text, schema_pb2.Schema())
        return schema, {feature.name: feature for feature in schema.feature}, text

    return run


def statistics_of(frame):
    """As of records, which lack a feature that has no value."""
    return tfdv.generate_statistics_from_dataframe(frame.dropna(axis="columns", how="all"))


def anomalies_of(schema, frame):
    return dict(tfdv.validate_statistics(statistics_of(frame), schema).anomaly_info)


def rows(**columns):
    return pd.DataFrame({"label": ["0", "1"] * 5, **columns})


def test_the_schema_of_rows_has_types_presence_and_classes_but_no_bounds(infer):
    frame = pd.DataFrame({"x": [0.5, 1.5, None], "city": ["Rome", "Bonn", "Rome"], "label": ["0", "1", "0"]})
    schema, features, text = infer(train=frame)
    assert list(tfdv.get_domain(schema, "label").value) == ["0", "1"]
    assert features["x"].type == schema_pb2.FLOAT
    assert features["city"].type == schema_pb2.BYTES
    assert features["city"].presence.min_fraction == 1
    assert not features["city"].domain
    assert features["x"].presence.min_fraction < 1
    assert not features["x"].HasField("float_domain")
    assert "#   x: 0.5 to 1.5\n" in text


NUMBERS = [float(at) for at in range(10)]
LACKING = [None, *NUMBERS[1:]]


def test_a_hole_in_a_column_that_training_never_lacked_is_no_anomaly(infer):
    train, other = rows(x=NUMBERS, y=NUMBERS, z=NUMBERS), rows(x=LACKING, y=NUMBERS, z=[None] * 10)
    schema, features, _ = infer(train=train, eval=train, test=other)
    assert [features[name].HasField("shape") for name in "xyz"] == [False, True, False]
    assert anomalies_of(schema, other) == {}
    assert set(anomalies_of(schema, rows(x=NUMBERS, y=LACKING, z=NUMBERS))) == {"y"}


def test_a_column_that_no_training_row_has_is_no_anomaly(infer):
    train, other = rows(x=NUMBERS, y=[None] * 10), rows(x=NUMBERS, y=NUMBERS)
    schema, features, _ = infer(train=train, test=other)
    assert features["y"].type == schema_pb2.FLOAT
    assert anomalies_of(schema, other) == anomalies_of(schema, train) == {}


def test_what_may_be_missing_is_what_the_rules_allow(infer):
    rules = ColumnRules(features={"x": "number"}, bounds=ColumnBounds(max_missing=0.15))
    schema, features, _ = infer(rules, train=rows(x=LACKING, y=LACKING))
    assert features["x"].presence.min_fraction == pytest.approx(0.85)
    assert anomalies_of(schema, rows(x=LACKING, y=LACKING)) == {}
    assert set(anomalies_of(schema, rows(x=[None, *LACKING[:-1]], y=[None, *LACKING[:-1]]))) == {"x"}


TOWNS = ["Bonn", "Rome"] * 5


@pytest.mark.parametrize(("bound", "stops"), [(None, []), (0.25, []), (0.1, ["town"]), (0.0, ["town"])])
def test_categories_have_their_values_and_what_else_there_may_be(infer, bound, stops):
    kinds = {"town": "category", "code": "category", "x": "number"}
    rules = ColumnRules(features=kinds, bounds=ColumnBounds(max_unseen=bound))
    train = rows(town=TOWNS, note=TOWNS, code=[1, 2] * 5, x=NUMBERS)
    schema, features, _ = infer(rules, train=train)
    assert list(tfdv.get_domain(schema, "town").value) == ["Bonn", "Rome"]
    assert not features["note"].domain
    assert features["code"].int_domain.is_categorical
    assert not features["x"].HasField("int_domain")
    new = rows(town=["Oslo", "Wien", *TOWNS[2:]], note=["Oslo"] * 10, code=[9, 9] * 5, x=NUMBERS)
    assert list(anomalies_of(schema, new)) == stops


def test_of_very_many_or_long_values_there_is_no_list(infer):
    rules = ColumnRules(features={"many": "category", "long": "category"})
    many = pd.DataFrame({"many": [str(at) for at in range(201)], "long": ["x" * 300, *"a" * 200], "label": ["0"] * 201})
    _, features, _ = infer(rules, train=many)
    assert not features["many"].domain
    assert not features["long"].domain


def test_the_weight_is_never_below_zero(infer):
    _, features, text = infer(ColumnRules(weight="w"), train=rows(w=NUMBERS, x=NUMBERS))
    assert features["w"].float_domain.min == 0
    assert features["w"].float_domain.HasField("min")
    assert "#   w:" not in text


def test_a_label_that_is_a_number_has_no_classes_and_no_bounds(infer):
    schema, features, text = infer(train=pd.DataFrame({"x": [0.5, 1.5], "label": [0.0, 1.0]}, dtype="float32"))
    label = features["label"]
    assert label.type == schema_pb2.FLOAT
    assert label.presence.min_fraction == 1
    assert label.WhichOneof("domain_info") is None
    assert not schema.string_domain
    assert "#   label:" not in text


def test_rows_none_of_which_could_be_used_have_a_schema_nevertheless(infer):
    _, features, _ = infer(train=pd.DataFrame({"x": [0.5]}))
    assert list(features) == ["x"]
