"""A number to predict: packed, scaled, learned, compared, exported and served."""

import json
import math
import subprocess
import sys

import number_rows
import numpy as np
import pytest
import tensorflow as tf
import tf_keras as keras

from components.arrow import pa
from components.contract import FEATURES, RAW
from components.csv_example_gen.encode import encode_each
from components.errors import TransferlineError
from components.task import ServedTask, read_task
from components.trainer.curves import read_curves
from components.trainer.mlp import packed_rows
from components.trainer.mlp.config import MLP
from components.trainer.mlp.label_scale import Scaling, fitted, labels_of
from components.trainer.mlp.model import build_model
from components.trainer.mlp.one_model import describe, load
from components.trainer.mlp.packed_rows import PackedRows
from components.trainer.mlp.run_fn import run_fn
from components.trainer.mlp.training import EpochRunner, TrainingRows
from components.trainer.mlp.tree_training import sample
from components.trainer.mlp.tuner_fn import tuner_fn
from components.trainer.trees.config import Trees

MODELS = {"narrow": MLP(widths=(1,)), "wide": MLP(widths=(16,)), "trees": Trees(iterations=80, patience=10)}
GUESS = 25
"""The standard deviation of the labels, or less: the error of their mean."""


def alone(name):
    return {name: MODELS[name]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("numbers")
    number_rows.write(
        folder, {split: number_rows.table(count, len(split)) for split, count in number_rows.ROWS.items()}
    )
    return folder


@pytest.fixture(scope="module")
def test_rows():
    return number_rows.table(number_rows.ROWS["test"], len("test"))


@pytest.fixture(scope="module", params=["wide", "trees"])
def exported(request, folder, tmp_path_factory):
    """Arguments of a training that is done, of a network and of trees."""
    args = number_rows.fn_args(folder, tmp_path_factory.mktemp(request.param), alone(request.param))
    run_fn(args)
    return args


def packed(labels, weights=None):
    features = np.zeros([len(labels), 1], np.float32)
    rows = PackedRows(1, weighted=weights is not None, of_classes=False)
    rows.add(np.column_stack([features, *([] if weights is None else [weights]), labels]).astype(np.float32))
    return rows


def with_logarithms(folder, target, lowest=None):
    """The same rows, of whose labels the logarithm is learned as easily; perhaps with one label changed."""
    tables = {}
    for split, count in number_rows.ROWS.items():
        rows = number_rows.table(count, len(split))
        labels = np.exp((rows["label"].to_numpy() - 1000) / 10).astype(np.float32)
        if split == lowest:
            labels[7] = -0.5
        tables[split] = rows.set_column(rows.column_names.index("label"), "label", pa.array(labels))
    number_rows.write(target, tables)
    return tables


@pytest.fixture(scope="module")
def logarithmic(folder, tmp_path_factory):
    """Such rows, and their folder."""
    target = tmp_path_factory.mktemp("logarithmic")
    return with_logarithms(folder, target), target


@pytest.fixture(scope="module")
def right_and_wrong(tmp_path_factory):
    """Folders of rows that differ in the labels of those which weigh nothing."""
    targets = []
    for kind, wrong in (("right", 0), ("wrong", 5000)):
        tables = {split: number_rows.table(count, len(split)) for split, count in number_rows.ROWS.items()}
        for split, rows in tables.items():
            labels = rows["label"].to_numpy() + np.float32(wrong) * (rows["w"].to_numpy() == 0)
            tables[split] = rows.set_column(rows.column_names.index("label"), "label", pa.array(labels))
        targets.append(tmp_path_factory.mktemp(kind))
        number_rows.write(targets[-1], tables)
    return targets


def error(answers, rows):
    return math.sqrt(np.mean((answers - rows["label"].to_numpy()) ** 2))


def test_the_label_is_packed_as_it_is(folder, tmp_path):
    args = number_rows.fn_args(folder, tmp_path, MODELS)
    rows = load(args, describe(args), MODELS)
    expected = number_rows.table(number_rows.ROWS["train"], len("train"))["label"].to_numpy()
    for vector in (FEATURES, RAW):
        labels, weights = labels_of(rows[vector].train)
        np.testing.assert_array_equal(labels, expected)
        assert weights is None
        assert rows[vector].train.by_class == {}
        assert rows[vector].scaling.mean == pytest.approx(expected.astype(float).mean(), rel=1e-12)
        assert (rows[vector].scaling.lowest, rows[vector].scaling.highest) == (expected.min(), expected.max())


@pytest.mark.parametrize("scale", ["standard", "log"])
def test_what_is_learned_has_a_mean_of_0_and_a_deviation_of_1_and_is_undone(scale):
    labels = np.exp(np.random.default_rng(0).normal(5, 2, 500)).astype(np.float32)
    scaling = fitted(packed(labels), scale)
    learned = scaling.scaled(labels.astype(np.float64))
    assert (learned.mean(), learned.std()) == pytest.approx((0, 1), abs=1e-12)
    np.testing.assert_allclose(scaling.scaled_in_graph(tf.constant(labels)), learned, atol=2e-6)
    np.testing.assert_allclose(scaling.unscaled(tf.constant(learned)), labels, rtol=1e-6)
    assert Scaling.of_array(scale, scaling.array()) == scaling


def test_of_many_rows_trees_get_some_and_the_scaling_is_of_all(monkeypatch):
    labels = np.random.default_rng(0).normal(100, 5, 500).astype(np.float32)
    rows = packed(labels)
    monkeypatch.setattr(packed_rows, "BLOCK_READ", 64)
    drawn = sample(rows, 100, seed=3)[:, -1]
    assert len(drawn) == 100
    assert set(drawn) <= set(labels)
    np.testing.assert_array_equal(drawn, sample(rows, 100, seed=3)[:, -1])
    np.testing.assert_array_equal(sample(rows, 500, seed=3)[:, -1], labels)
    assert fitted(rows, "standard").mean == pytest.approx(labels.astype(np.float64).mean())


def test_labels_far_from_0_keep_what_they_differ_by():
    labels = np.float32(2**23) + np.arange(100, dtype=np.float32)
    scaling = fitted(packed(labels), "standard")
    learned = scaling.scaled_in_graph(tf.constant(labels)).numpy()
    np.testing.assert_allclose(learned, scaling.scaled(labels.astype(np.float64)), rtol=1e-6, atol=1e-7)


def test_rows_that_weigh_nothing_have_no_part_in_mean_and_deviation():
    labels, weights = np.float32([1, 2, 3, 900]), np.float32([1, 2, 1, 0])
    scaling = fitted(packed(labels, weights), "standard")
    assert (scaling.mean, scaling.deviation) == pytest.approx((2, math.sqrt(0.5)))


def test_labels_that_are_all_the_same_are_named():
    with pytest.raises(
        TransferlineError, match="All training rows that count have the same label, 7: there is nothing"
    ):
        fitted(packed(np.full(5, 7)), "standard")
    with pytest.raises(TransferlineError, match="have the same label, 3: there is nothing"):
        fitted(packed(np.float32([3, 3, 900]), np.float32([1, 1, 0])), "standard")


@pytest.mark.parametrize(("split", "named"), [("train", "training"), ("eval", "validation")])
def test_a_label_without_a_logarithm_is_named(folder, tmp_path, split, named):
    with_logarithms(folder, tmp_path / "rows", split)
    args = number_rows.fn_args(tmp_path / "rows", tmp_path, alone("wide"), label_scale="log")
    with pytest.raises(
        TransferlineError, match=rf"1 of [\d,]+ {named} rows .* isn't above 0 .* the least is -0\.5"
    ) as told:
        run_fn(args)
    assert told.value.place == "trainer.label_scale"
    assert 'Set trainer.label_scale to "standard"' in told.value.cure


@pytest.mark.parametrize("weighted", [False, True])
def test_an_epoch_is_what_keras_does_with_the_same_batches(weighted):
    chance = np.random.default_rng(0)
    features = chance.normal(size=(1000, 4)).astype(np.float32)
    labels = (50 + 10 * features[:, 0] + chance.normal(size=1000)).astype(np.float32)
    weights = chance.random(1000).astype(np.float32) * 3 if weighted else None
    both = []
    for begin, end in ((0, 800), (800, 1000)):
        own = [] if weights is None else [weights[begin:end]]
        both.append(PackedRows(4, weighted=weighted, of_classes=False))
        both[-1].add(np.column_stack([features[begin:end], *own, labels[begin:end]]))
    scaling = fitted(both[0], "standard")
    scales = np.array([800 / weights[:800].sum()], np.float32) if weighted else None
    of_each = weights * scales[0] if weighted else np.ones(1000, np.float32)
    described = MLP(widths=(8,), l2=0.01)
    ours, theirs = (build_model(described, 4, 0, seed=0) for _ in range(2))
    settings = number_rows.MLPTraining(models={"m": described}, batch_size=100)
    runner = EpochRunner(ours, TrainingRows(*both, scales, scaling), settings)
    (count,) = runner._train
    order = runner._order(*map(tf.constant, (count, 0, 0))).numpy()
    values = runner.run(0)

    schedule = keras.optimizers.schedules.InverseTimeDecay(0.001, 8 * 1000, 1)
    theirs.compile(keras.optimizers.Adam(schedule), "mse", run_eagerly=True)
    learned = scaling.scaled(labels.astype(np.float64)).astype(np.float32)
    for batch in order:
        theirs.train_on_batch(features[batch], learned[batch], sample_weight=of_each[batch])
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-5)
    errors = theirs.predict(features[800:], verbose=0)[:, 0] - learned[800:]
    expected = np.average(errors**2, weights=of_each[800:])
    assert values["val_mse"] == pytest.approx(expected, rel=1e-4)
    assert values["val_loss"] == pytest.approx(expected + float(sum(theirs.losses)), rel=1e-4)
    assert values["val_mae"] == pytest.approx(np.abs(errors).mean(), rel=1e-4)


