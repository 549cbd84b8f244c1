"""Defines the executor of Transform."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2
from tfx import types
from tfx.components.transform import executor as tfx_transform
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as specs
from tfx_bsl.tfxio.tfxio import TFXIO

from components.contract import CLASSIFICATION, LABEL
from components.csv_example_gen.column_counts import COLUMNS_FILE, read_columns
from components.errors import TransferlineError
from components.ingest import storage
from components.ingest.record_counts import lost, records_of
from components.ingest.report import read_report
from components.only_file import by_name
from components.transform.analysed import analysed_rows, missing_parts
from components.transform.config import RowTransform
from components.transform.labels import write_class_names
from components.transform.merging import counted_merging
from components.transform.photos import SETTINGS_FILE
from components.transform.plan import planned
from components.transform.reading import BatchedExamples
from components.transform.rows import LAYOUT, without_weight
from components.transform.vector import write_layout
from components.wording import listed

DESCRIPTORS = ["Transform"]
ANALYSED = "train"
"""The split that TFX has TFT analyse."""

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
        """Transforms; see TFX.

        Raises:
            TransferlineError: Records were lost.
        """
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
            with by_name(), counted_merging():
                super().Do(input_dict, output_dict, exec_properties | {specs.CUSTOM_CONFIG_KEY: json.dumps(config)})
        finally:
            tfx_transform.TransformProcessor = stock
        _check(input_dict[specs.EXAMPLES_KEY], output_dict)
        if config.get("task", CLASSIFICATION) == CLASSIFICATION:
            write_class_names(read_report(counted).labels("train"), transform_graph)
        if layout:
            write_layout(layout, transform_graph)
        with tf.io.gfile.GFile(os.path.join(transform_graph, SETTINGS_FILE), "w") as file:
            file.write(json.dumps(config["transform"]))


def _check(examples: list[types.Artifact], outputs: Mapping[str, list[types.Artifact]]) -> None:
    """Compares the records that the engine counted with those that there are, and leaves nothing where they differ."""
    folders = {name: artifact_utils.get_single_uri(artifacts) for name, artifacts in outputs.items()}
    try:
        if missing := missing_parts(folders[specs.TRANSFORM_GRAPH_KEY]):
            raise lost(f"{listed(missing)} weren't written", folders[specs.TRANSFORM_GRAPH_KEY])
        for place, splits, counted in _counted(examples, folders):
            folders_of_splits = [
                folder for split in splits for folder in artifact_utils.get_split_uris(examples, split)
            ]
            if counted != (records := sum(map(records_of, folders_of_splits))):
                raise lost(f"{records} records of {listed(splits)} are stored, {counted} were counted", place)
    except TransferlineError:
        for folder in folders.values():
            storage.remove_tree(folder)
        raise


def _counted(examples: list[types.Artifact], folders: Mapping[str, str]) -> Iterator[tuple[str, list[str], int]]:
    """Yields where records were counted, of which splits, and how many."""
    analysed = analysed_rows(folders[specs.TRANSFORM_GRAPH_KEY])
    if analysed is not None:
        yield folders[specs.TRANSFORM_GRAPH_KEY], [ANALYSED], analysed
    every = artifact_utils.decode_split_names(artifact_utils.get_single_instance(examples).split_names)
    for key, splits in ((specs.PRE_TRANSFORM_STATS_KEY, [ANALYSED]), (specs.POST_TRANSFORM_STATS_KEY, every)):
        if key in folders:
            yield folders[key], splits, _examples_in(os.path.join(folders[key], tfx_transform.STATS_FILE))


def _examples_in(statistics: str) -> int:
    """How many examples a file of statistics is of; none where the engine lost it."""
    if not tf.io.gfile.exists(statistics):
        return 0
    with tf.io.gfile.GFile(statistics, "rb") as file:
        found = statistics_pb2.DatasetFeatureStatisticsList.FromString(file.read())
    return sum(dataset.num_examples for dataset in found.datasets)
