"""Trees are a model among others: compared by the Tuner, exported by the Trainer, served as a network is."""

import json

import numpy as np
import pytest
import tensorflow as tf
from pydantic import ValidationError

from components.contract import RAW
from components.csv_example_gen.encode import encode_each
from components.trainer.curves import read_curves
from components.trainer.mlp import run_fn as trainer
from components.trainer.mlp.config import MLP, MLPTraining
from components.trainer.mlp.one_model import describe, load
from components.trainer.mlp.run_fn import run_fn
from components.trainer.mlp.tree_training import sample
from components.trainer.mlp.tuner_fn import tuner_fn
from components.trainer.model_summary import find_summary
from components.trainer.trees.config import Trees

MODELS = {"narrow": MLP(widths=(1,)), "trees": Trees(iterations=60, patience=10)}
TREES = {"trees": MODELS["trees"]}
NAMES = ("a", "b", "n")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("grown")


@pytest.fixture
def tuned(fn_args, scratch):
    """Folder of the Tuner's results, and the hyperparameters that it found best; tuned once."""
    results, best = scratch / "results", scratch / "best.json"
    if not best.exists():
        found = tuner_fn(fn_args(MODELS, working_dir=str(results)))
        found.tuner.search(**found.fit_kwargs)
        best.write_text(json.dumps(found.tuner.get_best_hyperparameters()[0].get_config()))
    return results, json.loads(best.read_text())


@pytest.fixture
def exported(fn_args, tuned, scratch):
    """Folders of the model that the Trainer took over, and of its run; made once."""
    results, best = tuned
    folders = {"serving_model_dir": str(scratch / "model"), "model_run_dir": str(scratch / "run")}
    args = fn_args(MODELS, hyperparameters=best, **folders)
    args.custom_config |= {"tuner_results": str(results), "checkpoints": str(scratch / "checkpoints")}
    if not (scratch / "model").exists():
        run_fn(args)
    return scratch / "model", scratch / "run"


def rows_of(table):
    return np.column_stack([table[name].to_numpy().astype(np.float32) for name in NAMES])


def test_the_tuner_chooses_trees_where_they_validate_best(tuned):
    results, best = tuned
    assert best["values"]["model"] == "trees"
    curves = {name: read_curves(str(results / "models" / name)) for name in MODELS}
    lowest = {name: min(each.metrics["val_binary_crossentropy"]) for name, each in curves.items()}
    assert lowest["trees"] < lowest["narrow"]
    assert set(curves["trees"].metrics) == set(curves["narrow"].metrics)
    assert curves["trees"].best_epoch == int(np.argmin(curves["trees"].metrics["val_loss"])) + 1
    assert sorted(path.name for path in (results / "models" / "trees").iterdir()) == [
        "model_summary.json", "train", "training.json", "validation",
    ]  # fmt: skip


def test_the_trainer_exports_them_without_growing_them_again(exported, tuned):
    curves = read_curves(str(exported[1]))
    by_tuner = read_curves(str(tuned[0] / "models" / "trees"))
    assert curves == by_tuner.model_copy(update={"trained_by": "Tuner"})
    assert set(curves.initial) == set(curves.metrics) - {"learning_rate", "seconds"}
    summary = find_summary(str(exported[1]))
    assert summary.trees.trees == curves.best_epoch
    assert summary.trees.trees < summary.trees.leaves <= 31 * summary.trees.trees
    assert summary.export_bytes > 0


def test_what_is_served_validates_as_the_tuner_found(exported, data, fn_args):
    """Through the whole way: tf.Examples, the transform graph, the trees."""
    args = fn_args(MODELS)
    validation = load(args, describe(args), TREES)[RAW].validation
    packed = np.empty([validation.rows, 4], np.float32)
    validation.read(0, packed)
    assert np.isnan(packed).any()
    served = tf.saved_model.load(str(exported[0])).signatures["rows"](rows=tf.constant(packed[:, :-1]))
    right = np.where(packed[:, -1] == 1, served["scores"][:, 1], served["scores"][:, 0])
    curves = read_curves(str(exported[1]))
    expected = curves.metrics["val_binary_crossentropy"][curves.best_epoch - 1]
    assert -np.log(right).mean() == pytest.approx(expected, rel=1e-6)