def test_the_model_answers_examples_columns_and_rows_alike_in_the_labels_unit(exported, test_rows):
    model = tf.saved_model.load(exported.serving_model_dir)
    by_example = model.signatures["serving_default"](examples=tf.constant(encode_each(test_rows)))
    assert {name: (each.dtype, each.shape) for name, each in by_example.items()} == {
        "prediction": (tf.float32, [number_rows.ROWS["test"]])
    }
    a, b = (test_rows[name].to_numpy().astype(np.float32) for name in "ab")
    assert np.isnan(b).any()
    for answer in (
        model.signatures["columns"](a=tf.constant(a), b=tf.constant(b)),
        model.signatures["rows"](rows=tf.constant(np.column_stack([a, b]))),
    ):
        np.testing.assert_allclose(answer["prediction"], by_example["prediction"], rtol=1e-6)
    assert error(by_example["prediction"].numpy(), test_rows) < GUESS / 3


def test_labels_for_the_evaluator_and_what_stands_beside_the_graph(exported, test_rows, folder):
    signatures = tf.saved_model.load(exported.serving_model_dir).signatures
    found = signatures["transform_labels"](examples=tf.constant(encode_each(test_rows)))
    np.testing.assert_array_equal(found["label_value"], test_rows["label"].to_numpy())
    unlabelled = tf.constant(encode_each(test_rows.drop(["label"]).slice(0, 2)))
    assert np.isnan(signatures["transform_labels"](examples=unlabelled)["label_value"]).all()
    train = number_rows.table(number_rows.ROWS["train"], len("train"))["label"].to_numpy()
    expected = ServedTask(
        task="regression", label="price", lowest=train.min(), highest=train.max(), median=np.median(train)
    )
    assert read_task(exported.serving_model_dir) == expected
    (extra,) = {tuple(sorted(tf.io.gfile.listdir(f"{exported.serving_model_dir}/assets.extra")))}
    assert extra == ("columns.json", "inputs.json", "task.json", "tf_serving_warmup_requests")


