import pytest

from components.trainer.transfer_learning.bases import BASES
from components.trainer.transfer_learning.weights_cache import HUB_NAME, store
from pipeline import catalog
from pipeline.checks.weights import check_weights
from pipeline.config.overrides import apply_overrides


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TRANSFERLINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))


def level(*settings):
    (finding,) = check_weights(apply_overrides(catalog.load("photos"), settings))
    return finding.level


def test_weights_in_the_cache_need_no_network():
    assert level() == "warning"
    store(HUB_NAME, lambda path: path.write_bytes(b"weights"))
    assert level() == "ok"


def test_a_file_of_weights_must_be_there(tmp_path):
    setting = f"trainer.weights={tmp_path}/weights.h5"
    assert level(setting) == "fault"
    (tmp_path / "weights.h5").touch()
    assert level(setting) == "ok"


def test_random_weights_and_remote_ones():
    assert level("trainer.weights=None") == "ok"
    assert level("trainer.weights=gs://bucket/weights.h5") == "warning"


def test_each_base_has_weights_of_its_own():
    store(HUB_NAME, lambda path: path.write_bytes(b"weights"))
    base = BASES["EfficientNetV2B0"]
    (finding,) = check_weights(apply_overrides(catalog.load("photos"), [f"trainer.base={base.name}"]))
    assert finding.level == "warning"
    assert "of EfficientNetV2B0 for 160 px aren't here: the first run gets them from Keras." in finding.text
    store(base.weights.name(160), lambda path: path.write_bytes(b"weights"))
    assert level(f"trainer.base={base.name}") == "ok"
    assert level("trainer.base=none", "trainer.fine_tuning.epochs=0") == "ok"


def test_rows_have_none():
    assert check_weights(catalog.load("higgs")) == []
