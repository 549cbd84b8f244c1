import keras_tuner

from components.trainer.curves import read_curves
from components.trainer.mlp.config import MLP, MLPTraining
from components.trainer.mlp.one_model import MODEL
from components.trainer.mlp.tuner_fn import tuner_fn
from components.trainer.model_summary import find_summary

MODELS = {"narrow": MLP(widths=(1,)), "wide": MLP(widths=(16,))}


def test_the_tuner_trains_every_model_and_names_the_best(fn_args, tmp_path):
    args = fn_args()
    result = tuner_fn(args)
    result.tuner.search(**result.fit_kwargs)
    best = result.tuner.get_best_hyperparameters()[0]
    assert best.get(MODEL) == "wide"
    curves = {name: read_curves(str(tmp_path / "tuner" / "models" / name)) for name in ("narrow", "wide")}
    lowest = {name: min(each.metrics["val_binary_crossentropy"]) for name, each in curves.items()}
    assert lowest["wide"] < lowest["narrow"]
    assert list((tmp_path / "tuner" / "models" / "wide" / "validation").iterdir())
    parameters = {name: find_summary(str(tmp_path / "tuner" / "models" / name)).parameters for name in MODELS}
    assert parameters == {"narrow": 3 + 1 + 1 + 1, "wide": 16 * 3 + 16 + 16 + 1}
    assert isinstance(best, keras_tuner.HyperParameters)


def test_the_tuner_trains_the_models_in_the_order_that_it_is_given(fn_args):
    args = fn_args()
    args.custom_config["models"] = ["wide", "narrow"]
    assert tuner_fn(args).tuner.oracle.get_space().space[0].values == ["wide", "narrow"]


def test_the_tuners_trials_need_no_workers(fn_args, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    args = fn_args()
    settings = MLPTraining(models=MODELS, strategy="multi_worker", workers=2)
    args.custom_config["trainer"] = settings.model_dump(mode="json")
    assert tuner_fn(args).fit_kwargs["strategy"].num_replicas_in_sync == 1
