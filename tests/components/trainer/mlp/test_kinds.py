"""A network on features of every kind, as it is trained, saved and served."""

import json
import subprocess
import sys
import types

import mixed_rows
import numpy as np
import pytest
import tensorflow as tf

from components.arrow import pa, pc
from components.csv_example_gen.encode import encode_each, gzipped_records
from components.trainer.curves import read_curves
from components.trainer.mlp.config import MLP, MLPTraining
from components.trainer.mlp.run_fn import run_fn
from components.trainer.serving import INPUTS_FILE
from components.transform.config import Number, RowTransform

TRAIN, EVAL = mixed_rows.table(1_500), mixed_rows.table(400, seed=1)


def trained(folder, features):
    """Trains and exports; returns the FnArgs."""
    (folder / "train.gz").write_bytes(gzipped_records(TRAIN))
    (folder / "eval.gz").write_bytes(gzipped_records(EVAL))
    mixed_rows.analysed(TRAIN, folder / "transform", features)
    settings = MLPTraining(
        models={"one": MLP(widths=(16,))}, batch_size=100, max_epochs=30, patience=10, learning_rate=0.02
    )
    args = types.SimpleNamespace(
        train_files=[str(folder / "train.gz")],
        eval_files=[str(folder / "eval.gz")],
        transform_graph_path=str(folder / "transform"),
        serving_model_dir=str(folder / "model"),
        model_run_dir=str(folder / "run"),
        hyperparameters=None,
        custom_config={
            "trainer": settings.model_dump(mode="json"),
            "transform": RowTransform(features=features).model_dump(mode="json"),
        },
    )
    run_fn(args)
    return args


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mixed")
    trained(folder, mixed_rows.FEATURES)
    return folder


@pytest.fixture(scope="module")
def signatures(folder):
    return tf.saved_model.load(str(folder / "model")).signatures


def as_columns(table):
    """A table as a request has it: a hole is NaN or an empty text, a date is a text."""
    found = {}
    for name, kind in mixed_rows.TYPES.items():
        column = table[name].combine_chunks()
        if kind == "date":
            column = pc.strftime(column.cast(pa.timestamp("s")), "%Y-%m-%dT%H:%M:%S")
        is_text = kind in ("date", "string")
        values = pc.fill_null(column, "") if is_text else column
        dtype = tf.string if is_text else tf.float64 if kind == "int" else tf.float32
        found[name] = tf.constant(values.to_numpy(zero_copy_only=False), dtype)
    return found


def test_it_learns_from_codes_towns_and_holes(folder, signatures):
    assert max(read_curves(str(folder / "run")).metrics["val_accuracy"]) > 0.85
    answers = signatures["serving_default"](examples=tf.constant(encode_each(EVAL)))
    assert (answers["label"].numpy().astype(str) == np.array(EVAL["label"])).mean() > 0.85


def test_columns_and_examples_are_answered_alike(signatures):
    by_example = signatures["serving_default"](examples=tf.constant(encode_each(EVAL)))
    by_column = signatures["columns"](**as_columns(EVAL))
    assert sorted(by_column) == ["class_names", "label", "probability", "scores"]
    np.testing.assert_array_equal(by_example["scores"], by_column["scores"])
    assert "rows" not in signatures


def test_what_training_had_in_each_column_is_beside_the_model(folder):
    trained = {name: each["trained"] for name, each in json.loads((folder / "model" / INPUTS_FILE).read_text()).items()}
    assert {name: each["missing"] for name, each in trained.items()} == {
        name: TRAIN[name].null_count / TRAIN.num_rows for name in mixed_rows.TYPES
    }
    categories = ("class", "Place of birth", "town", "alone")
    assert {name: each["values"] and set(each["values"]) for name, each in trained.items()} == {
        name: {str(value) for value in set(TRAIN[name].drop_null().to_pylist())} if name in categories else None
        for name in mixed_rows.TYPES
    }


def test_a_hole_where_training_had_none_an_unseen_value_and_no_date_are_answered(signatures):
    columns = as_columns(EVAL.slice(0, 1))
    strange = {
        "class": tf.constant([np.nan], tf.float64),
        "fare": tf.constant([np.nan]),
        "town": tf.constant([""]),
        "Place of birth": tf.constant(["Atlantis"]),
        "day": tf.constant(["tomorrow"]),
        "note": tf.constant([""]),
    }
    scores = signatures["columns"](**{**columns, **strange})["scores"].numpy()
    assert np.isfinite(scores).all()
    without = EVAL.slice(0, 1).drop(["class", "fare", "town", "note", "day"])
    at = without.column_names.index("Place of birth")
    example = without.set_column(at, "Place of birth", [["Atlantis"]])
    by_example = signatures["serving_default"](examples=tf.constant(encode_each(example)))
    np.testing.assert_array_equal(by_example["scores"], scores)


def test_the_saved_signature_has_the_columns_own_names(folder):
    done = subprocess.run(
        [sys.executable, "-c", SHOWN, str(folder / "model")], capture_output=True, text=True, check=False
    )
    assert json.loads(done.stdout) == {
        "Place of birth": "string",
        "age": "float32",
        "alone": "string",
        "class": "float64",
        "day": "string",
        "fare": "float32",
        "note": "string",
        "rank": "float32",
        "town": "string",
    }


SHOWN = """
import json, sys
import tensorflow as tf
loaded = tf.compat.v1.saved_model.load(tf.compat.v1.Session(graph=tf.Graph()), ["serve"], sys.argv[1])
inputs = loaded.signature_def["columns"].inputs
print(json.dumps({name: tf.dtypes.as_dtype(each.dtype).name for name, each in sorted(inputs.items())}))
"""

CLEAN = """
import json, sys
sys.modules |= dict.fromkeys(["components", "tf_keras", "tensorflow_transform", "tfx"])  # none can be imported
import tensorflow as tf
given = json.load(open(sys.argv[2]))
signature = tf.saved_model.load(sys.argv[1]).signatures["columns"]
types = {name: getattr(tf, dtype) for name, dtype in given["types"].items()}
columns = {name: tf.constant(values, types[name]) for name, values in given["columns"].items()}
print(json.dumps(signature(**columns)["scores"].numpy().tolist()))
"""


def test_a_clean_process_with_tensorflow_alone_gives_the_same_answers(folder, signatures, tmp_path):
    columns = as_columns(EVAL.slice(0, 50))
    expected = signatures["columns"](**columns)["scores"].numpy()
    plain = {
        name: [each.decode() if isinstance(each, bytes) else each for each in values.numpy().tolist()]
        for name, values in columns.items()
    }
    types_ = {name: values.dtype.name for name, values in columns.items()}
    (tmp_path / "rows.json").write_text(json.dumps({"columns": plain, "types": types_}))
    command = [sys.executable, "-c", CLEAN, str(folder / "model"), str(tmp_path / "rows.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.array(json.loads(done.stdout), np.float32), expected)


def test_a_table_of_numbers_alone_has_both_signatures(tmp_path):
    trained(tmp_path, {"age": Number(), "fare": Number(scale="log")})
    signatures = tf.saved_model.load(str(tmp_path / "model")).signatures
    age, fare = (EVAL[name].to_numpy().astype(np.float32) for name in ("age", "fare"))
    by_column = signatures["columns"](age=tf.constant(age), fare=tf.constant(fare))["scores"]
    by_row = signatures["rows"](rows=tf.constant(np.stack([age, fare], axis=1)))["scores"]
    np.testing.assert_array_equal(by_column, by_row)
