"""Describes the examples of an ExampleGen as TFX's own does.

Apart from what Beam's workers import: TFX takes seconds.
"""

from tfx import types
from tfx.components.util import examples_utils
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils

from components.contract import SPLITS


def prepare_examples(artifacts: list[types.Artifact]) -> dict[str, str]:
    """Sets what the stock ExampleGen sets on its examples, and returns the folder of each split."""
    examples = artifact_utils.get_single_instance(artifacts)
    examples.split_names = artifact_utils.encode_split_names(list(SPLITS))
    examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
    examples_utils.set_file_format(examples, "tfrecords_gzip")
    return {split: artifact_utils.get_split_uri(artifacts, split) for split in SPLITS}
