import json

from tfx.types import standard_artifacts

from components.trainer.checkpoints import checkpoint_folder
from components.trainer.executor import Executor
from components.trainer.mlp.config import MLPTraining


class FnArgs:
    train_files = eval_files = ()
    transform_graph_path = ""
    hyperparameters = None

    def __init__(self, custom_config):
        self.custom_config = custom_config


def given_to_run_fn(folder, more_inputs=(), **properties):
    examples, model, model_run = (
        standard_artifacts.Examples(),
        standard_artifacts.Model(),
        standard_artifacts.ModelRun(),
    )
    examples.split_names = '["train", "eval"]'
    for name, artifact in {"examples": examples, "model": model, "model_run": model_run}.items():
        artifact.uri = str(folder / name)
    config = {"trainer": MLPTraining().model_dump(mode="json"), "checkpoints": "/checkpoints"}
    given = {
        "run_fn": "noting_trainer.run_fn",
        "custom_config": json.dumps(config),
        "train_args": "{}",
        "eval_args": "{}",
    }
    Executor().Do(
        {"examples": [examples], **dict(more_inputs)}, {"model": [model], "model_run": [model_run]}, given | properties
    )
    return json.loads((folder / "model" / "Format-Serving" / "custom_config.json").read_text())


def test_the_trainer_gets_its_settings_with_the_epochs_of_the_run(tmp_path):
    given = given_to_run_fn(tmp_path, max_epochs=7)
    assert MLPTraining.model_validate(given["trainer"]) == MLPTraining(max_epochs=7)


def test_other_code_has_other_checkpoints(tmp_path):
    folders = {
        checkpoint_folder(FnArgs(given_to_run_fn(tmp_path / name, source_fingerprint=fingerprint)))
        for name, fingerprint in (("first", "a"), ("same", "a"), ("other", "b"))
    }
    assert len(folders) == 2


def test_the_trainer_is_told_where_the_tuners_results_are_on_which_no_checkpoint_depends(tmp_path):
    results = standard_artifacts.TunerResults()
    results.uri = "gs://bucket/tuner_results/7"
    after_tuner = given_to_run_fn(tmp_path / "after", more_inputs={"tuner_results": [results]})
    alone = given_to_run_fn(tmp_path / "alone", more_inputs={"tuner_results": []})
    assert after_tuner["tuner_results"] == "gs://bucket/tuner_results/7"
    assert "tuner_results" not in alone
    assert checkpoint_folder(FnArgs(after_tuner)) == checkpoint_folder(FnArgs(alone))
