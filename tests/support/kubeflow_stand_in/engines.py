"""Who starts a step: a container engine, or this machine's environment in its place."""

import multiprocessing
import os
import posixpath
import runpy
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kubeflow_stand_in.driver import LEGACY_OUTPUT_FILE
from kubeflow_stand_in.launcher import inside

FOLDERS = ("/gcs", posixpath.dirname(LEGACY_OUTPUT_FILE))
"""Where a step finds what the launcher copied, and where it writes what it says."""


@dataclass(frozen=True)
class Step:
    """A step that is about to start.

    Attributes:
        command: Its words, with all values in their places.
        image: Of its container.
        environment: Variables that the compiled pipeline sets.
        pod: The folder that stands for the container's own file system.
        log: What it writes to stdout and stderr goes there.
    """

    command: Sequence[str]
    image: str
    environment: dict[str, str]
    pod: Path
    log: Path


class Engine(Protocol):
    """Starts steps."""

    def path(self, pod: Path, path: str) -> str:
        """Returns what a path of the container is called by the step."""

    def run(self, step: Step) -> int:
        """Runs a step; returns its exit status."""


@dataclass(frozen=True)
class Containers:
    """Each step in its container.

    Attributes:
        words: The words that start a container, up to the image.
    """

    words: Sequence[str]

    def path(self, pod: Path, path: str) -> str:
        """Returns the path: a container has a file system of its own."""
        return path

    def run(self, step: Step) -> int:
        """Runs a step; returns its exit status."""
        mounts = []
        for folder in FOLDERS:
            here = inside(step.pod, folder)
            here.mkdir(parents=True, exist_ok=True)
            # In KFP the launcher is the container's own user.
            for each in (here, *(found for found in here.rglob("*") if found.is_dir())):
                each.chmod(0o777)
            mounts += ["--volume", f"{here}:{folder}"]
        variables = [word for name, value in step.environment.items() for word in ("--env", f"{name}={value}")]
        start = [*self.words, *mounts, *variables, "--entrypoint", step.command[0], step.image, *step.command[1:]]
        with step.log.open("ab") as log:
            return subprocess.run(start, stdout=log, stderr=subprocess.STDOUT, check=False).returncode


@dataclass(frozen=True)
class Processes:
    """Each step as a process of this environment; its image is then what runs the tests.

    Attributes:
        environment: Variables of the process, beside those that the compiled pipeline sets; this process's by default.
    """

    environment: dict[str, str] | None = None

    def path(self, pod: Path, path: str) -> str:
        """Returns where the path lies in the pod's folder."""
        return str(inside(pod, path))

    def run(self, step: Step) -> int:
        """Runs a step; returns its exit status."""
        environment = {**(os.environ if self.environment is None else self.environment), **_variables(step)}
        start = [sys.executable, *step.command[1:]]
        with step.log.open("ab") as log:
            done = subprocess.run(
                start, env=environment, cwd=step.pod, stdout=log, stderr=subprocess.STDOUT, check=False
            )
        return done.returncode


class Forks:
    """Each step as a fork of one process that has imported what the steps share: TFX alone takes six seconds a step."""

    def __init__(self, imports: Sequence[str], environment: dict[str, str]):
        """Remembers what to import.

        Args:
            imports: Names of modules.
            environment: Variables of the steps, beside those that the compiled pipeline sets.
        """
        self.environment = environment
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(imports))
        self._starting = threading.Lock()

    def path(self, pod: Path, path: str) -> str:
        """Returns where the path lies in the pod's folder."""
        return str(inside(pod, path))

    def run(self, step: Step) -> int:
        """Runs a step; returns its exit status."""
        variables = {**self.environment, **_variables(step)}
        process = self._context.Process(
            target=_become, args=(list(step.command), variables, str(step.pod), str(step.log))
        )
        with self._starting:
            process.start()
        process.join()
        return int(process.exitcode or 0)


def _variables(step: Step) -> dict[str, str]:
    """A step's variables, with KFP's own one for files below another root (launcher_v2.go, LocalPathForURI)."""
    return {"ARTIFACT_LOCAL_PATH": str(step.pod), **step.environment}


def _become(command: list[str], variables: dict[str, str], folder: str, log: str) -> None:
    """Does in a fork what `python -m MODULE ARGUMENTS` does."""
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    _, _, module, *arguments = command
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
