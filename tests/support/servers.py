"""Real database servers of a test's own, as Debian installs them."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

PASSWORD = "it's \\ a secret"  # noqa: S105 (of servers that live for a test)
USER = "transferline"
POSTGRESQL = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
MARIADB = shutil.which("mariadbd", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
needs_postgresql = pytest.mark.skipif(not POSTGRESQL, reason="no PostgreSQL; `make database` installs it")
needs_mariadb = pytest.mark.skipif(not MARIADB, reason="no MariaDB; `make database` installs it")


@dataclass(frozen=True)
class Server:
    """A server that takes the password alone, on this machine.

    Attributes:
        engine: As in the setting `metadata.engine`.
        port: Where it listens.
        client: The command that a statement is added to.
    """

    engine: str
    port: int
    client: tuple[str, ...]

    def settings(self, database):
        """Returns what `--set` is given for one of its databases."""
        values = {
            "engine": self.engine,
            "host": "127.0.0.1",
            "port": self.port,
            "database": database,
            "user": USER,
        }
        return [f"metadata.{key}={value}" for key, value in values.items()]

    def create_database(self, name):
        """Creates one that the user may fill."""
        self.run(f"CREATE DATABASE {name}" + f" OWNER {USER}" * (self.engine == "postgresql"))

    def run_in(self, database, statement):
        """Runs a statement in a database of PostgreSQL, as the server's owner."""
        command = [database if word == "postgres" else word for word in self.client]
        return subprocess.run([*command, statement], capture_output=True, text=True, check=True).stdout.strip()

    def run(self, statement):
        """Runs a statement as the server's owner; returns what it prints."""
        return subprocess.run([*self.client, statement], capture_output=True, text=True, check=True).stdout.strip()


@contextmanager
def postgresql():
    """Runs PostgreSQL."""
    with _folder() as (folder, owner):
        yield from _postgresql(folder, owner)


@contextmanager
def mariadb():
    """Runs MariaDB."""
    with _folder() as (folder, owner):
        yield from _mariadb(folder, owner)


def _postgresql(folder, owner):
    data, port = folder / "data", free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    _run(owner, POSTGRESQL / "initdb", "-D", data, "-U", "owner", "--auth-local=trust", "--auth-host=scram-sha-256")
    control = (POSTGRESQL / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w")
    _run(owner, *control, "start")
    server = Server(
        "postgresql", port, ("psql", "-h", str(folder), "-p", str(port), "-U", "owner", "-d", "postgres", "-Atc")
    )
    server.run(f"CREATE USER {USER} PASSWORD {_literal(PASSWORD)}")
    try:
        yield server
    finally:
        _run(owner, *control, "-m", "immediate", "stop")


def _mariadb(folder, owner):
    data, port, server_socket = folder / "data", free_port(), folder / "socket"
    _run(owner, "mariadb-install-db", "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal")
    options = (f"--datadir={data}", f"--socket={server_socket}", f"--port={port}", "--bind-address=127.0.0.1")
    process = subprocess.Popen(
        [*owner, MARIADB, "--no-defaults", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        server = Server("mysql", port, ("mariadb", "--no-defaults", f"--socket={server_socket}", "-uroot", "-Ne"))
        _wait_until_it_answers(server)
        for host in ("127.0.0.1", "localhost"):
            password = PASSWORD.replace("\\", "\\\\").replace("'", "''")
            server.run(f"CREATE USER {USER}@'{host}' IDENTIFIED BY '{password}'")
            server.run(f"GRANT ALL ON `transferline%`.* TO {USER}@'{host}'")
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


@contextmanager
def _folder():
    """A folder with a short path, as sockets need, and what begins a command of its owner: no server runs as root."""
    with tempfile.TemporaryDirectory() as folder:
        if os.getuid():
            yield Path(folder), ()
        else:
            shutil.chown(folder, "nobody", "nogroup")
            yield Path(folder), ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")


def _run(owner, *command):
    subprocess.run([*owner, *map(str, command)], check=True, capture_output=True, cwd="/")


def _wait_until_it_answers(server):
    end = time.monotonic() + 60
    while True:
        try:
            server.run("SELECT 1")
        except subprocess.CalledProcessError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


def _literal(text):
    return "'" + text.replace("'", "''") + "'"


def free_port():
    """Returns a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
