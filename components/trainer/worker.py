"""One worker process: `python -m components.trainer.worker FILE`, as `components.trainer.workers` starts it.

Its stdout carries a JSON object a line: {"progress": ...}, {"error": ...} or {"done": true}. Its stdin has nothing to
read; its end, when the process that started it has heard enough, ends this one. That process's own end does so, too.
"""

import importlib
import json
import logging
import os
import sys
import threading
import traceback
import types
from pathlib import Path
from typing import Any, TextIO

from components import progress
from components.errors import TransferlineError
from components.parent_death import end_with_parent
from components.trainer.private_network import enter

STDIN, STDOUT, STDERR = 0, 1, 2


class Relay(logging.Handler):
    """Passes progress on.

    Args:
        channel: Where to.
    """

    def __init__(self, channel: TextIO) -> None:
        super().__init__()
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a line for a record with progress."""
        found = getattr(record, "progress", None)
        if isinstance(found, progress.Progress):
            say(self._channel, progress=vars(found))


def main(file: str) -> None:
    """Runs a `run_fn` and says how it ended; returns when all workers are done.

    Args:
        file: JSON: the number of the `process` that starts it, the `folder` that relative paths start from, the dotted
            path `run_fn`, the attributes of its `fn_args`, and the descriptors of the `network`.
    """
    task = json.loads(Path(file).read_text(encoding="utf-8"))
    end_with_parent(task["process"])
    os.chdir(task["folder"])
    enter(task["network"])  # before there is a second thread
    end_with_parent(task["process"])
    channel = os.fdopen(os.dup(STDOUT), "w", encoding="utf-8")
    os.dup2(STDERR, STDOUT)  # what libraries print isn't for the channel
    waiting = threading.Thread(target=_end_when_told, daemon=True)
    waiting.start()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    progress.LOGGER.addHandler(Relay(channel))
    try:
        module, _, name = task["run_fn"].rpartition(".")
        getattr(importlib.import_module(module), name)(types.SimpleNamespace(**task["fn_args"]))
    except BaseException as error:
        traceback.print_exc()
        say(channel, error=described(error))
        sys.stderr.flush()
        # An orderly end would wait for the other workers, which wait for this one.
        os._exit(1)
    say(channel, done=True)
    waiting.join()


def described(error: BaseException) -> dict[str, Any]:
    """Returns what the parent needs to raise an error again, and whether it is only that another worker is gone."""
    if isinstance(error, TransferlineError):
        return {"cause": error.cause, "place": error.place, "cure": error.cure}
    return {"type": type(error).__name__, "text": str(error), "peer_lost": _tells_of_a_lost_peer(error)}


def say(channel: TextIO, **message: Any) -> None:
    """Writes one line."""
    channel.write(json.dumps(message) + "\n")
    channel.flush()


def _tells_of_a_lost_peer(error: BaseException) -> bool:
    tf = sys.modules.get("tensorflow")  # without which there is none of its errors, either
    return tf is not None and isinstance(
        error, tf.errors.UnavailableError | tf.errors.AbortedError | tf.errors.CancelledError
    )


def _end_when_told() -> None:
    while os.read(STDIN, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
