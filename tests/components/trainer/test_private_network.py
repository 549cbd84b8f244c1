"""A network with nothing but loopback, with the right to make one and without it."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import worker_ports

SUPPORT = Path(__file__).parents[2] / "support"

ENTER = """
import json, os, socket, sys
from pathlib import Path
from components.trainer.private_network import enter
enter(map(int, sys.argv[3:]))
def reaches(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            return connection.getsockname() != connection.getpeername()  # a socket may meet itself
    except ConnectionRefusedError:
        return False
private = Path(sys.argv[1], "private")
outside = reaches(int(sys.argv[2]))  # before there is a server here, which may happen to have the same port
with socket.create_server(("127.0.0.1", 0)) as own:
    print(json.dumps({
        "interfaces": [name for _, name in socket.if_nameindex()],
        "itself": reaches(own.getsockname()[1]),
        "outside": outside,
        "user": [os.geteuid(), os.getegid()],
        "read": private.read_text(),
    }))
private.write_text("of the one inside")
Path(sys.argv[1], "new").touch()
"""

MAKE = """
import subprocess, sys
from components.trainer.private_network import private_network
with private_network() as descriptors:
    command = [sys.executable, "-c", *sys.argv[1:], *map(str, descriptors)]
    subprocess.run(command, pass_fds=descriptors, check=True)
"""

# Of root the right to make a network namespace is taken, so that it has to make a user namespace as others do.
AS_OTHERS = () if os.geteuid() else ("setpriv", "--bounding-set=-sys_admin")


def run(*prefix, code=MAKE, arguments=()):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [*prefix, sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("prefix", [(), AS_OTHERS], ids=["as this user", "without a right"])
def test_those_in_it_reach_each_other_alone_and_stay_who_they_are(prefix, tmp_path):
    (tmp_path / "private").write_text("of the one outside")
    (tmp_path / "private").chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as outside:
        done = run(*prefix, arguments=(ENTER, tmp_path, outside.getsockname()[1]))
    if done.returncode and worker_ports.must_be_open():
        assert "NoPrivateNetworkError" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == {
        "interfaces": ["lo"],
        "itself": True,
        "outside": False,
        "user": [os.geteuid(), os.getegid()],
        "read": "of the one outside",
    }
    assert (tmp_path / "private").read_text() == "of the one inside"
    status = (tmp_path / "new").stat()
    assert (status.st_uid, status.st_gid) == (os.geteuid(), os.stat(tmp_path).st_gid)


def test_a_system_that_forbids_it_is_named():
    done = run(sys.executable, SUPPORT / "forbidden_namespaces.py")
    assert done.returncode == 1
    assert "NoPrivateNetworkError: unshare: Operation not permitted" in done.stderr
