"""Checks which hosts can be reached, all at the same time."""

import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

from pipeline.checks.finding import Finding, ok, warning

SECONDS_TO_ANSWER = 3.0
SECONDS_OF_PIP = 10.0


def check_network(hosts: Sequence[str], seconds: float = SECONDS_TO_ANSWER) -> list[Finding]:
    """Asks hosts for an answer over HTTPS, through a proxy where the environment names one.

    Args:
        hosts: Their names, perhaps with a port.
        seconds: How long to wait, for all of them together.
    """
    answers = _answers([f"https://{host}/" for host in hosts], seconds)
    # Of a host any answer is one, such as that it has no such page.
    return [
        _finding(host, "" if isinstance(answer, int) else answer) for host, answer in zip(hosts, answers, strict=True)
    ]


def why_not_there(address: str, seconds: float = SECONDS_TO_ANSWER) -> str:
    """Returns why a file can't be had from an address; "" if it can.

    Args:
        address: Of http:// or https://.
        seconds: How long to wait.
    """
    (answer,) = _answers([address], seconds)
    if isinstance(answer, int):
        return "" if answer == HTTPStatus.OK else f"{address} answers {answer}"
    return f"{urlsplit(address).hostname} can't be reached: {answer}"


def why_not_in_index(name: str, seconds: float = SECONDS_OF_PIP) -> str:
    """Returns why pip can't get a package from wherever it is set up to look; "" if it can.

    Args:
        name: The package.
        seconds: How long to wait.
    """
    command = [sys.executable, "-m", "pip", "index", "versions", name, "--timeout=3", "--retries=0", "--no-input"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return f"pip had no answer in {seconds:g} s"
    lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
    return (lines or ["pip failed"])[-1].removeprefix("ERROR: ") if done.returncode else ""


def _answers(addresses: Sequence[str], seconds: float) -> list[int | str]:
    """The status that each address answers, or why it doesn't."""
    found: dict[str, int | str] = {}
    # Threads of our own: looking up a name has no timeout, and a pool's threads are waited for at the end.
    threads = [threading.Thread(target=_ask, args=(address, seconds, found), daemon=True) for address in addresses]
    end = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return [found.get(address, f"no answer in {seconds:g} s") for address in addresses]


def _ask(address: str, seconds: float, found: dict[str, int | str]) -> None:
    request = urllib.request.Request(address, method="HEAD")  # noqa: S310 (ours)
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310
            found[address] = answer.status
    except urllib.error.HTTPError as error:
        found[address] = error.code
    except OSError as error:
        found[address] = str(getattr(error, "reason", error))


def _finding(host: str, reason: str) -> Finding:
    if not reason:
        return ok("network", f"{host} answers")
    cure = "What isn't here yet can't be fetched from there: give data with --data-dir, weights with trainer.weights."
    return warning("network", f"{host} can't be reached: {reason}.", cure)
