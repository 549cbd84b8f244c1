"""`transferline ARGUMENTS` in this process, where a process of its own isn't what a test is about."""

import io
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from unittest.mock import patch

from pipeline import catalog
from pipeline.cli import main


def transferline(*arguments, env, cwd):
    """Runs a command as its entry point does; returns what a process would have given.

    Args:
        arguments: As on a command line.
        env: All variables that the command has.
        cwd: The folder that it is given in.
    """
    command = ["transferline", *map(str, arguments)]
    before, status, err = os.getcwd(), 0, io.StringIO()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out:
        with patch.dict(os.environ, env, clear=True), patch.object(sys, "argv", command), catalog_read_anew():
            os.chdir(cwd)
            try:
                with shown_by(out), redirect_stderr(err):
                    main()
            except SystemExit as end:
                status = end.code or 0
            finally:
                os.chdir(before)
        out.seek(0)
        return subprocess.CompletedProcess(command, status, out.read(), err.getvalue())


@contextmanager
def catalog_read_anew():
    """Lets the built-in pipelines be imported as in a new process: they keep the output folder of their import."""
    before = forget_pipelines()
    try:
        yield
    finally:
        forget_pipelines()
        sys.modules.update(before)


def forget_pipelines():
    """Forgets the built-in pipelines that were imported; returns them."""
    names = [name for name in sys.modules if name.startswith(f"{catalog.__name__}.")]
    return {name: sys.modules.pop(name) for name in names}


@contextmanager
def shown_by(file):
    """Sends stdout to a file, and the file descriptor too, by which a run is shown."""
    before = os.dup(1)
    os.dup2(file.fileno(), 1)
    try:
        with redirect_stdout(file):
            yield
    finally:
        file.flush()
        os.dup2(before, 1)
        os.close(before)