def test_the_curves_are_of_what_is_learned(exported):
    curves = read_curves(exported.model_run_dir)
    assert curves.crossentropy == "mse"
    assert set(curves.metrics) == {
        *("loss", "mse", "mae", "val_loss", "val_mse", "val_mae"), "learning_rate", "seconds",
    }  # fmt: skip
    best = curves.metrics["val_mse"][curves.best_epoch - 1]
    assert best == min(curves.metrics["val_mse"]) < 0.1
    assert curves.class_weights == {}


def test_what_is_served_validates_as_the_curves_say(exported, folder):
    (examples,) = tf.data.TFRecordDataset(tf.io.gfile.glob(number_rows.files(folder, "eval")), "GZIP").batch(300)
    answer = tf.saved_model.load(exported.serving_model_dir).signatures["serving_default"](examples=examples)
    rows = number_rows.table(300, len("eval"))
    deviation = number_rows.table(1200, len("train"))["label"].to_numpy().astype(np.float64).std()
    curves = read_curves(exported.model_run_dir)
    expected = math.sqrt(min(curves.metrics["val_mse"])) * deviation
    assert error(answer["prediction"].numpy(), rows) == pytest.approx(expected, rel=1e-4)


def test_a_clean_process_answers_the_same(exported, test_rows, tmp_path):
    (tmp_path / "rows.json").write_text(json.dumps([[1.0, -0.5], [0.25, None]]))
    code = (
        "import json, sys, numpy as np, tensorflow as tf\n"
        "rows = np.array(json.load(open(sys.argv[2])), np.float32)\n"
        "model = tf.saved_model.load(sys.argv[1])\n"
        "print(json.dumps(model.signatures['rows'](rows=tf.constant(rows))['prediction'].numpy().tolist()))\n"
        "ours = {'components', 'tf_keras', 'tensorflow_transform', 'sklearn'}\n"
        "assert not ours & {name.split('.')[0] for name in sys.modules}"
    )
    command = [sys.executable, "-c", code, exported.serving_model_dir, str(tmp_path / "rows.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    here = tf.saved_model.load(exported.serving_model_dir).signatures["rows"]
    expected = here(rows=tf.constant([[1.0, -0.5], [0.25, math.nan]]))["prediction"].numpy().tolist()
    assert json.loads(done.stdout) == expected, done.stderr


@pytest.mark.parametrize("name", ["wide", "trees"])
def test_the_logarithm_is_undone_in_what_is_served(logarithmic, tmp_path, name):
    tables, rows = logarithmic
    args = number_rows.fn_args(rows, tmp_path, alone(name), label_scale="log")
    run_fn(args)
    model = tf.saved_model.load(args.serving_model_dir).signatures["serving_default"]
    answers = model(examples=tf.constant(encode_each(tables["test"])))["prediction"].numpy()
    labels = tables["test"]["label"].to_numpy()
    assert (answers > 0).all()
    assert np.abs(np.log(answers) - np.log(labels)).mean() < np.log(labels).std() / 4


@pytest.mark.parametrize("name", ["wide", "trees"])
def test_rows_that_weigh_nothing_teach_nothing(right_and_wrong, tmp_path, name):
    """Training and validation rows that weigh nothing get another label: the model is the same."""
    answers = []
    for folder in right_and_wrong:
        args = number_rows.fn_args(folder, tmp_path / folder.name, alone(name), weighted=True, max_epochs=15)
        run_fn(args)
        rows = tf.constant(np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32))
        answers.append(tf.saved_model.load(args.serving_model_dir).signatures["rows"](rows=rows)["prediction"].numpy())
    np.testing.assert_allclose(*answers, rtol=1e-4)
    assert answers[0].std() > GUESS / 2


def test_the_tuner_chooses_by_the_squared_error_and_the_trainer_takes_what_it_trained(folder, tmp_path):
    args = number_rows.fn_args(folder, tmp_path, MODELS, max_epochs=30)
    found = tuner_fn(args)
    found.tuner.search(**found.fit_kwargs)
    best = found.tuner.get_best_hyperparameters()[0].get_config()
    curves = {name: read_curves(f"{args.working_dir}/models/{name}") for name in MODELS}
    lowest = {name: min(each.metrics["val_mse"]) for name, each in curves.items()}
    assert best["values"]["model"] == min(lowest, key=lowest.get)

    args.hyperparameters = best
    args.custom_config["tuner_results"] = args.working_dir
    run_fn(args)
    assert read_curves(args.model_run_dir).trained_by == "Tuner"
    rows = number_rows.table(300, len("eval"))
    answer = tf.saved_model.load(args.serving_model_dir).signatures["serving_default"]
    deviation = number_rows.table(1200, len("train"))["label"].to_numpy().astype(np.float64).std()
    expected = math.sqrt(min(lowest.values())) * deviation
    found = answer(examples=tf.constant(encode_each(rows)))["prediction"].numpy()
    assert error(found, rows) == pytest.approx(expected, rel=1e-4)
    assert read_task(args.serving_model_dir).of_numbers
