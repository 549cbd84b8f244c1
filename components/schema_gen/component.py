"""Defines the components that provide a schema: one takes a curated one, the others infer it."""

import os

import tensorflow as tf
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2
from tfx.components.statistics_gen import stats_artifact_utils
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils, standard_artifacts

from components.column_rules import ColumnRules
from components.contract import LABEL
from components.errors import TransferlineError
from components.schema_gen.rows import ranges_of, ranges_text, row_schema

SCHEMA_FILE = "schema.pbtxt"
INFERRED = """\
# Inferred: the contract of photos, and the classes of the training split. To make it the law: correct it, save it in
# schemas/ and name it as curated_schema in the catalog file. From then on, data that differs from it stops the run.
"""

INFERRED_ROWS = """\
# Inferred: the columns, and the classes and categories of the training split. To make it the law: correct it, give
# numbers their bounds (float_domain), save it in schemas/ and name it as curated_schema in the catalog file.
# min_domain_mass is the least share of values that must be in the list, min_fraction of records that must have one.
"""


@component
def CuratedSchema(schema: OutputArtifact[standard_artifacts.Schema], schema_text: Parameter[str]) -> None:
    """Writes the text of a Schema proto as an artifact.

    TFX's ImportSchemaGen takes a path, so an edited file is still served from the cache, and a container has to find
    it. The text itself is a good cache key, and travels with the compiled pipeline.
    """
    _write(schema_text, schema.uri)


@component
def PhotoSchemaGen(
    statistics: InputArtifact[standard_artifacts.ExampleStatistics],
    schema: OutputArtifact[standard_artifacts.Schema],
    contract_text: Parameter[str],
) -> None:
    """Infers the classes from the training split, and takes the rest from the contract.

    TFX's SchemaGen would infer that a path or a hash that training doesn't show is an anomaly.

    Args:
        statistics: Of the split "train", at least.
        schema: The output.
        contract_text: A Schema proto as text, in which the label has no domain yet.
    """
    train = stats_artifact_utils.load_statistics(statistics, "train").proto()
    _write(INFERRED + with_classes(contract_text, class_names(train)), schema.uri)


@component
def RowSchemaGen(
    statistics: InputArtifact[standard_artifacts.ExampleStatistics],
    schema: OutputArtifact[standard_artifacts.Schema],
    columns: Parameter[str],
) -> None:
    """Infers a schema of rows: types, presence, the values of categories, and the classes as the label's domain.

    Numbers get no bounds: the range that the training rows happen to have is no law. It is told in a comment. So does a
    label that is a number to predict: of its range the gate knows.

    Args:
        statistics: Of each split.
        schema: The output.
        columns: `ColumnRules` as JSON.
    """
    rules = ColumnRules.model_validate_json(columns)
    names = artifact_utils.decode_split_names(statistics.split_names)
    splits = {name: stats_artifact_utils.load_statistics(statistics, name).proto() for name in names}
    inferred = row_schema(splits, rules)
    text = str(text_format.MessageToString(inferred, as_utf8=True))
    # Where no row could be used, there is no label either: the gate says so.
    of_classes = any(feature.name == LABEL and feature.type == schema_pb2.BYTES for feature in inferred.feature)
    if of_classes:
        text = with_classes(text, class_names(splits["train"]))
    _write(INFERRED_ROWS + ranges_text(ranges_of(splits["train"], rules)) + text, schema.uri)


def class_names(statistics: statistics_pb2.DatasetFeatureStatisticsList) -> list[str]:
    """Returns the labels that occur, sorted.

    TFDV's own inference takes the classes 0 and 1 for a truth value, and gives them no domain.

    Args:
        statistics: Of one split.

    Raises:
        TransferlineError: There are more labels than the statistics list.
    """
    for feature in statistics.datasets[0].features:
        if list(feature.path.step) == [LABEL]:
            listed = [bucket.label for bucket in feature.string_stats.rank_histogram.buckets]
            if feature.string_stats.unique > len(listed):
                raise TransferlineError(
                    f"There are {feature.string_stats.unique} different labels, too many to infer classes from.",
                    place="the label column",
                    cure="Check that it is the right column, or name a curated_schema.",
                )
            return sorted(listed)
    return []


def with_classes(contract_text: str, classes: list[str]) -> str:
    """Returns a schema's text with the classes as the label's domain."""
    schema = text_format.Parse(contract_text, schema_pb2.Schema())
    tfdv.set_domain(schema, LABEL, schema_pb2.StringDomain(name=LABEL, value=classes))
    return str(text_format.MessageToString(schema, as_utf8=True))


def _write(schema_text: str, folder: str) -> None:
    tf.io.gfile.makedirs(folder)  # on a cluster nobody has made it
    with tf.io.gfile.GFile(os.path.join(folder, SCHEMA_FILE), "w") as file:
        file.write(schema_text)
