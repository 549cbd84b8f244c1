import ast

import apache_beam as beam
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx_bsl.tfxio.tf_example_record import TFExampleRecord

from components.transform.reading import BatchedExamples

SCHEMA = text_format.Parse(
    """
    feature { name: "mass" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } }
    feature { name: "count" type: INT }
    feature { name: "label" type: BYTES }
    """,
    schema_pb2.Schema(),
)
RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"


@pytest.fixture
def pattern(tmp_path):
    """Two files; some examples lack a feature, some have several values of one."""
    generator = np.random.default_rng(0)
    for file in range(2):
        with tf.io.TFRecordWriter(str(tmp_path / f"{file}.gz"), "GZIP") as writer:
            for number in range(25):
                example = tf.train.Example()
                example.features.feature["mass"].float_list.value.append(generator.normal())
                if number % 3:
                    example.features.feature["count"].int64_list.value.extend(range(number % 3))
                if number % 4:
                    example.features.feature["label"].bytes_list.value.append(f"é{number}".encode())
                writer.write(example.SerializeToString())
    return str(tmp_path / "*.gz")


@pytest.fixture
def read(tmp_path):
    """Returns the rows that a source gives, and the sizes of its batches."""

    def run(source):
        with beam.Pipeline(runner=RUNNER) as pipeline:
            texts = pipeline | source.BeamSource(7) | beam.Map(lambda batch: repr(batch.to_pylist()))
            _ = texts | beam.io.WriteToText(str(tmp_path / "read"), num_shards=1, shard_name_template="")
        batches = [ast.literal_eval(line) for line in (tmp_path / "read").read_text().splitlines()]
        return sorted((row for batch in batches for row in batch), key=lambda row: row["mass"]), list(map(len, batches))

    return run


def test_the_record_batches_are_those_of_tfx(pattern, read):
    ours, sizes = read(BatchedExamples(file_pattern=pattern, schema=SCHEMA, telemetry_descriptors=["test"]))
    theirs, _ = read(TFExampleRecord(file_pattern=pattern, schema=SCHEMA, telemetry_descriptors=["test"]))
    assert ours == theirs
    assert len(ours) == 50
    assert max(sizes) == 7


def test_a_projection_reads_only_what_is_asked_for(pattern, read):
    source = BatchedExamples(file_pattern=pattern, schema=SCHEMA, telemetry_descriptors=["test"]).Project(["mass"])
    rows, _ = read(source)
    assert set(rows[0]) == {"mass"}
