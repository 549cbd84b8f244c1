import json

import pytest
import tensorflow as tf

from components.errors import TransferlineError
from components.trainer.strategy import distribution_strategy, is_chief, needs_fixed_batches
from components.trainer.tpu_environment import TPU_VARIABLES


@pytest.fixture(autouse=True)
def plain_machine(monkeypatch):
    for variable in (*TPU_VARIABLES, "TF_CONFIG"):
        monkeypatch.delenv(variable, raising=False)
    if tf.config.list_logical_devices("GPU"):
        pytest.skip("this machine has a GPU; these tests are about one that has none")


def test_auto_on_one_cpu_is_the_default():
    strategy = distribution_strategy("auto")

    assert strategy is tf.distribute.get_strategy()
    assert not needs_fixed_batches(strategy)
    assert is_chief(strategy)


def test_one_device_needs_no_fixed_batches():
    strategy = distribution_strategy("one_device")

    assert isinstance(strategy, tf.distribute.OneDeviceStrategy)
    assert not needs_fixed_batches(strategy)


def test_a_strategy_for_several_replicas_needs_fixed_batches():
    assert needs_fixed_batches(tf.distribute.MirroredStrategy(["/cpu:0"]))


@pytest.mark.parametrize(("name", "says"), [("tpu", "no TPU"), ("mirrored", "two GPUs"), ("multi_worker", "TF_CONFIG")])
def test_devices_that_are_not_there_are_an_error_with_a_cure(name, says):
    with pytest.raises(TransferlineError, match=says) as error:
        distribution_strategy(name)
    assert error.value.place == "trainer.strategy"
    assert "auto" in error.value.cure


def test_workers_that_make_no_sense_are_an_error(monkeypatch):
    monkeypatch.setenv(
        "TF_CONFIG", json.dumps({"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 7}})
    )

    with pytest.raises(TransferlineError, match="can't be used"):
        distribution_strategy("multi_worker")
