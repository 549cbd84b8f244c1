"""Pushes to a bucket that are cut in the middle, or made at once, by processes of their own."""

import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf
from cloud_storage import emulator

from components.ingest import storage
from components.pusher.model_files import SAVED_MODEL_FILE, files_of
from components.pusher.versions import newest_version, version_for, versions

PUSH = """
import sys
from components.pusher.publish import publish
print(publish(*sys.argv[1:]))
"""


@pytest.fixture
def make_model(tmp_path):
    """Saves a model that multiplies by a number; returns its folder."""

    def make(factor):
        model = tf.Module()
        model.factor = tf.Variable(float(factor))
        model.scale = tf.function(lambda x: x * model.factor, input_signature=[tf.TensorSpec([None], tf.float32)])
        folder = str(tmp_path / f"times {factor}")
        tf.saved_model.save(model, folder)
        return folder

    return make


def pushing(model, base_directory, version):
    """Starts a push as a process."""
    command = [sys.executable, "-c", PUSH, model, base_directory, version]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def pushed_as(process):
    printed, errors = process.communicate()
    assert process.returncode == 0, errors
    return printed.strip()


def factor_of(version):
    """What TensorFlow reads from the bucket."""
    model = tf.saved_model.load(version)
    return float(np.asarray(model.scale(tf.constant([1.0])))[0])


def claims(base_directory):
    return [name for name in storage.names_in(base_directory) if not name.isdigit()]


@pytest.mark.parametrize("last", [SAVED_MODEL_FILE, "variables/variables.index"])
def test_a_push_that_is_killed_is_no_version_and_is_gone_on_with(folder, make_model, last):
    first, second = make_model(2), make_model(3)
    assert pushed_as(pushing(first, folder, "5")) == "5"
    with emulator.faults({"action": "hold", "kind": "write|start", "path": f".*/7/{last}", "times": -1}):
        process = pushing(second, folder, "7")
        while not emulator.met():
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        process.kill()
        process.communicate()
        assert storage.names_in(f"{folder}/7")
        assert versions(folder) == [5]
        assert version_for(folder, second) != "7"
    # The store may yet take what it was sent: then the model is whole after all, if that was the last file.
    assert pushed_as(pushing(second, folder, version_for(folder, second))) == "7"
    assert versions(folder) == [7, 5]
    assert files_of(f"{folder}/7").keys() == files_of(second).keys()
    assert factor_of(newest_version(folder)) == 3
    assert claims(folder) == []


def test_two_pushes_at_once_are_two_versions(folder, make_model):
    models = {factor: make_model(factor) for factor in (2, 3)}
    # Both have seen that the number is free before one of them claims it.
    with emulator.faults({"action": "hold", "kind": "write", "path": ".*/[.]pushing-7", "times": 2}):
        processes = {factor: pushing(model, folder, "7") for factor, model in models.items()}
        while emulator.met() < 2:
            assert all(process.poll() is None for process in processes.values())
            time.sleep(0.05)
    numbers = {factor: pushed_as(process) for factor, process in processes.items()}
    assert sorted(numbers.values()) == ["7", "8"]
    for factor, number in numbers.items():
        assert files_of(f"{folder}/{number}").keys() == files_of(models[factor]).keys()
        assert factor_of(f"{folder}/{number}") == factor
    assert claims(folder) == []


@pytest.mark.parametrize("action", ["503", "lost", "cut"])
def test_a_push_through_what_goes_wrong_for_a_moment(folder, make_model, action):
    model = make_model(2)
    with emulator.faults(
        {"action": action, "kind": "write", "skip": 1, "times": 2}, {"action": action, "kind": "write"}
    ):
        assert pushed_as(pushing(model, folder, "7")) == "7"
        assert emulator.met() == 3
    assert factor_of(f"{folder}/7") == 2
    assert claims(folder) == []


def test_a_model_that_is_there_is_not_pushed_again(folder, make_model):
    model = make_model(2)
    pushed_as(pushing(model, folder, "7"))
    emulator.section("again")
    assert pushed_as(pushing(model, folder, version_for(folder, model))) == "7"
    assert emulator.counts()["again"].get("write", 0) == 0
