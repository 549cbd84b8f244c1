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
    assert set(features) == constants - {
        contract.FEATURES,
        contract.RAW,
        contract.PLACE,
        contract.CLASSIFICATION,
        contract.REGRESSION,
    }


def inferred(frame, folder):
    """The schema that RowSchemaGen makes of a training split."""
    statistics = standard_artifacts.ExampleStatistics()
    statistics.uri = str(folder / "statistics")
    statistics.split_names = '["train"]'
    (folder / "statistics" / "Split-train").mkdir(parents=True)
    found = tfdv.generate_statistics_from_dataframe(frame)
    (folder / "statistics" / "Split-train" / "FeatureStats.pb").write_bytes(found.SerializeToString())
    schema_artifact = standard_artifacts.Schema()
    schema_artifact.uri = str(folder)
    executor = RowSchemaGen.EXECUTOR_SPEC.executor_class(None)
    executor.Do({"statistics": [statistics]}, {"schema": [schema_artifact]}, {})
    return text_format.Parse((folder / "schema.pbtxt").read_text(), schema_pb2.Schema())


def test_the_schema_of_rows_has_types_presence_and_classes_but_no_bounds(tmp_path):
    frame = pd.DataFrame({"x": [0.5, 1.5, None], "city": ["Rome", "Bonn", "Rome"], "label": ["0", "1", "0"]})
    schema = inferred(frame, tmp_path)
    features = {feature.name: feature for feature in schema.feature}
    assert list(tfdv.get_domain(schema, "label").value) == ["0", "1"]
    assert features["x"].type == schema_pb2.FLOAT
    assert features["city"].type == schema_pb2.BYTES
    assert features["city"].presence.min_fraction == 1
    assert features["x"].presence.min_fraction < 1
    assert not features["x"].HasField("float_domain")


def test_a_label_that_is_a_number_has_no_classes_and_no_bounds(tmp_path):
    schema = inferred(pd.DataFrame({"x": [0.5, 1.5], "label": [0.0, 1.0]}, dtype="float32"), tmp_path)
    label = tfdv.get_feature(schema, "label")
    assert label.type == schema_pb2.FLOAT
    assert label.presence.min_fraction == 1
    assert label.WhichOneof("domain_info") is None
    assert not schema.string_domain
