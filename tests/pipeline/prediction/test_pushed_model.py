import pytest

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.prediction.pushed_model import PushedModel
from pipeline.prediction.pushed_version import find_pushed


@pytest.fixture
def config(tmp_path):
    return apply_overrides(catalog.load("digits"), [f"output_dir={tmp_path}"])


def test_the_last_version_is_the_highest_number(config, tmp_path):
    for name in ("9", "10", "temp-11", "notes"):
        (tmp_path / "digits" / "pushed" / name).mkdir(parents=True)
    assert find_pushed(config) == f"{config.pushed_dir}/10"
    assert find_pushed(config, 9) == f"{config.pushed_dir}/9"
    with pytest.raises(TransferlineError, match="no pushed model 8") as raised:
        find_pushed(config, 8)
    assert raised.value.cure == "Use one of 9, 10."


def test_nothing_pushed_yet(config):
    with pytest.raises(TransferlineError, match="No model of 'digits' has been pushed yet"):
        find_pushed(config)


def test_a_folder_that_is_no_model_of_ours(tmp_path):
    with pytest.raises(TransferlineError, match="doesn't say what it needs"):
        PushedModel(str(tmp_path))


def test_a_model_for_photos_has_no_columns(photo_model):
    with pytest.raises(TransferlineError, match="doesn't say what it needs"):
        photo_model.columns()
