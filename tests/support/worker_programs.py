"""Functions that worker processes run in tests, in place of a training."""

import ctypes
import json
import os
import signal
import time
from pathlib import Path

from components import progress
from components.errors import TransferlineError


def task():
    return json.loads(os.environ["TF_CONFIG"])


def index():
    return task()["task"]["index"]


def starts(folder):
    """Counts how often this worker was started, this time included."""
    file = Path(folder) / f"started-{index()}"
    with file.open("a") as stream:
        stream.write(f"{os.getpid()}\n")
    return len(file.read_text().splitlines())


def reports(fn_args):
    starts(fn_args.model_run_dir)
    os.write(1, b"what a library prints\n")
    progress.report(3, 10, "epochs", f"of worker {index()}")
    folder = Path(fn_args.model_run_dir)
    (folder / f"task-{index()}.json").write_text(json.dumps(task()))
    (folder / f"network-{index()}").write_text(os.readlink("/proc/self/ns/net"))


def is_given(fn_args):
    Path(fn_args.model_run_dir, f"given-{index()}").write_text(fn_args.custom_config["trainer"])


def raises_an_error_for_people(fn_args):
    if index() == 0:
        time.sleep(3600)
    raise TransferlineError("The rows are bad.", place="row 7", cure="Fix it.")


def raises_its_own_error_and_costs_the_others_their_lives(fn_args):
    starts(fn_args.model_run_dir)
    if index() == 0:
        wait_for_the_end_of_the_second(Path(fn_args.model_run_dir, "started-1"))
        os.kill(os.getpid(), signal.SIGABRT)
    raise KeyError("absent")


def wait_for_the_end_of_the_second(file):
    while not file.exists() or not (number := file.read_text().strip()) or Path(f"/proc/{number}").exists():
        time.sleep(0.02)


def is_killed_once(fn_args):
    if index() == 1 and starts(fn_args.model_run_dir) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    if index() == 0 and starts(fn_args.model_run_dir) == 1:
        time.sleep(3600)


def is_always_killed(fn_args):
    starts(fn_args.model_run_dir)
    if index() == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(3600)


def never_ends(fn_args):
    starts(fn_args.model_run_dir)
    time.sleep(3600)


def never_lets_go_of_python(fn_args):
    """As a call into C++ that waits for a worker that is gone: no other thread gets to do anything."""
    starts(fn_args.model_run_dir)
    ctypes.PyDLL(None).sleep(3600)


def serves_until_told(fn_args):
    from components.trainer.strategy import distribution_strategy  # noqa: PLC0415 (the others need no TensorFlow)

    distribution_strategy("multi_worker")
    folder = Path(fn_args.model_run_dir)
    starts(folder)
    while not (folder / "enough").exists():
        time.sleep(0.05)
