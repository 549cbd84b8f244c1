"""Runs a command beside the emulator; `run.sh` has given this process a network and hosts of its own.

The hosts file gives the emulator Google's names, and variables name its certificate authority and the key of a service
account to TensorFlow, Beam, google-cloud-storage and requests, which all stay as they are.
"""

import argparse
import fcntl
import os
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from emulator import counts
from names import NAMES

HERE = Path(__file__).parent.resolve()
PYTHON = HERE.parents[2] / ".gcs" / "bin" / "python"
GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 0x1


def main():
    """Reads the options of `run.sh`."""
    parser = argparse.ArgumentParser(prog="run.sh")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that each request takes longer")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    if not PYTHON.exists():
        sys.exit("The emulator isn't installed: `make .gcs/.ready` does it.")
    sys.exit(run_beside_emulator(arguments.command, arguments.latency))


def run_beside_emulator(command, latency):
    """Runs a command; returns its exit status."""
    raise_loopback()
    with tempfile.TemporaryDirectory(prefix="cloud-storage-") as name:
        folder = Path(name)
        give_names(folder / "hosts")
        with subprocess.Popen(
            [PYTHON, HERE / "front.py", folder, "--latency", str(latency)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as server:  # fmt: skip
            if server.stdout.readline() != "ready\n":
                sys.exit("The emulator didn't start.")
            status = subprocess.run(command, env=environment(folder), check=False).returncode
            show(counts())
            server.stdin.close()
    return status


def raise_loopback():
    """A new network namespace has its loopback down."""
    request = struct.Struct("16sh22x")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        name, flags = request.unpack(fcntl.ioctl(any_socket, GET_FLAGS, request.pack(b"lo", 0)))
        fcntl.ioctl(any_socket, SET_FLAGS, request.pack(name, flags | UP))


def give_names(hosts):
    """Lets Google's names be this machine's, for this namespace."""
    names = ("localhost", socket.gethostname(), *NAMES)
    hosts.write_text("".join(f"127.0.0.1 {name}\n" for name in names), encoding="utf-8")
    subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)


def environment(folder):
    """Returns the variables that clients go by."""
    authority = dict.fromkeys(
        ("CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "HTTPLIB2_CA_CERTS"), str(folder / "ca.pem")
    )
    ours = {
        "GOOGLE_APPLICATION_CREDENTIALS": str(folder / "credentials.json"),
        "GOOGLE_CLOUD_PROJECT": "test",
        "NO_GCE_CHECK": "true",
        "TRANSFERLINE_CLOUD_STORAGE": "emulator",
    }
    passed_on = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and name != "STORAGE_EMULATOR_HOST"
    }
    return passed_on | authority | ours


def show(by_section):
    """Prints how many requests there were."""
    for name, kinds in by_section.items():
        told = ", ".join(f"{kind} {number}" for kind, number in sorted(kinds.items()) if number)
        sys.stdout.write(f"{name}: {told}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
