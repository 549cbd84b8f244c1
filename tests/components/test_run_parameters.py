import json

import pytest

from components.errors import TransferlineError
from components.image_example_gen.config import ImageData
from components.run_parameters import ENTERED, data_settings, trainer_config
from components.trainer.mlp.config import MLPTraining
from components.trainer.transfer_learning.config import TransferLearning


def config(settings):
    return json.dumps({"trainer": settings.model_dump(mode="json"), "source": "abc"})


def test_the_data_of_the_run_replaces_the_path_and_nothing_else(monkeypatch):
    monkeypatch.setenv(ENTERED, "1")
    data = ImageData(path="gs://compiled", longest_side=64)
    given = data_settings({"data": data.model_dump_json(), "data_path": "gs://run"})
    assert ImageData.model_validate_json(given) == data.model_copy(update={"path": "gs://run"})


def test_a_run_that_did_not_enter_by_our_entry_point_is_refused_as_what_an_older_release_compiled(monkeypatch):
    monkeypatch.delenv(ENTERED, raising=False)
    with pytest.raises(TransferlineError, match=r"compiled by a Transferline before 0\.3\.0") as raised:
        data_settings({"data": ImageData(path="gs://compiled").model_dump_json(), "data_path": "gs://run"})
    assert raised.value.cure.startswith("Compile the pipeline anew")


@pytest.mark.parametrize("properties", [{}, {"data_path": None}, {"data_path": ""}])
def test_without_data_of_the_run_the_compiled_path_holds(properties):
    data = ImageData(path="gs://compiled").model_dump_json()
    assert json.loads(data_settings({"data": data, **properties}))["path"] == "gs://compiled"


def test_the_epochs_of_both_phases():
    properties = {"custom_config": config(TransferLearning(seed=3)), "feature_extraction_epochs": 2}
    given = trainer_config(properties | {"fine_tuning_epochs": 0})
    settings = TransferLearning.model_validate(given["trainer"])
    assert (settings.feature_extraction.epochs, settings.fine_tuning.epochs, settings.seed) == (2, 0, 3)
    assert given["source"] == "abc"


def test_the_epochs_of_rows():
    given = trainer_config({"custom_config": config(MLPTraining()), "max_epochs": 7})
    assert MLPTraining.model_validate(given["trainer"]) == MLPTraining(max_epochs=7)


def test_without_epochs_of_the_run_the_settings_hold():
    settings = MLPTraining(max_epochs=9)
    assert trainer_config({"custom_config": config(settings)})["trainer"]["max_epochs"] == 9
