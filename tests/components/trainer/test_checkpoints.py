import logging
import os
import types

import pytest
import tensorflow as tf

from components.trainer.checkpoints import Checkpoints, EpochMetrics, checkpoint_folder, remove_checkpoints

ALONE = tf.distribute.get_strategy()


class Training:
    """Something that is saved: a variable that counts the epochs, and their metrics."""

    def __init__(self, folder, seconds=0, shape=()):
        self.variable = tf.Variable(tf.zeros(shape))
        self.metrics = EpochMetrics()
        self.checkpoints = Checkpoints(str(folder), seconds, ALONE, self.metrics, variable=self.variable)
        self.checkpoints.restore()

    def epoch(self):
        self.variable.assign_add(tf.ones_like(self.variable))
        self.metrics.add({"loss": 1 / (1 + self.metrics.epochs)})
        self.checkpoints.save_if_due()
        return self

    @property
    def state(self):
        return self.variable.numpy().tolist(), self.metrics.values


def fn_args(**changes):
    given = {
        "train_files": ["examples/1/Split-train/*"],
        "eval_files": ["examples/1/Split-eval/*"],
        "transform_graph_path": "graph/2",
        "hyperparameters": None,
        "custom_config": {
            "checkpoints": "gs://bucket/checkpoints",
            "trainer": {"seed": 0},
            "source_fingerprint": "abc",
        },
    }
    return types.SimpleNamespace(**{**given, **changes})


def test_a_training_goes_on_where_the_last_checkpoint_was(tmp_path, caplog):
    Training(tmp_path).epoch().epoch()
    with caplog.at_level(logging.INFO):
        resumed = Training(tmp_path)
    assert resumed.state == (2.0, {"loss": [1.0, 0.5]})
    assert f"training goes on after epoch 2, from {tmp_path}/ckpt-2" in caplog.text
    assert resumed.epoch().state == (3.0, {"loss": [1.0, 0.5, 1 / 3]})
    assert sorted(path.name for path in tmp_path.glob("*.index")) == ["ckpt-2.index", "ckpt-3.index"]


def test_a_checkpoint_is_due_by_time(tmp_path):
    Training(tmp_path, seconds=3600).epoch().epoch()
    assert Training(tmp_path).state == (0.0, {})


@pytest.mark.parametrize("what", ["data", "index", "removed"])
def test_a_half_written_checkpoint_gives_way_to_the_one_before(tmp_path, caplog, what):
    Training(tmp_path).epoch().epoch()
    newest = {"data": "ckpt-2.data-00000-of-00001", "index": "ckpt-2.index", "removed": "ckpt-2.index"}[what]
    if what == "removed":
        (tmp_path / newest).unlink()
    else:
        os.truncate(tmp_path / newest, (tmp_path / newest).stat().st_size // 2)
    resumed = Training(tmp_path)
    assert "ckpt-2 can't be used and is ignored" in caplog.text
    assert resumed.state == (1.0, {"loss": [1.0]})
    assert resumed.epoch().state == (2.0, {"loss": [1.0, 0.5]})
    assert Training(tmp_path).state == (2.0, {"loss": [1.0, 0.5]})


def test_no_whole_checkpoint_at_all_begins_anew(tmp_path, caplog):
    Training(tmp_path).epoch().epoch()
    for file in tmp_path.glob("ckpt-*"):
        file.write_bytes(b"no checkpoint")
    assert Training(tmp_path).state == (0.0, {})
    assert caplog.text.count("is ignored") == 2


@pytest.mark.parametrize("content", [b"\xff\x00", b"model_checkpoint_pa", b""])
def test_a_list_of_checkpoints_that_is_no_list_begins_anew(tmp_path, content):
    Training(tmp_path).epoch()
    (tmp_path / "checkpoint").write_bytes(content)
    assert Training(tmp_path).epoch().state == (1.0, {"loss": [1.0]})


def test_a_foreign_checkpoint_leaves_everything_as_it_was(tmp_path, caplog):
    Training(tmp_path, shape=(3,)).epoch()
    assert Training(tmp_path).state == (0.0, {})
    assert "ckpt-1 can't be used and is ignored" in caplog.text


def test_a_checkpoint_of_something_larger_is_foreign(tmp_path, caplog):
    metrics = EpochMetrics()
    other = Checkpoints(str(tmp_path), 0, ALONE, metrics, variable=tf.Variable(7.0), more=tf.Variable(1.0))
    metrics.add({"loss": 1.0})
    other.save()
    assert Training(tmp_path).state == (0.0, {})
    assert "is ignored" in caplog.text


def test_without_a_folder_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Training("").epoch().state == (1.0, {"loss": [1.0]})
    remove_checkpoints("")
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_the_same_for_the_same_training_only():
    folder = checkpoint_folder(fn_args())
    assert folder.startswith("gs://bucket/checkpoints/")
    assert folder == checkpoint_folder(fn_args())
    config = fn_args().custom_config
    changes = [
        {"train_files": ["examples/9/Split-train/*"]},
        {"eval_files": ["examples/9/Split-eval/*"]},
        {"transform_graph_path": "graph/3"},
        {"hyperparameters": {"values": {"model": "wide"}}},
        {"custom_config": {**config, "trainer": {"seed": 1}}},
        {"custom_config": {**config, "source_fingerprint": "abd"}},
        {"custom_config": {**config, "weights": "e3b0"}},
    ]
    assert len({folder, *(checkpoint_folder(fn_args(**change)) for change in changes)}) == 1 + len(changes)
    elsewhere = checkpoint_folder(fn_args(custom_config={**config, "checkpoints": "/disk"}))
    assert os.path.basename(elsewhere) == os.path.basename(folder)
    assert checkpoint_folder(fn_args(custom_config={"trainer": {}})) == ""


def test_checkpoints_are_removed_together(tmp_path):
    Training(tmp_path / "one" / "phase").epoch()
    Training(tmp_path / "other").epoch()
    remove_checkpoints(str(tmp_path / "one"))
    remove_checkpoints(str(tmp_path / "one"))
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_no_path_goes_past_tensorflows_file_systems(tmp_path, monkeypatch):
    """What holds for ram:// holds for gs://: the operating system knows neither."""
    monkeypatch.chdir(tmp_path)
    folder = "ram://checkpoints/training"
    Training(folder).epoch().epoch().epoch()
    tf.io.gfile.GFile(f"{folder}/ckpt-3.index", "w").write("half")
    assert Training(folder).state == (2.0, {"loss": [1.0, 0.5]})
    remove_checkpoints(folder)
    assert not tf.io.gfile.exists(f"{folder}/ckpt-2.index")
    assert list(tmp_path.iterdir()) == []
