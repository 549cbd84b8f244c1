"""Starts worker processes on this machine, which train together and resume from the last checkpoint after a kill."""

import json
import logging
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components import progress
from components.errors import TransferlineError
from components.trainer import worker as entry_point
from components.trainer.config import TrainingSettings
from components.trainer.private_network import NoPrivateNetworkError, private_network

LOGGER = logging.getLogger(__name__)
SOURCE = Path(__file__).parents[2]

RESTARTS = 3
"""So often a killed worker has all started again."""

SECONDS_TO_TELL = 1.0
"""The end of one worker soon ends the others, with other errors: so long all are heard before one is believed."""

OPEN_PORTS = "each is a TensorFlow server, which executes, without a login, any graph that it is given"
WHERE_ALONE = "where nobody else can reach this machine, trainer.open_worker_ports=True"

FN_ARGS = (
    "train_files",
    "eval_files",
    "transform_graph_path",
    "serving_model_dir",
    "model_run_dir",
    "hyperparameters",
    "custom_config",
)
"""What of TFX's FnArgs a `run_fn` gets in a worker."""


class WorkerError(RuntimeError):
    """A worker ended by an error that isn't one of the user's; its traceback is in the log."""


class WorkerKilledError(Exception):
    """A worker ended by a signal; training may be started again."""


@dataclass
class Worker:
    """One worker process, and what it said of its end.

    Attributes:
        index: Its number, from 0; that one is the chief.
        process: The process; its stdout carries a JSON object a line.
        done: Whether it said that it had finished.
        error: What it said of the error that ended it.
        rest: The beginning of a line whose end hasn't come yet.
    """

    index: int
    process: subprocess.Popen[bytes]
    done: bool = False
    error: dict[str, Any] = field(default_factory=dict)
    rest: bytes = b""

    def read(self) -> bool:
        """Takes what it has said; returns whether it may say more."""
        assert self.process.stdout is not None  # noqa: S101 (for the type checker: it is a pipe)
        said = os.read(self.process.stdout.fileno(), 65536)
        *lines, self.rest = (self.rest + said).split(b"\n")
        for line in lines:
            self._take(json.loads(line))
        return bool(said)

    def _take(self, message: dict[str, Any]) -> None:
        self.done = self.done or message.get("done", False)
        self.error = message.get("error", self.error)
        if "progress" in message and self.index == 0:
            progress.report(**message["progress"])


def starts_workers(settings: TrainingSettings) -> bool:
    """Tells whether this process is to start workers, rather than to be one or to train alone."""
    return settings.workers > 1 and not os.environ.get("TF_CONFIG")


def run_workers(run_fn: str, fn_args: object, settings: TrainingSettings) -> None:
    """Trains in several processes on this machine, and waits for them.

    Args:
        run_fn: Dotted path of the function that each runs.
        fn_args: What it is given: of the attributes in `FN_ARGS` those that there are.
        settings: Those of the training, with the number of processes.

    Raises:
        TransferlineError: A worker raised it, one was killed again and again, or see `worker_network`.
        WorkerError: A worker raised something else.
    """
    task = {name: getattr(fn_args, name, None) for name in FN_ARGS}
    with worker_network(settings, _paths(task)) as network, tempfile.TemporaryDirectory() as folder:
        # A file, since Linux takes no more than 128 KiB in an argument.
        file = Path(folder, "task.json")
        what = {"process": os.getpid(), "folder": os.getcwd(), "run_fn": run_fn, "fn_args": task, "network": network}
        file.write_text(json.dumps(what), encoding="utf-8")
        command = [sys.executable, "-m", entry_point.__name__, str(file)]
        if not network:
            LOGGER.warning("the workers' ports are open to this machine's network, as trainer.open_worker_ports says")
        for left in reversed(range(RESTARTS + 1)):
            try:
                _run_once(command, settings.workers, network)
            except WorkerKilledError as killed:
                if not left:
                    raise TransferlineError(
                        f"{killed}, for the {RESTARTS + 1}th time.",
                        place="trainer.workers",
                        cure="See whether the machine has the memory for so many workers, or train with fewer.",
                    ) from killed
                LOGGER.warning("%s; all workers are started again", killed)
            else:
                return


