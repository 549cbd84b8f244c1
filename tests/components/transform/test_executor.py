import json

import pytest
import tensorflow as tf
import tensorflow_transform as tft
from tfx.components.transform import executor as tfx_transform
from tfx.types import standard_artifacts

from components.transform.config import RowTransform
from components.transform.executor import Executor
from components.transform.reading import BatchedExamples

SCHEMA = """
feature { name: "mass" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }
feature { name: "label" type: BYTES presence { min_fraction: 1 } shape { dim { size: 1 } } }
"""
BEAM = ["--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner", "--direct_running_mode=in_memory"]


@pytest.fixture
def artifacts(tmp_path):
    """Twenty rows, and where the outputs go."""
    kinds = {
        "examples": standard_artifacts.Examples,
        "schema": standard_artifacts.Schema,
        "transform_graph": standard_artifacts.TransformGraph,
        "updated_analyzer_cache": standard_artifacts.TransformCache,
    }
    found = {name: kind() for name, kind in kinds.items()}
    for name, artifact in found.items():
        artifact.uri = str(tmp_path / name)
    found["examples"].split_names = '["train"]'
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "schema.pbtxt").write_text(SCHEMA)
    (tmp_path / "examples" / "Split-train").mkdir(parents=True)
    with tf.io.TFRecordWriter(str(tmp_path / "examples" / "Split-train" / "data.gz"), "GZIP") as writer:
        for number in range(20):
            example = tf.train.Example()
            example.features.feature["mass"].float_list.value.append(number)
            example.features.feature["label"].bytes_list.value.append(b"dog" if number % 3 else b"cat")
            writer.write(example.SerializeToString())
    return found


def test_rows_are_read_in_batches_and_analysed_as_by_tfx(artifacts, monkeypatch):
    sources = []
    real = BatchedExamples.BeamSource
    monkeypatch.setattr(BatchedExamples, "BeamSource", lambda *given: sources.append(given) or real(*given))
    properties = {
        "preprocessing_fn": "components.transform.rows.preprocessing_fn",
        "custom_config": json.dumps({"transform": RowTransform().model_dump(mode="json")}),
        "splits_config": json.dumps({"analyze": ["train"], "transform": []}),
        "force_tf_compat_v1": 0,
        "disable_statistics": 1,
    }
    inputs = {name: [artifacts[name]] for name in ("examples", "schema")}
    outputs = {name: [artifact] for name, artifact in artifacts.items() if name not in inputs}
    Executor(Executor.Context(beam_pipeline_args=BEAM)).Do(inputs, outputs, properties)
    assert sources
    output = tft.TFTransformOutput(artifacts["transform_graph"].uri)
    assert sorted(output.vocabulary_by_name("label")) == [b"cat", b"dog"]
    raw = {"mass": tf.constant([[9.5], [19.0]]), "label": tf.constant([["cat"], ["dog"]])}
    features = output.transform_features_layer()(raw)["features"].numpy()[:, 0]
    assert features == pytest.approx([0.0, 9.5 / 33.25**0.5], abs=1e-5)  # mean 9.5 and variance 33.25 of 0 to 19
    assert tfx_transform.TransformProcessor.__module__.startswith("tfx.")
