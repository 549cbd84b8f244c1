"""Infers a schema of rows: what the training split shows, and what the rules let the others be."""

from collections.abc import Mapping

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatisticsList, FeatureNameStatistics

from components.column_rules import CATEGORIES, ColumnRules
from components.wording import printable

MOST_VALUES = 200
"""Of a category with more values than this, a schema that lists them can't be read. TFDV refuses 400."""

LONGEST_VALUE = 256
"""Bytes of a value in a list: a longer one is no category's name."""

NUMBERS = (schema_pb2.INT, schema_pb2.FLOAT)

Statistics = Mapping[str, FeatureNameStatistics]
"""Of each feature, by its name."""


def row_schema(splits: Mapping[str, DatasetFeatureStatisticsList], rules: ColumnRules) -> schema_pb2.Schema:
    """Returns the schema, in which the label has no domain yet.

    A feature that no record of any split lacks is required, and has a shape. Of the others the rules say what share may
    be missing. That training happened to have a value in each row is no law for the other splits.

    Args:
        splits: The statistics of each split; "train" at least.
        rules: Which columns are learned from, and what they may lack or have.
    """
    by_split = {split: _by_name(found) for split, found in splits.items()}
    train = by_split.pop("train")
    schema = tfdv.infer_schema(splits["train"], infer_feature_shape=True, max_string_domain_size=0)
    known = {feature.name for feature in schema.feature}
    for split in by_split:  # a feature that no training record has
        inferred = tfdv.infer_schema(splits[split], infer_feature_shape=True, max_string_domain_size=0)
        new = [feature for feature in inferred.feature if feature.name not in known]
        schema.feature.extend(new)
        known |= {feature.name for feature in new}
    for feature in schema.feature:
        kind = rules.kind_of(feature.name, feature.type in NUMBERS)
        bounds = rules.bounds_of(feature.name, kind)
        if any(_lacks(found, feature.name) for found in (train, *by_split.values())):
            _make_optional(feature, bounds.max_missing)
        if feature.name == rules.weight:
            feature.float_domain.min = 0.0
        if kind in CATEGORIES and feature.name in train:
            _list_values(schema, feature, train[feature.name], bounds.max_unseen)
    return schema


def ranges_of(statistics: DatasetFeatureStatisticsList, rules: ColumnRules) -> dict[str, tuple[float, float]]:
    """Returns the lowest and the highest value of each column that is learned from as a number."""
    return {
        name: (found.num_stats.min, found.num_stats.max)
        for name, found in _by_name(statistics).items()
        if found.WhichOneof("stats") == "num_stats" and rules.kind_of(name, of_numbers=True) == "number"
    }


def ranges_text(ranges: Mapping[str, tuple[float, float]]) -> str:
    """Returns the ranges as comments of a schema's text; "" where there are none."""
    lines = [f"#   {printable(name)}: {low:g} to {high:g}\n" for name, (low, high) in sorted(ranges.items())]
    return "# Numbers of the training split, from the lowest to the highest:\n" + "".join(lines) if lines else ""


def _by_name(statistics: DatasetFeatureStatisticsList) -> Statistics:
    return {feature.path.step[0]: feature for feature in statistics.datasets[0].features}


def _lacks(found: Statistics, name: str) -> bool:
    """Whether a record of a split has no value; a feature that none has isn't in its statistics."""
    return name not in found or getattr(found[name], found[name].WhichOneof("stats")).common_stats.num_missing > 0


def _make_optional(feature: schema_pb2.Feature, max_missing: float | None) -> None:
    feature.ClearField("shape")
    feature.ClearField("presence")
    feature.value_count.min = feature.value_count.max = 1
    if max_missing is not None:
        feature.presence.min_fraction = 1 - max_missing


def _list_values(
    schema: schema_pb2.Schema, feature: schema_pb2.Feature, found: FeatureNameStatistics, max_unseen: float | None
) -> None:
    """Gives a category the values that training has, of which others may have as many as the rules say."""
    if feature.type == schema_pb2.INT:
        feature.int_domain.is_categorical = True
    if feature.type != schema_pb2.BYTES:
        return
    values = [bucket.label for bucket in found.string_stats.rank_histogram.buckets]
    whole = len(values) == found.string_stats.unique <= MOST_VALUES
    if whole and all(len(value.encode()) <= LONGEST_VALUE for value in values):
        domain = schema_pb2.StringDomain(name=feature.name, value=sorted(values))
        tfdv.set_domain(schema, feature.name, domain)
        feature.distribution_constraints.min_domain_mass = 1 - (1 if max_unseen is None else max_unseen)
