"""Defines the executor of Transform."""

import json
import os
from typing import Any

import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx import types
from tfx.components.transform import executor as tfx_transform
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as specs
from tfx_bsl.tfxio.tfxio import TFXIO

from components.contract import CLASSIFICATION, LABEL
from components.csv_example_gen.column_counts import COLUMNS_FILE, read_columns
from components.ingest.report import read_report
from components.only_file import by_name
from components.transform.config import RowTransform
from components.transform.labels import write_class_names
from components.transform.photos import SETTINGS_FILE
from components.transform.plan import planned
from components.transform.reading import BatchedExamples
from components.transform.rows import LAYOUT, without_weight
from components.transform.vector import write_layout

DESCRIPTORS = ["Transform"]
INGEST_REPORT = "ingest_report"
"""The input with what ExampleGen counted."""


class Processor(tfx_transform.TransformProcessor):
    """TFX's own, but for how gzipped TFRecords of tf.Example are read."""

    def _CreateTFXIO(self, dataset: Any, schema: schema_pb2.Schema) -> TFXIO:
        return BatchedExamples(file_pattern=dataset.file_pattern, schema=schema, telemetry_descriptors=DESCRIPTORS)


class Executor(tfx_transform.Executor):
    """TFX's own, with our processor, the layout of a row's vector, and the classes of the training split."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Transforms; see TFX."""
        counted = artifact_utils.get_single_uri(input_dict[INGEST_REPORT])
        transform_graph = artifact_utils.get_single_uri(output_dict[specs.TRANSFORM_GRAPH_KEY])
        config = json.loads(exec_properties[specs.CUSTOM_CONFIG_KEY])
        layout = None
        if tf.io.gfile.exists(os.path.join(counted, COLUMNS_FILE)):  # photos have no columns
            columns = without_weight(read_columns(counted), config)
            layout = planned(RowTransform.model_validate(config["transform"]), columns, LABEL)
            config[LAYOUT] = layout.model_dump(mode="json")
        # TFX makes its processor by its name in the module, and has no other way in.
        stock = tfx_transform.TransformProcessor
        tfx_transform.TransformProcessor = Processor
        try:
            with by_name():
                super().Do(input_dict, output_dict, exec_properties | {specs.CUSTOM_CONFIG_KEY: json.dumps(config)})
        finally:
            tfx_transform.TransformProcessor = stock
        if config.get("task", CLASSIFICATION) == CLASSIFICATION:
            write_class_names(read_report(counted).labels("train"), transform_graph)
        if layout:
            write_layout(layout, transform_graph)
        with tf.io.gfile.GFile(os.path.join(transform_graph, SETTINGS_FILE), "w") as file:
            file.write(json.dumps(config["transform"]))
