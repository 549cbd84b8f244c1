"""Worker processes and what becomes of them; trainings by several workers are tested with each family."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import forbidden_namespaces
import pytest
import tensorflow as tf
import worker_ports

from components.errors import TransferlineError
from components.trainer.config import TrainingSettings
from components.trainer.mlp.config import MLPTraining
from components.trainer.transfer_learning.config import TransferLearning
from components.trainer.worker import described
from components.trainer.workers import (
    RESTARTS,
    Worker,
    WorkerError,
    WorkerKilledError,
    _failure,
    run_workers,
    starts_workers,
    worker_network,
)

MUST_BE_OPEN = worker_ports.must_be_open()
START = """
import sys, types
from components.trainer.config import TrainingSettings
from components.trainer.workers import run_workers
program, folder, is_open = sys.argv[1:]
settings = TrainingSettings(strategy="multi_worker", workers=2, open_worker_ports=is_open)
run_workers(f"worker_programs.{program}", types.SimpleNamespace(model_run_dir=folder), settings)
"""


def run(program, folder, count=2, is_open=MUST_BE_OPEN, **fn_args):
    settings = TrainingSettings(strategy="multi_worker", workers=count, open_worker_ports=is_open)
    run_workers(f"worker_programs.{program}", types.SimpleNamespace(model_run_dir=str(folder), **fn_args), settings)


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


def test_a_package_of_the_users_is_not_taken_for_ours(tmp_path, monkeypatch):
    (tmp_path / "components").mkdir()
    (tmp_path / "components" / "__init__.py").write_text("raise ImportError")
    monkeypatch.chdir(tmp_path)
    run("reports", ".")
    assert [len(started(tmp_path, index)) for index in (0, 1)] == [1, 1]


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
    assert (error.value.place, error.value.cure) == ("row 7", "Fix it.")


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


@pytest.mark.parametrize("program", ["never_ends", "never_lets_go_of_python"])
def test_workers_end_with_the_process_that_started_them(tmp_path, program):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", START, program, str(tmp_path), str(MUST_BE_OPEN)]
    with subprocess.Popen(command, env=environment) as parent:
        wait_until(lambda: len(list(tmp_path.glob("started-*"))) == 2 and all(started(tmp_path, n) for n in (0, 1)))
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(is_alive(process) for index in (0, 1) for process in started(tmp_path, index)))


def sockets_of(process):
    """The inodes of its sockets."""
    links = [os.readlink(descriptor) for descriptor in Path(f"/proc/{process}/fd").iterdir()]
    return {link.removeprefix("socket:[").rstrip("]") for link in links if link.startswith("socket:")}


def listening_to_the_network(process):
    """The inodes of the sockets that listen on more than loopback, in the network that a process is in."""
    tables = [Path(f"/proc/{process}/net/{name}").read_text() for name in ("tcp", "tcp6")]
    lines = [line.split() for table in tables for line in table.splitlines()]
    return {words[9] for words in lines if words[3] == "0A" and set(words[1].partition(":")[0]) == {"0"}}


def test_nobody_outside_reaches_a_worker(tmp_path):
    if MUST_BE_OPEN:
        with pytest.raises(TransferlineError, match="no network of their own"):
            run("serves_until_told", tmp_path, is_open=False)
        assert not list(tmp_path.iterdir())
        return
    with ThreadPoolExecutor(1) as training:
        running = training.submit(run, "serves_until_told", tmp_path)
        try:
            wait_until(lambda: running.done() or len(list(tmp_path.glob("started-*"))) == 2)
            workers = [process for index in (0, 1) for process in started(tmp_path, index)]
            serving = {process: listening_to_the_network(process) & sockets_of(process) for process in workers}
            outside = listening_to_the_network("self")
        finally:
            (tmp_path / "enough").touch()
        running.result()
    assert all(serving.values()), "TensorFlow's servers listen to every address that there is"
    assert not set().union(*serving.values()) & outside


def test_open_ports_are_open_and_the_log_says_so(tmp_path, caplog):
    run("reports", tmp_path, is_open=True)
    assert "the workers' ports are open to this machine's network" in caplog.text
    inside = os.readlink("/proc/self/ns/net")
    assert {(tmp_path / f"network-{index}").read_text() for index in (0, 1)} == {inside}


def test_a_system_without_namespaces_starts_no_worker(tmp_path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    forbidding = [sys.executable, forbidden_namespaces.__file__]
    command = [*forbidding, sys.executable, "-c", START, "reports", str(tmp_path), "False"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "TransferlineError: The system gives the workers no network of their own" in done.stderr
    assert "unshare: Operation not permitted" in done.stderr
    assert "trainer.open_worker_ports=True" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "fn_args",
    [
        {"train_files": ["/data/a", "gs://bucket/a"]},
        {"transform_graph_path": "gs://bucket/graph"},
        {"custom_config": {"checkpoints": "gs://bucket/checkpoints"}},
        {"custom_config": {"features": "gs://bucket/features"}},
    ],
)
def test_workers_of_remote_paths_are_refused_unless_the_user_knows(fn_args, tmp_path):
    with pytest.raises(TransferlineError, match=r"gs://bucket/.* is remote") as error:
        run("reports", tmp_path, is_open=False, **fn_args)
    assert "trainer.open_worker_ports=True" in error.value.cure
    assert not list(tmp_path.iterdir())
    run("reports", tmp_path, is_open=True, **fn_args)
    assert len(started(tmp_path, 0)) == 1


def test_remote_weights_are_refused_too():
    settings = TransferLearning(strategy="multi_worker", workers=2, weights="gs://bucket/weights.h5")
    with pytest.raises(TransferlineError, match=r"gs://bucket/weights\.h5 is remote"), worker_network(settings, []):
        pass


def test_settings_longer_than_an_argument_may_be(tmp_path):
    columns = "x" * 2**18
    run("is_given", tmp_path, custom_config={"trainer": columns})
    assert (tmp_path / "given-1").read_text() == columns
