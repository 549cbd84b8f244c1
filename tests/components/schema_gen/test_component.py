import pandas as pd
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.types import standard_artifacts

from components import contract
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
    assert set(features) == constants - {contract.FEATURES, contract.RAW, contract.PLACE}


def test_the_schema_of_rows_has_types_presence_and_classes_but_no_bounds(tmp_path):
    frame = pd.DataFrame({"x": [0.5, 1.5, None], "city": ["Rome", "Bonn", "Rome"], "label": ["0", "1", "0"]})
    statistics = standard_artifacts.ExampleStatistics()
    statistics.uri = str(tmp_path / "statistics")
    statistics.split_names = '["train"]'
    (tmp_path / "statistics" / "Split-train").mkdir(parents=True)
    found = tfdv.generate_statistics_from_dataframe(frame)
    (tmp_path / "statistics" / "Split-train" / "FeatureStats.pb").write_bytes(found.SerializeToString())
    schema_artifact = standard_artifacts.Schema()
    schema_artifact.uri = str(tmp_path)
    executor = RowSchemaGen.EXECUTOR_SPEC.executor_class(None)
    executor.Do({"statistics": [statistics]}, {"schema": [schema_artifact]}, {})
    schema = text_format.Parse((tmp_path / "schema.pbtxt").read_text(), schema_pb2.Schema())
    features = {feature.name: feature for feature in schema.feature}
    assert list(tfdv.get_domain(schema, "label").value) == ["0", "1"]
    assert features["x"].type == schema_pb2.FLOAT
    assert features["city"].type == schema_pb2.BYTES
    assert features["city"].presence.min_fraction == 1
    assert features["x"].presence.min_fraction < 1
    assert not features["x"].HasField("float_domain")
