"""Reads the report's part on the data from the output of ExampleGen, TFDV and the gate."""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

import tensorflow as tf
from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2

from components.column_roles import NO_ROLES, ColumnRoles, read_uses
from components.contract import ESTIMATED, PATH, PLACE, SHA256, SPLITS
from components.ingest import storage
from components.ingest.findings import outside_text
from components.ingest.record_files import SHARD, files_of_split
from components.ingest.report import QUARANTINE_FILE, Quarantined, read_report
from components.report.examples import samples_by_class
from components.report.review import Anomaly, DataReview, FeatureStatistics, HistogramBar

STATISTICS_FILE, ANOMALIES_FILE = "FeatureStats.pb", "SchemaDiff.pb"
SHOWN_QUARANTINED, SHOWN_DUPLICATES, SHOWN_VALUES = 200, 50, 8
SHOWN_REASONS = 30
QUOTED = re.compile(r"'[^']*'|(?<=\brow )\d+")
"""What a reason quotes of its own record."""

NAMES_OF_RECORDS = (PATH, PLACE, SHA256)
"""Of each record its own: there is nothing to be seen in their statistics."""


def read_data(
    ingest_report: str, statistics: str, anomalies: str, examples: str, roles: ColumnRoles = NO_ROLES
) -> DataReview:
    """Returns what is known of the data.

    Args:
        ingest_report: ExampleGen's output of that name; "" where the run didn't come to it, as for the others.
        statistics: StatisticsGen's output.
        anomalies: ExampleValidator's output.
        examples: ExampleGen's output.
        roles: What the settings do with the columns of rows.
    """
    report = read_report(ingest_report) if ingest_report else None
    return DataReview(
        found=report.found if report else 0,
        counts=report.counts if report else {},
        quarantined=report.quarantined if report else 0,
        unused=report.unused if report else 0,
        long_cells=report.long_cells if report else (),
        passed_over=report.passed_over if report else 0,
        first_passed_over=report.first_passed_over if report else (),
        outside=outside_text(report.first_outside, report.outside) if report else "",
        quarantine=tuple(_quarantine(ingest_report)) if report else (),
        reasons=count_reasons(ingest_report) if report else {},
        duplicates=report.duplicates[:SHOWN_DUPLICATES] if report else (),
        conflicts=report.conflicts if report else None,
        columns=tuple(read_uses(ingest_report, roles)) if ingest_report else (),
        statistics=tuple(each for split in SPLITS for each in read_statistics(statistics, split)),
        anomalies=tuple(each for split in SPLITS for each in _anomalies(anomalies, split)),
        samples=samples_by_class(split_files(examples, "train")) if examples else {},
    )


def split_files(examples: str, split: str) -> list[str]:
    """Returns the TFRecord files of a split of the examples; none where they are gone."""
    folder = os.path.join(examples, f"Split-{split}")
    return files_of_split(folder) if any(map(SHARD.fullmatch, storage.names_in(folder))) else []


def read_statistics(statistics: str, split: str) -> Iterator[FeatureStatistics]:
    """Yields TFDV's statistics of each feature of a split, by name; nothing where there are none."""
    path = os.path.join(statistics, f"Split-{split}", STATISTICS_FILE)
    if not statistics or not tf.io.gfile.exists(path):
        return
    with tf.io.gfile.GFile(path, "rb") as file:
        found = statistics_pb2.DatasetFeatureStatisticsList.FromString(file.read())
    for dataset in found.datasets:
        for feature in sorted(dataset.features, key=_name):
            if _name(feature) in NAMES_OF_RECORDS:
                continue
            # Whole numbers that a schema calls categories have the statistics of texts.
            yield _number(feature, split) if feature.WhichOneof("stats") == "num_stats" else _text(feature, split)


def _quarantine(folder: str) -> Iterator[Quarantined]:
    path = os.path.join(folder, QUARANTINE_FILE)
    if not tf.io.gfile.exists(path):
        return
    with tf.io.gfile.GFile(path) as file:
        for _, line in zip(range(SHOWN_QUARANTINED), file, strict=False):
            yield Quarantined.model_validate(json.loads(line))


def count_reasons(folder: str) -> dict[str, int]:
    """Returns how many records were set aside by reason, the most frequent ones first.

    Args:
        folder: Of an ingest report.
    """
    path = os.path.join(folder, QUARANTINE_FILE)
    if not tf.io.gfile.exists(path):
        return {}
    with tf.io.gfile.GFile(path) as file:
        counts = Counter(QUOTED.sub("…", Quarantined.model_validate_json(line).reason) for line in file)
    return dict(counts.most_common(SHOWN_REASONS))


def _anomalies(folder: str, split: str) -> Iterator[Anomaly]:
    path = os.path.join(folder, f"Split-{split}", ANOMALIES_FILE)
    if not folder or not tf.io.gfile.exists(path):
        return
    with tf.io.gfile.GFile(path, "rb") as file:
        found = anomalies_pb2.Anomalies.FromString(file.read())
    for name, anomaly in sorted(found.anomaly_info.items()):
        description = " ".join(reason.description for reason in anomaly.reason) or anomaly.description
        yield Anomaly(split=split, feature=name, description=description)
    if found.HasField("dataset_anomaly_info"):
        yield Anomaly(split=split, feature="", description=found.dataset_anomaly_info.description)


def _name(feature: statistics_pb2.FeatureNameStatistics) -> str:
    return feature.name or ".".join(feature.path.step)


def _number(feature: statistics_pb2.FeatureNameStatistics, split: str) -> FeatureStatistics:
    found = feature.num_stats
    standard = [each for each in found.histograms if each.type == statistics_pb2.Histogram.STANDARD]
    return FeatureStatistics(
        name=_name(feature),
        split=split,
        kind="number",
        present=found.common_stats.num_non_missing,
        missing=found.common_stats.num_missing,
        mean=found.mean,
        deviation=found.std_dev,
        lowest=found.min,
        median=found.median,
        highest=found.max,
        zeros=found.num_zeros,
        histogram=tuple(_bars(standard[0].buckets)) if standard else (),
    )


def _bars(buckets: Sequence[statistics_pb2.Histogram.Bucket]) -> Iterator[HistogramBar]:
    for bucket in buckets:
        yield HistogramBar(low=bucket.low_value, high=bucket.high_value, count=bucket.sample_count)


def _text(feature: statistics_pb2.FeatureNameStatistics, split: str) -> FeatureStatistics:
    is_text = feature.WhichOneof("stats") == "string_stats"
    kind: Literal["text", "bytes"] = "text" if is_text else "bytes"
    found = feature.string_stats if is_text else feature.bytes_stats
    return FeatureStatistics(
        name=_name(feature),
        split=split,
        kind=kind,
        present=found.common_stats.num_non_missing,
        missing=found.common_stats.num_missing,
        unique=found.unique,
        estimated=any(each.name == ESTIMATED for each in feature.custom_stats),
        top=tuple((value.value, value.frequency) for value in found.top_values[:SHOWN_VALUES]) if is_text else (),
    )