@contextmanager
def worker_network(settings: TrainingSettings, paths: Sequence[str]) -> Iterator[Sequence[int]]:
    """Makes the network that the workers share, with nothing but loopback.

    Args:
        settings: Those of the training.
        paths: Where the workers read and write.

    Yields:
        Descriptors, as `private_network.enter` takes them; none where the settings open the ports to this machine's
        network.

    Raises:
        TransferlineError: The system forbids it, or a path is remote.
    """
    if settings.open_worker_ports:
        yield ()
        return
    remote = [path for path in (*settings.files, *paths) if "://" in path]
    if remote:
        raise TransferlineError(
            f"The path {remote[0]} is remote, and workers that reach it have their ports open to the network: "
            f"{OPEN_PORTS}.",
            place="trainer.workers",
            cure=f"Use local files, or trainer.workers=1; {WHERE_ALONE}.",
        )
    with ExitStack() as stack:
        try:
            descriptors = stack.enter_context(private_network())
        except NoPrivateNetworkError as error:
            raise TransferlineError(
                f"The system gives the workers no network of their own ({error}), and in this machine's network "
                f"their ports would be open: {OPEN_PORTS}.",
                place="trainer.workers",
                cure=f"Use trainer.workers=1, or allow network namespaces (docs/training.md); {WHERE_ALONE}.",
            ) from error
        yield descriptors


def _paths(task: Mapping[str, Any]) -> list[str]:
    """Returns where a `run_fn` reads and writes."""
    files = [*(task["train_files"] or ()), *(task["eval_files"] or ())]
    folders = [task[name] for name in ("transform_graph_path", "serving_model_dir", "model_run_dir")]
    config = task["custom_config"] or {}
    kept = [config.get(name) for name in ("checkpoints", "features")]
    return [path for path in (*files, *folders, *kept) if path]


def _run_once(command: Sequence[str], count: int, network: Sequence[int]) -> None:
    cluster = {"worker": [f"127.0.0.1:{port}" for port in _free_ports(count)]}
    with ExitStack() as ends:
        workers = []
        for index in range(count):
            worker = Worker(index, _start(command, cluster, index, network))
            ends.callback(_end, worker.process)
            workers.append(worker)
            LOGGER.info("worker %d of %d is process %d", index, count, worker.process.pid)
        _hear(workers)
        # Now, before they are ended here, by a signal too.
        statuses = {worker.index: worker.process.poll() for worker in workers}
    if not all(worker.done for worker in workers):
        raise _failure(workers, statuses)


def _hear(workers: Sequence[Worker]) -> None:
    """Listens until all are done, or until a little after one has ended without being done."""
    deadline: float | None = None
    with selectors.DefaultSelector() as selector:
        for worker in workers:
            selector.register(worker.process.stdout, selectors.EVENT_READ, worker)  # type: ignore[arg-type]
        while selector.get_map() and not all(worker.done for worker in workers):
            wait = None if deadline is None else deadline - time.monotonic()
            if wait is not None and wait <= 0:
                return
            for key, _ in selector.select(wait):
                if not key.data.read():
                    selector.unregister(key.fileobj)
                    key.data.process.wait()
                    deadline = deadline or time.monotonic() + SECONDS_TO_TELL


def _failure(workers: Sequence[Worker], statuses: dict[int, int | None]) -> Exception:
    """Returns the error to raise: one of a worker's own, else that one was killed, else what the loss of one led to."""
    errors = [worker for worker in workers if worker.error]
    killed = [(index, -status) for index, status in statuses.items() if status is not None and status < 0]
    if own := [worker for worker in errors if not worker.error.get("peer_lost")]:
        return _raised(own[0])
    if killed:
        index, number = killed[0]
        return WorkerKilledError(f"Worker {index} was ended by {signal.Signals(number).name}")
    if errors:
        return _raised(errors[0])
    return WorkerError(f"a worker ended without a word; the exit statuses are {list(statuses.values())}")


def _raised(worker: Worker) -> Exception:
    error = worker.error
    if "cause" in error:
        return TransferlineError(error["cause"], place=error["place"], cure=error["cure"])
    return WorkerError(f"worker {worker.index}: {error['type']}: {error['text']}")


def _start(
    command: Sequence[str], cluster: dict[str, list[str]], index: int, network: Sequence[int]
) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}}),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        # Two processes can't have the same GPU; the strategy "mirrored" is the one for several in a machine.
        "CUDA_VISIBLE_DEVICES": "-1",
    }
    return subprocess.Popen(
        command,
        cwd=SOURCE,  # which is where -m looks first: not in the user's folder, which may have `components`, too
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=network,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a worker: one that is done waits for its stdin to be closed, any other is killed."""
    with process:
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            process.kill()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as sockets:
        servers = [sockets.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [server.getsockname()[1] for server in servers]
