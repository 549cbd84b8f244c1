import pytest
import tensorflow as tf
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.metadata import sqlite_metadata_connection_config
from tfx.orchestration.pipeline import Pipeline

from components.image_example_gen.component import ImageExampleGen
from components.image_example_gen.config import ImageData
from components.ingest.artifact import IngestReportArtifact
from components.ingest.report import read_report


@pytest.fixture
def run(tmp_path):
    """Runs a pipeline of the component alone; returns the executions so far, oldest first."""
    database = sqlite_metadata_connection_config(str(tmp_path / "metadata.db"))

    def once(data, **properties):
        example_gen = ImageExampleGen(ImageData(path=str(data)))
        example_gen.exec_properties.update(properties)
        pipeline = Pipeline(
            pipeline_name="photos",
            pipeline_root=str(tmp_path / "root"),
            components=[example_gen],
            enable_cache=True,
            metadata_connection_config=database,
            beam_pipeline_args=[
                "--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner",
                "--sdk_container_image=none",
            ],
        )
        LocalDagRunner().run(pipeline)
        store = metadata_store.MetadataStore(database)
        executions = sorted(store.get_executions(), key=lambda execution: execution.id)
        return [execution.last_known_state for execution in executions], store

    return once


def test_the_cache_serves_unchanged_photos_and_no_others(run, fill, encode, tmp_path):
    data = tmp_path / "data"
    fill(data / "cat", 10)
    complete, cached = metadata_store_pb2.Execution.COMPLETE, metadata_store_pb2.Execution.CACHED

    states, _ = run(data)
    assert states == [complete]
    states, _ = run(data)
    assert states == [complete, cached]
    (data / "cat" / "000.jpg").write_bytes(encode(99))
    states, _ = run(data)
    assert states == [complete, cached, complete]
    states, store = run(data, source_fingerprint="another")
    assert states == [complete, cached, complete, complete]

    reports = [read_report(artifact.uri) for artifact in store.get_artifacts_by_type(IngestReportArtifact.TYPE_NAME)]
    assert [report.found for report in reports] == [10, 10, 10]
    examples = store.get_artifacts_by_type("Examples")
    assert len({artifact.custom_properties["input_fingerprint"].string_value for artifact in examples}) == 2
    assert examples[0].properties["split_names"].string_value == '["train", "eval", "test"]'
    assert examples[0].custom_properties["span"].int_value == 0
    assert examples[0].custom_properties["payload_format"].string_value == "FORMAT_TF_EXAMPLE"
    assert tf.io.gfile.glob(f"{examples[-1].uri}/Split-train/data_tfrecord-*.gz")


def test_a_fingerprint_of_whoever_started_the_run_is_taken(run, fill, tmp_path):
    data = tmp_path / "data"
    fill(data / "cat", 10)
    complete, cached = metadata_store_pb2.Execution.COMPLETE, metadata_store_pb2.Execution.CACHED

    run(data, input_fingerprint="first")
    (data / "cat" / "000.jpg").unlink()
    states, _ = run(data, input_fingerprint="first")
    assert states == [complete, cached]
    states, store = run(data, input_fingerprint="second")
    assert states == [complete, cached, complete]

    examples = store.get_artifacts_by_type("Examples")
    assert [each.custom_properties["input_fingerprint"].string_value for each in examples] == ["first", "second"]


def test_outputs():
    component = ImageExampleGen(ImageData(path="photos"))
    assert set(component.outputs) == {"examples", "ingest_report"}
    assert ImageData.model_validate_json(component.exec_properties["data"]).path == "photos"
