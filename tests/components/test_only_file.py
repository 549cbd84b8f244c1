import pytest
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2
from tfx.types import standard_artifacts
from tfx.utils import io_utils

from components.example_validator.executor import Executor
from components.only_file import OF_TFX, by_name, only_file

FOREIGN = (".DS_Store", "notes.txt", "beam-temp-x/half", "schema.pbtxt.part")


@pytest.fixture
def folder(tmp_path):
    """A folder with what a desktop and a killed step leave."""
    folder = tmp_path / "schema"
    for name in FOREIGN:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"\0")
    return folder


def test_the_file_of_a_schema_is_found_by_its_name(folder):
    with pytest.raises(RuntimeError, match="Only one file per dir"):
        only_file(str(folder))
    (folder / "schema.pbtxt").touch()
    assert only_file(str(folder)) == str(folder / "schema.pbtxt")
    with by_name():
        assert io_utils.get_only_uri_in_dir(str(folder)) == str(folder / "schema.pbtxt")
    assert io_utils.get_only_uri_in_dir is OF_TFX


def test_a_file_of_another_name_is_taken_where_it_is_alone(tmp_path):
    (tmp_path / "mine.pbtxt").touch()
    assert only_file(str(tmp_path)) == str(tmp_path / "mine.pbtxt")


def test_statistics_are_validated_beside_foreign_files(folder, tmp_path):
    schema = text_format.Parse('feature { name: "a" type: FLOAT }', schema_pb2.Schema())
    (folder / "schema.pbtxt").write_text(text_format.MessageToString(schema))
    given = {"schema": standard_artifacts.Schema(), "statistics": standard_artifacts.ExampleStatistics()}
    found = standard_artifacts.ExampleAnomalies()
    for name, artifact in (given | {"anomalies": found}).items():
        artifact.uri = str(tmp_path / name)
    given["statistics"].split_names = '["train"]'
    for name in FOREIGN[:2]:
        path = tmp_path / "statistics" / "Split-train" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    statistics = statistics_pb2.DatasetFeatureStatisticsList()
    statistics.datasets.add().num_examples = 1
    (path.parent / "FeatureStats.pb").write_bytes(statistics.SerializeToString())
    Executor(Executor.Context()).Do({name: [each] for name, each in given.items()}, {"anomalies": [found]}, {})
    assert (tmp_path / "anomalies" / "Split-train" / "SchemaDiff.pb").exists()