def test_the_signatures_are_those_of_a_network(exported, data, fn_args, tmp_path):
    run_fn(fn_args({"narrow": MODELS["narrow"]}, serving_model_dir=str(tmp_path / "network")))
    trees, network = (tf.saved_model.load(str(folder)).signatures for folder in (exported[0], tmp_path / "network"))
    assert set(trees) == set(network)
    for name in trees:
        assert trees[name].structured_input_signature == network[name].structured_input_signature
        assert trees[name].structured_outputs == network[name].structured_outputs
    table = data[1].slice(0, 50)
    by_example = trees["serving_default"](examples=tf.constant(encode_each(table)))
    by_row = trees["rows"](rows=tf.constant(rows_of(table)))
    np.testing.assert_array_equal(by_example["scores"], by_row["scores"])
    hits = by_row["label"].numpy().astype(str) == np.array(table["label"])
    assert hits.mean() > 0.8


def test_the_same_seed_grows_the_same_trees(fn_args, tmp_path, data):
    answers = []
    for name in ("first", "second"):
        folders = {"serving_model_dir": str(tmp_path / name), "model_run_dir": str(tmp_path / f"{name}_run")}
        run_fn(fn_args(TREES, **folders))
        model = tf.saved_model.load(str(tmp_path / name))
        answers.append(model.signatures["rows"](rows=tf.constant(rows_of(data[1])))["scores"])
    np.testing.assert_allclose(*answers, rtol=1e-6)
    assert read_curves(str(tmp_path / "first_run")).trained_by == "Trainer"


def test_trees_need_no_workers(fn_args, monkeypatch, tmp_path):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.setattr(trainer, "run_workers", None)
    args = fn_args(TREES)
    args.custom_config["trainer"] |= {"strategy": "multi_worker", "workers": 2}
    run_fn(args)
    assert (tmp_path / "model" / "saved_model.pb").is_file()


def test_more_training_rows_than_are_wanted_are_drawn_with_every_class(fn_args):
    args = fn_args(TREES)
    train = load(args, describe(args), TREES)[RAW].train
    drawn = [sample(train, 2, seed) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    assert all({0, 1} == set(rows[:, -1]) and len(rows) <= 4 for rows in drawn)
    assert len(sample(train, train.rows, 0)) == train.rows


def test_class_weights_and_weights_of_rows_are_those_of_networks(fn_args, tmp_path):
    found = {}
    for name, changes in {"plain": {}, "weighted": {"class_weights": {"yes": 9.0}}}.items():
        folders = {"serving_model_dir": str(tmp_path / name), "model_run_dir": str(tmp_path / f"{name}_run")}
        args = fn_args(TREES, **folders)
        args.custom_config["trainer"] |= changes
        run_fn(args)
        found[name] = read_curves(str(tmp_path / f"{name}_run"))
        answers = tf.saved_model.load(str(tmp_path / name)).signatures["rows"](rows=tf.zeros([1, 3]))
        found[f"{name}, p"] = float(answers["probability"][0])
    assert found["weighted"].class_weights["yes"] == pytest.approx(9 * found["weighted"].class_weights["no"], rel=1e-6)
    assert found["plain"].class_weights == {}
    assert found["weighted, p"] > found["plain, p"]


def test_a_model_says_its_kind_or_is_a_network():
    models = MLPTraining.model_validate({"models": {"a": {"widths": [4]}, "b": {"kind": "trees", "leaves": 7}}}).models
    assert models == {"a": MLP(widths=(4,)), "b": Trees(leaves=7)}
    again = MLPTraining.model_validate(MLPTraining(models=models).model_dump(mode="json"))
    assert again.models == models
    for wrong in ({"kind": "forest"}, {"kind": "trees", "widths": [4]}, {"leaves": 7}, {"kind": "trees", "leaves": 1}):
        with pytest.raises(ValidationError):
            MLPTraining.model_validate({"models": {"a": wrong}})
