import pytest
from small_models import save_photo_model, save_row_model

from pipeline.prediction.pushed_model import PushedModel


@pytest.fixture(scope="session")
def photo_model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pushed") / "1"
    save_photo_model(folder)
    return PushedModel(str(folder))


@pytest.fixture(scope="session")
def row_model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pushed") / "1"
    save_row_model(folder)
    return PushedModel(str(folder))
