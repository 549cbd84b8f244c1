"""The Beam steps on several workers. `make engines-test` runs them, and keeps their table."""

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from unittest.mock import patch

import pytest
from conftest import ROOT, write_photos
from engines import EXAMPLE_GENS, Engine, compute, environment, run_until, serving, settings
from servers import free_port
from small_photo_trainer import small_base

from components.trainer.transfer_learning import run_fn
from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.config.sources import HiggsToy
from pipeline.data.sources import write_to

collect_ignore_glob = [] if "TRANSFERLINE_ENGINES" in os.environ else ["test_*"]

TABLE = ROOT / "build" / "engines.md"
COLUMNS = ("data", "step", "engine", "workers", "records", "equal", "killed", "seconds")
FOUND = pytest.StashKey[list]()
ROWS, FILES, BAD_ROWS = 8_000, 6, 5
PHOTOS_OF_A_CLASS = 180
INSTALL = "go install github.com/apache/beam/sdks/v2/go/cmd/prism@v2.74.0"


def pytest_configure(config):
    config.stash[FOUND] = []


@pytest.fixture
def table(request):
    """The lines of the table; what is added is shown and kept in the end."""
    return request.config.stash[FOUND]


def pytest_terminal_summary(terminalreporter, config):
    found = config.stash[FOUND]
    if not found:
        return
    lines = ["| " + " | ".join(map(str, line)) + " |" for line in (COLUMNS, ["---"] * len(COLUMNS), *found)]
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text("\n".join([*lines, ""]))
    terminalreporter.section(f"engines ({TABLE.relative_to(ROOT)})")
    for line in lines:
        terminalreporter.write_line(line)


class Local:
    """What a pipeline makes without another engine, up to the model that every engine evaluates.

    Args:
        data: "rows" or "photos".
        folder: For all of it.
    """

    def __init__(self, data, folder):
        self._data, self._folder = data, folder
        self._made = {}

    @cached_property
    def config(self):
        """The pipeline, with its data written."""
        written = {"rows": rows, "photos": photos}[self._data](self._folder / "data")
        return apply_overrides(written, [f"output_dir={self._folder}"])

    @cached_property
    def model(self):
        with patch.object(run_fn, "build_base", small_base):
            return run_until("Trainer", self.config).of("Trainer", "model")

    def made(self, step):
        """What a step makes."""
        if step not in self._made:
            self._made[step] = compute(step, self._data, self.config, self.model, self._folder / "evaluated")[0]
        return self._made[step]


def rows(folder):
    """Rows in several files, of which one has some that can't be read."""
    (folder / "files").mkdir(parents=True)
    write_to(HiggsToy(rows=ROWS), folder / "rows.csv")
    lines = (folder / "rows.csv").read_text().splitlines()
    for number in range(FILES):
        bad = ["a bad row"] * (BAD_ROWS if number == 1 else 0)
        (folder / "files" / f"{number}.csv").write_text("\n".join([*lines[number::FILES], *bad, ""]))
    given = [f"data.path={folder}/files", 'trainer.models={"tiny": {"widths": [4]}}', "trainer.max_epochs=1"]
    split = ["data.split.by=hash", "data.split.stratify=true"]  # each worker has rows of every split
    return apply_overrides(catalog.load("higgs_toy"), [*given, *split, "gate.max_quarantined=0.1"])


def photos(folder):
    """Photos of five classes, of which one can't be read, one is there twice, and one in two classes."""
    write_photos(folder, PHOTOS_OF_A_CLASS)
    (folder / "blue" / "broken.png").write_bytes(b"no photo")
    shutil.copy(folder / "pink" / "001.png", folder / "pink" / "copy.png")
    shutil.copy(folder / "red" / "001.png", folder / "green" / "copy.png")
    given = ["transform.image_size=32", "trainer.weights=None", "trainer.batch_size=64"]
    epochs = ["trainer.feature_extraction.epochs=1", "trainer.fine_tuning.epochs=1", "trainer.fine_tuning.from_layer=1"]
    return apply_overrides(catalog.load("photos"), [f"data.path={folder}", *given, *epochs, "gate.max_quarantined=0.1"])


@pytest.fixture(scope="session")
def local(tmp_path_factory):
    """What each kind of data becomes without another engine."""
    return {data: Local(data, tmp_path_factory.mktemp("local") / data) for data in EXAMPLE_GENS}


@pytest.fixture(scope="session")
def homes(tmp_path_factory):
    """Where the pipelines on other engines have their folders, which go on from each other's steps."""
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(scope="session")
def engines(tmp_path_factory):
    """Starts an engine when it is first asked for by its name."""
    folder, started = tmp_path_factory.mktemp("engines"), {}
    with ExitStack() as open_ones:

        def engine(name):
            if name not in started:
                own = folder / name.replace(" ", "-")
                opened = OTHERS[name](own) if name in OTHERS else serving(own, int(name[0]))
                started[name] = open_ones.enter_context(opened)
            return started[name]

        yield engine


@pytest.fixture
def engine(request, engines):
    """The engine that is the parameter."""
    return engines(request.param)


@contextmanager
def beams_commands(folder):
    """Runs Beam's own job service and worker pool, as docs/beam.md has them."""
    folder.mkdir(parents=True)
    endpoint, pool = free_port(), free_port()
    commands = (
        ("apache_beam.runners.portability.local_job_service_main", "--port", str(endpoint)),
        ("apache_beam.runners.worker.worker_pool_main", "--service_port", str(pool)),
    )
    with ExitStack() as running:
        log = running.enter_context((folder / "log").open("w"))
        for command in commands:
            service = subprocess.Popen(
                [sys.executable, "-m", *command], env=environment(), cwd=folder, stdout=log, stderr=log
            )
            running.callback(service.wait)
            running.callback(service.terminate)
            wait_for(int(command[-1]), service)
        yield Engine(settings(f"localhost:{endpoint}", f"localhost:{pool}"), folder, 1)


@contextmanager
def prism(folder):
    """Runs Prism, with a pool to take its worker from."""
    binary = shutil.which("prism", path=f"{os.environ['PATH']}{os.pathsep}{go_path() / 'bin'}")
    if binary is None:
        pytest.skip(f"Prism isn't installed; `{INSTALL}` installs it where Go is")
    with serving(folder, 1) as pools, (folder / "prism.log").open("w") as log:
        port = free_port()
        command = [binary, "--job_port", str(port), "--serve_http=false"]
        service = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            wait_for(port, service)
            pool = pools.settings[-1].partition("=")[2]
            yield Engine(settings(f"localhost:{port}", pool), pools.folder, 1)
        finally:
            service.kill()
            service.wait()


def wait_for(port, service):
    """Waits until a process answers at its port."""
    end = time.monotonic() + 60
    while True:
        try:
            return socket.create_connection(("localhost", port)).close()
        except ConnectionError:
            assert service.poll() is None, "it ended"
            assert time.monotonic() < end, "it doesn't answer"
            time.sleep(0.1)


def go_path():
    """Where Go installs commands."""
    if shutil.which("go") is None:
        return Path.home() / "go"
    return Path(subprocess.run(["go", "env", "GOPATH"], capture_output=True, text=True, check=True).stdout.strip())


OTHERS = {"Beam's commands": beams_commands, "prism": prism}
