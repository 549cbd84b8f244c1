"""A training that was ended in the middle and started again ends with the same model as one that wasn't."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from components.trainer.curves import read_curves
from components.trainer.mlp.config import MLP, MLPTraining
from components.trainer.mlp.run_fn import run_fn
from components.trainer.model_summary import find_summary

MODELS = {"wide": MLP(widths=(16, 16), l2=1e-4, dropout=0.3)}
SETTINGS = MLPTraining(
    models=MODELS, batch_size=100, max_epochs=30, patience=8, learning_rate=0.02, checkpoint_seconds=0
)
KILLED_AFTER = 5
BEYOND_MEMORY = 10_000
"""Of the 1,200 rows of 16 bytes, memory has 200 at a time twice."""

# Ends itself as `kill -9` and the lack of memory would, right after an epoch's checkpoint.
KILLED = """
import json, os, signal, sys, types
from components.trainer.checkpoints import Checkpoints
from components.trainer.mlp.run_fn import run_fn

save = Checkpoints.save
def save_and_die(self):
    save(self)
    if self._metrics.epochs == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
Checkpoints.save = save_and_die
run_fn(types.SimpleNamespace(**json.loads(sys.argv[1])))
"""


@pytest.fixture
def args_of(fn_args, tmp_path):
    """Returns a function that makes `fn_args` with a folder of its own for what is written."""

    def make(name, checkpoints=None, **changes):
        made = fn_args(serving_model_dir=str(tmp_path / name / "model"), model_run_dir=str(tmp_path / name / "run"))
        made.custom_config["trainer"] = SETTINGS.model_copy(update=changes).model_dump(mode="json")
        if checkpoints:
            made.custom_config["checkpoints"] = checkpoints
        return made

    return make


def weights_of(args):
    reader = tf.train.load_checkpoint(os.path.join(args.serving_model_dir, "variables", "variables"))
    names = sorted(name for name in reader.get_variable_to_shape_map() if name.startswith("model_variables"))
    return [reader.get_tensor(name) for name in names]


def curves_without_times(args):
    curves = read_curves(args.model_run_dir)
    return curves.model_copy(update={"metrics": {k: v for k, v in curves.metrics.items() if k != "seconds"}})


@pytest.mark.parametrize(
    ("changes", "variables"),
    [
        ({}, 6),
        (
            {
                "models": {"wide": MLP(widths=(16, 16), dropout=0.3, batch_normalization=True)},
                "optimizer": "adamw",
                "weight_decay": 0.01,
                "cache_bytes": BEYOND_MEMORY,
            },
            12,
        ),
    ],
    ids=["in memory", "normalised, by AdamW, beyond memory"],
)
def test_a_killed_training_ends_with_the_same_model(args_of, tmp_path, caplog, changes, variables):
    whole = args_of("whole", **changes)
    killed = args_of("killed", str(tmp_path / "checkpoints"), **changes)
    command = [sys.executable, "-c", KILLED, json.dumps(vars(killed)), str(KILLED_AFTER)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not os.path.exists(killed.serving_model_dir)
    (folder,) = (tmp_path / "checkpoints").iterdir()

    run_fn(whole)
    with caplog.at_level("INFO"):
        run_fn(killed)

    assert ("held in memory" in caplog.text) == ("cache_bytes" not in changes)
    assert f"training goes on after epoch {KILLED_AFTER}, from {folder}/ckpt-{KILLED_AFTER}" in caplog.text
    assert len(weights_of(whole)) == variables
    # Not to the last bit: TensorFlow optimises the graph of each process anew, and may sum in another order.
    for expected, found in zip(weights_of(whole), weights_of(killed), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    resumed, uninterrupted = curves_without_times(killed), curves_without_times(whole)
    assert resumed.metrics.keys() == uninterrupted.metrics.keys()
    for name, values in uninterrupted.metrics.items():
        assert resumed.metrics[name] == pytest.approx(values, rel=1e-5), name
    assert resumed.initial == pytest.approx(uninterrupted.initial, rel=1e-5)
    assert len(resumed.initial) == (6 if "cache_bytes" not in changes else 3)
    same = {"metrics": uninterrupted.metrics, "initial": uninterrupted.initial}
    assert resumed.model_copy(update=same) == uninterrupted
    assert find_summary(killed.model_run_dir).layers == find_summary(whole.model_run_dir).layers != ()
    assert len(read_curves(killed.model_run_dir).epochs) > KILLED_AFTER
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_a_run_in_another_file_system_writes_nowhere_else(args_of, tmp_path, monkeypatch):
    """As on gs://, which the operating system doesn't know either."""
    args = args_of("ram", "ram://run/checkpoints")
    args.serving_model_dir, args.model_run_dir = "ram://run/model", "ram://run/model_run"
    monkeypatch.chdir(tmp_path)
    run_fn(args)
    assert len(read_curves(args.model_run_dir).epochs) > 1
    assert tf.io.gfile.exists("ram://run/model/saved_model.pb")
    assert tf.io.gfile.listdir("ram://run/checkpoints") == []
    assert list(tmp_path.iterdir()) == []
