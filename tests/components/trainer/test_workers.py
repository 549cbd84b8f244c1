"""Worker processes and what becomes of them; trainings by several workers are tested with each family."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
import types

import pytest
import tensorflow as tf

from components.errors import TransferlineError
from components.trainer.mlp.config import MLPTraining
from components.trainer.worker import described
from components.trainer.workers import (
    RESTARTS,
    Worker,
    WorkerError,
    WorkerKilledError,
    _failure,
    run_workers,
    starts_workers,
)


def run(program, folder, count=2):
    run_workers(f"worker_programs.{program}", types.SimpleNamespace(model_run_dir=str(folder)), count)


def started(folder, index):
    return [int(line) for line in (folder / f"started-{index}").read_text().split()]


def is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_workers_are_started_only_where_nobody_said_which_there_are(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    two = MLPTraining(strategy="multi_worker", workers=2)
    assert starts_workers(two)
    assert not starts_workers(MLPTraining(strategy="multi_worker"))
    monkeypatch.setenv("TF_CONFIG", "{}")
    assert not starts_workers(two)


def test_each_worker_is_told_its_place_and_the_first_reports(tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        run("reports", tmp_path, count=3)
    tasks = [json.loads((tmp_path / f"task-{index}.json").read_text()) for index in range(3)]
    assert [task["task"] for task in tasks] == [{"type": "worker", "index": index} for index in range(3)]
    assert len(set(tasks[0]["cluster"]["worker"])) == 3
    assert all(task["cluster"] == tasks[0]["cluster"] for task in tasks)
    (reported,) = [record.progress for record in caplog.records if hasattr(record, "progress")]
    assert (reported.done, reported.total, reported.detail) == (3, 10, "of worker 0")
    assert not any(is_alive(process) for index in range(3) for process in started(tmp_path, index))


def test_an_error_for_people_comes_out_as_it_is(tmp_path):
    with pytest.raises(TransferlineError, match="The rows are bad") as error:
        run("raises_an_error_for_people", tmp_path)
    assert (error.value.place, error.value.cure) == ("row 7", "Mend it.")


def test_an_error_of_one_counts_more_than_the_end_of_the_others(tmp_path):
    with pytest.raises(WorkerError, match="worker 1: KeyError: 'absent'"):
        run("raises_its_own_error_and_costs_the_others_their_lives", tmp_path)


def test_after_a_kill_all_are_started_again(tmp_path, caplog):
    run("is_killed_once", tmp_path)
    assert "Worker 1 was ended by SIGKILL; all workers are started again" in caplog.text
    for index in range(2):
        assert len(started(tmp_path, index)) == 2
        assert not any(map(is_alive, started(tmp_path, index)))


def test_a_kill_counts_more_than_the_loss_of_a_peer_that_it_led_to():
    lost = described(tf.errors.UnavailableError(None, None, "connection reset by peer"))
    assert lost["peer_lost"]
    workers = [Worker(0, None, error=lost), Worker(1, None)]
    assert isinstance(_failure(workers, {0: 1, 1: -signal.SIGKILL}), WorkerKilledError)
    assert "connection reset" in str(_failure(workers, {0: 1, 1: None}))
    workers[1].error = described(ValueError("bad"))
    assert str(_failure(workers, {0: 1, 1: 1})) == "worker 1: ValueError: bad"
    assert isinstance(_failure([Worker(0, None)], {0: 1}), WorkerError)


def test_a_worker_that_is_killed_again_and_again_fails_the_training(tmp_path):
    with pytest.raises(TransferlineError, match="Worker 1 was ended by SIGKILL, for the 4th time") as error:
        run("is_always_killed", tmp_path)
    assert error.value.place == "trainer.workers"
    assert len(started(tmp_path, 1)) == 1 + RESTARTS
    assert not any(map(is_alive, started(tmp_path, 0)))


def test_workers_end_with_the_process_that_started_them(tmp_path):
    code = (
        "import sys, types\n"
        "from components.trainer.workers import run_workers\n"
        "run_workers('worker_programs.never_ends', types.SimpleNamespace(model_run_dir=sys.argv[1]), 2)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], env=environment) as parent:
        wait_until(lambda: len(list(tmp_path.glob("started-*"))) == 2 and all(started(tmp_path, n) for n in (0, 1)))
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(is_alive(process) for index in (0, 1) for process in started(tmp_path, index)))
