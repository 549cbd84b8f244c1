import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
from tfx.components.statistics_gen.executor import Executor as TfxExecutor
from tfx.components.util import examples_utils
from tfx.proto import example_gen_pb2
from tfx.types import standard_artifacts

from components.ingest.record_files import shard_name
from components.statistics_gen.executor import Executor
from pipeline.config import Beam

BEAM = list(Beam().arguments)


@pytest.fixture(scope="session")
def serialized():
    """Makes a serialized tf.Example of lists of texts or whole numbers, arrays of floats, or None for no list."""

    def make(**features):
        made = tf.train.Example()
        for name, values in features.items():
            feature = made.features.feature[name]
            if isinstance(values, np.ndarray):
                feature.float_list.value.extend(values)
            elif values is not None and all(isinstance(value, int) for value in values):
                feature.int64_list.value.extend(values)
            elif values is not None:
                feature.bytes_list.value.extend(
                    value if isinstance(value, bytes) else value.encode() for value in values
                )
        return made.SerializeToString()

    return make


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("statistics_gen")


@pytest.fixture(scope="module")
def write_examples(folder):
    """Writes an Examples artifact: of each split its files, of each file its serialized examples."""

    def write(**splits):
        artifact = standard_artifacts.Examples()
        artifact.uri = str(folder / "examples")
        artifact.split_names = json.dumps(list(splits))
        examples_utils.set_payload_format(artifact, example_gen_pb2.FORMAT_TF_EXAMPLE)
        examples_utils.set_file_format(artifact, "tfrecords_gzip")
        for split, files in splits.items():
            to = folder / "examples" / f"Split-{split}"
            shutil.rmtree(to, ignore_errors=True)
            to.mkdir(parents=True)
            for number, examples in enumerate(files):
                with tf.io.TFRecordWriter(str(to / shard_name(number, len(files))), "GZIP") as writer:
                    for each in examples:
                        writer.write(each)
        return artifact

    return write


@pytest.fixture(scope="module")
def statistics(folder):
    """Runs an executor; returns the statistics of each split."""

    def run(examples, *, of=Executor, schema=None, **properties):
        output = standard_artifacts.ExampleStatistics()
        output.uri = str(folder / of.__module__)
        inputs = {"examples": [examples]} | ({"schema": [schema]} if schema else {})
        executor = of(of.Context(beam_pipeline_args=BEAM, tmp_dir=str(folder / "tmp")))
        executor.Do(inputs, {"statistics": [output]}, properties)
        return {
            split: tfdv.load_stats_binary(f"{output.uri}/Split-{split}/FeatureStats.pb").datasets[0]
            for split in json.loads(output.split_names)
        }

    return run


@pytest.fixture(scope="module")
def tfx_statistics(statistics):
    """The same by TFX's own executor."""
    return lambda examples, **given: statistics(examples, of=TfxExecutor, **given)
