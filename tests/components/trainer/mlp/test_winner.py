"""What the Tuner trained best is exported by the Trainer as it is, if the Trainer would train it so."""

import json

import numpy as np
import pytest
import tensorflow as tf

from components.trainer.curves import read_curves
from components.trainer.mlp.config import MLP
from components.trainer.mlp.run_fn import run_fn
from components.trainer.mlp.tuner_fn import tuner_fn
from components.trainer.mlp.winner import DependsOn, read_winner

# The best one is trained in the middle, so that it takes the place of one and gives it to none.
MODELS = {"narrow": MLP(widths=(1,)), "wide": MLP(widths=(16,), l2=1e-4, dropout=0.1), "poor": MLP(widths=(1,), l2=1)}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("tuned")


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
def trained(fn_args, tuned, tmp_path):
    """A function that calls the Trainer after the Tuner; returns its arguments."""
    results, best = tuned

    def train(name, tuner_results=str(results), **settings):
        folders = {"serving_model_dir": str(tmp_path / name / "model"), "model_run_dir": str(tmp_path / name / "run")}
        made = fn_args(MODELS, hyperparameters=best, **folders)
        made.custom_config |= {"tuner_results": tuner_results, "checkpoints": str(tmp_path / "checkpoints")}
        made.custom_config["trainer"] |= settings
        run_fn(made)
        return made

    return train


def weights_of(args):
    """Of the exported model, as Keras orders them."""
    reader = tf.train.load_checkpoint(f"{args.serving_model_dir}/variables/variables")
    names = [name for name in reader.get_variable_to_shape_map() if name.startswith("model_variables/")]
    return [reader.get_tensor(name) for name in sorted(names, key=lambda name: int(name.split("/")[1]))]


def answers_of(args):
    rows = tf.random.stateless_normal([50, 3], [1, 2])
    return tf.saved_model.load(args.serving_model_dir).signatures["rows"](rows=rows)["scores"].numpy()


def events(folder):
    """What TensorBoard reads."""
    found = []
    for run in ("train", "validation"):
        (file,) = (folder / run).iterdir()
        for event in tf.compat.v1.train.summary_iterator(str(file)):
            found += [(run, event.step, each.tag, each.tensor.float_val[:]) for each in event.summary.value]
    return found


def test_the_trainer_exports_what_the_tuner_trained_as_if_it_had_trained_it(trained, tuned, tmp_path, caplog):
    results, _ = tuned
    caplog.set_level("INFO")
    taken = trained("taken")
    assert "wide was trained by the Tuner" in caplog.text
    assert "training wide" not in caplog.text
    with np.load(results / "winner" / "weights.npz") as arrays:
        expected = [arrays[name] for name in arrays.files]
    assert len(expected) == 4
    for found, kept in zip(weights_of(taken), expected, strict=True):
        np.testing.assert_array_equal(found, kept)

    curves = read_curves(taken.model_run_dir)
    by_tuner = read_curves(str(results / "models" / "wide"))
    assert curves == by_tuner.model_copy(update={"trained_by": "Tuner"})
    assert len(curves.epochs) == len(curves.metrics["seconds"]) > 5
    assert events(tmp_path / "taken" / "run" / "wide") == events(results / "models" / "wide")

    anew = trained("anew", tuner_results=str(tmp_path / "nothing"))
    assert "training wide" in caplog.text
    assert read_curves(anew.model_run_dir).trained_by == "Trainer"
    # Not to the last bit: TensorFlow optimises each graph anew, and may sum in another order.
    np.testing.assert_allclose(answers_of(taken), answers_of(anew), rtol=1e-4, atol=1e-5)
    for name in set(curves.metrics) - {"seconds"}:
        assert read_curves(anew.model_run_dir).metrics[name] == pytest.approx(curves.metrics[name], rel=1e-4), name


def test_other_settings_are_trained(trained, caplog):
    with caplog.at_level("INFO"):
        args = trained("shorter", max_epochs=2)
    assert "wide is trained: what the Tuner trained differs in settings" in caplog.text
    curves = read_curves(args.model_run_dir)
    assert (len(curves.epochs), curves.trained_by) == (2, "Trainer")


OTHERS = {
    "model": "narrow",
    "train_files": ("elsewhere/*",),
    "eval_files": ("elsewhere/*",),
    "transform_graph": "another",
    "code": "4567",
    "strategy": "MultiWorkerMirroredStrategy",
    "replicas": 2,
}


@pytest.mark.parametrize("name", OTHERS)
def test_weights_are_taken_only_where_all_is_the_same_that_they_depend_on(tuned, caplog, name):
    results, _ = tuned
    key = DependsOn.model_validate_json((results / "winner" / "depends_on.json").read_text())
    assert key.model == "wide"
    assert read_winner(str(results), key) is not None
    with caplog.at_level("INFO"):
        assert read_winner(str(results), key.model_copy(update={name: OTHERS[name]})) is None
    assert f"what the Tuner trained differs in {name}" in caplog.text


def test_only_the_best_weights_are_kept(tuned):
    results, _ = tuned
    assert sorted(path.name for path in (results / "models").iterdir()) == sorted(MODELS)
    assert sorted(path.name for path in (results / "winner").iterdir()) == ["depends_on.json", "weights.npz"]
    assert [str(path) for path in results.rglob("*.npz")] == [str(results / "winner" / "weights.npz")]


def test_results_are_read_and_written_where_only_tensorflow_reads(fn_args, tmp_path, monkeypatch):
    """As on gs://, which the operating system doesn't know either."""
    monkeypatch.chdir(tmp_path)
    taken = {"serving_model_dir": "ram://taken/model", "model_run_dir": "ram://taken/run"}
    args = fn_args(MODELS, working_dir="ram://tuned", **taken)
    found = tuner_fn(args)
    found.tuner.search(**found.fit_kwargs)
    args.hyperparameters = found.tuner.get_best_hyperparameters()[0].get_config()
    args.custom_config["tuner_results"] = "ram://tuned"
    run_fn(args)
    assert read_curves("ram://taken/run").trained_by == "Tuner"
    assert list(tmp_path.iterdir()) == []
