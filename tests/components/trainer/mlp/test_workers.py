"""Two workers, of which one is killed, train the same network as one process that isn't."""

import os
import re

import killed_row_trainer
import pytest
import tensorflow as tf
import worker_ports

from components.errors import TransferlineError
from components.trainer.curves import read_curves
from components.trainer.mlp.config import MLP, MLPTraining
from components.trainer.mlp.run_fn import run_fn

ALONE = MLPTraining(
    models={"wide": MLP(widths=(16,), l2=1e-4)}, batch_size=100, max_epochs=40, learning_rate=0.01, checkpoint_seconds=0
)
TOGETHER = ALONE.model_copy(
    update={"strategy": "multi_worker", "workers": 2, "open_worker_ports": worker_ports.must_be_open()}
)


@pytest.fixture
def args_of(fn_args, tmp_path):
    """Returns a function that makes `fn_args` with folders of its own for what is written."""

    def make(name, settings):
        made = fn_args(serving_model_dir=str(tmp_path / name / "model"), model_run_dir=str(tmp_path / name / "run"))
        made.custom_config |= {
            "trainer": settings.model_dump(mode="json"),
            "checkpoints": str(tmp_path / "checkpoints"),
        }
        return made

    return make


def test_two_workers_of_which_one_is_killed_train_as_one(args_of, tmp_path, caplog, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    alone, together = args_of("alone", ALONE), args_of("together", TOGETHER)
    run_fn(alone)
    caplog.set_level("INFO")
    killed_row_trainer.run_fn(together)

    assert "Worker 1 was ended by SIGKILL; all workers are started again" in caplog.text
    assert any(getattr(record, "progress", None) for record in caplog.records)
    one, two = read_curves(alone.model_run_dir), read_curves(together.model_run_dir)
    assert one.epochs == two.epochs
    for name in set(one.metrics) - {"seconds"}:
        assert two.metrics[name] == pytest.approx(one.metrics[name], abs=1e-4), name
    rows = tf.random.stateless_normal([50, 3], [1, 2])
    answers = [
        tf.saved_model.load(args.serving_model_dir).signatures["rows"](rows=rows)["scores"]
        for args in (alone, together)
    ]
    assert answers[1].numpy().ravel() == pytest.approx(answers[0].numpy().ravel(), abs=1e-4)
    assert list((tmp_path / "checkpoints").iterdir()) == []
    processes = re.findall(r"worker \d of 2 is process (\d+)", caplog.text)
    assert len(processes) == 4
    assert not [process for process in processes if os.path.exists(f"/proc/{process}")]


def test_a_training_that_diverges_in_workers_is_the_same_error(args_of, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    settings = TOGETHER.model_copy(update={"learning_rate": 1e30})
    with pytest.raises(TransferlineError, match="The loss became") as error:
        run_fn(args_of("diverges", settings))
    assert error.value.place == "trainer.learning_rate"
