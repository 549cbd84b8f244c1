import pandas as pd
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components import contract
from components.schema_gen.component import class_names, with_classes
from pipeline.graph import PHOTO_CONTRACT


def test_the_classes_are_those_that_occur():
    frame = pd.DataFrame({"label": ["dog", "cat", "dog", "naïve"], "image/path": list("abcd")})
    assert class_names(tfdv.generate_statistics_from_dataframe(frame)) == ["cat", "dog", "naïve"]


def test_a_schema_is_the_contract_with_the_classes_as_domain():
    schema = text_format.Parse(with_classes(PHOTO_CONTRACT.read_text(), ["cat", "dog"]), schema_pb2.Schema())
    assert list(tfdv.get_domain(schema, "label").value) == ["cat", "dog"]
    features = {feature.name: feature for feature in schema.feature}
    assert features["image"].HasField("image_domain")
    assert not features["image/path"].domain
    constants = (value for name, value in vars(contract).items() if name.isupper() and isinstance(value, str))
    assert set(features) == set(constants)
