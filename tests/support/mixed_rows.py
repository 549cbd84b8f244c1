"""A table with a column of each kind, and the Transform output over it, as the pipeline would leave them."""

from collections import Counter

import apache_beam as beam
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io, schema_utils

from components.arrow import pa
from components.csv_example_gen.column_counts import ColumnCounts
from components.transform.config import Boolean, Category, Date, Number, RowTransform, Text
from components.transform.labels import write_class_names
from components.transform.plan import planned
from components.transform.rows import preprocessing_fn
from components.transform.vector import write_layout

TYPES = {
    "age": "float",
    "fare": "float",
    "rank": "float",
    "class": "int",
    "Place of birth": "string",
    "town": "string",
    "alone": "string",
    "day": "date",
    "note": "string",
}
FIXED = ("fare", "class", "town", "note")
"""Columns that training rows never lack."""

SPEC = {
    name: (tf.io.FixedLenFeature if name in (*FIXED, "label") else lambda _, dtype: tf.io.VarLenFeature(dtype))(
        [], {"float": tf.float32, "int": tf.int64, "date": tf.int64, "string": tf.string}[kind]
    )
    for name, kind in {**TYPES, "label": "string"}.items()
}
FEATURES = {
    "age": Number(),
    "fare": Number(scale="log"),
    "rank": Number(scale="quantile"),
    "class": Category(),
    "Place of birth": Category(),
    "town": Category(),
    "alone": Boolean(),
    "day": Date(),
    "note": Text(buckets=16),
}
WORDS = ("ship", "cabin", "Deck", "sea", "port")


def table(rows, seed=0):
    """Rows whose label goes by a code, a town and a hole."""
    rng = np.random.default_rng(seed)
    gaps = {name: rng.random(rows) < 0.1 for name in TYPES if name not in FIXED}
    code, town = rng.integers(1, 4, rows), rng.integers(0, 40, rows)
    columns = {
        "age": rng.uniform(0, 80, rows).astype(np.float32),
        "fare": rng.lognormal(3, 1, rows).astype(np.float32),
        "rank": rng.normal(0, 1000, rows).astype(np.float32) ** 3,
        "class": code,
        "Place of birth": rng.choice(["Cork", "Köln", "Oslo"], rows),
        "town": np.array([f"town {n}" for n in town]),
        "alone": rng.choice(["yes", "no"], rows),
        "day": rng.integers(0, 3 * 365, rows) * 86_400 + 3_600 * rng.integers(0, 24, rows),
        "note": np.array([" ".join(rng.choice(WORDS, 3)) + "!" for _ in range(rows)]),
    }
    arrow = {"float": pa.float32(), "int": pa.int64(), "date": pa.int64(), "string": pa.string()}
    arrays = {name: pa.array(columns[name], arrow[TYPES[name]], mask=gaps.get(name)) for name in columns}
    score = 2 * (code == 2) - 1 + 2 * (town % 2) - 1 + 2 * gaps["age"]
    return pa.table({**arrays, "label": np.where(score > 0, "lived", "died").tolist()})


def counts_of(rows):
    """What CsvExampleGen counts in the training split."""
    found = {}
    for name, kind in {**TYPES, "label": "string"}.items():
        given = rows[name].drop_null().to_pylist()
        values = Counter(map(str, given)) if len(set(given)) < 300 else {}
        found[name] = ColumnCounts(
            name=name,
            type=kind,
            rows=len(rows),
            missing=rows[name].null_count,
            distinct=len(set(given)),
            values=dict(sorted(values.items(), key=lambda item: (-item[1], item[0]))),
            lowest=None if kind == "string" else min(given),
            highest=None if kind == "string" else max(given),
        )
    return found


def analysed(rows, folder, features=None):
    """Has TFT analyse rows as TFX has it; returns the layout, which lies beside the graph."""
    settings = RowTransform(features=FEATURES if features is None else features)
    layout = planned(settings, counts_of(rows), "label")
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(SPEC))
    metadata_io.write_metadata(metadata, str(folder / tft.TFTransformOutput.RAW_METADATA_DIR))
    instances = [
        {name: value if name in (*FIXED, "label") else [value] * (value is not None) for name, value in row.items()}
        for row in rows.to_pylist()
    ]
    config = {"transform": settings.model_dump(mode="json"), "layout": layout.model_dump(mode="json")}
    with (
        beam.Pipeline(runner=FnApiRunner()) as pipeline,
        tft_beam.Context(temp_dir=str(folder / "temp"), use_deep_copy_optimization=True),
    ):
        examples = (pipeline | beam.Create(instances), metadata)
        transform_fn = examples | tft_beam.AnalyzeDataset(lambda inputs: preprocessing_fn(inputs, config))
        _ = transform_fn | tft_beam.WriteTransformFn(str(folder))
    write_layout(layout, str(folder))
    write_class_names(rows["label"].unique().to_pylist(), str(folder))
    return layout
