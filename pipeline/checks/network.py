"""Checks which hosts can be reached, all at the same time."""

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence

from pipeline.checks.finding import Finding, ok, warning

SECONDS_TO_ANSWER = 3.0


def check_network(hosts: Sequence[str], seconds: float = SECONDS_TO_ANSWER) -> list[Finding]:
    """Asks hosts for an answer over HTTPS, through a proxy where the environment names one.

    Args:
        hosts: Their names, perhaps with a port.
        seconds: How long to wait, for all of them together.
    """
    faults: dict[str, str] = {}
    # Threads of our own: looking up a name has no timeout, and a pool's threads are waited for at the end.
    threads = [threading.Thread(target=_ask, args=(host, seconds, faults), daemon=True) for host in hosts]
    end = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return [_finding(host, faults.get(host, f"no answer in {seconds:g} s")) for host in hosts]


def _ask(host: str, seconds: float, faults: dict[str, str]) -> None:
    request = urllib.request.Request(f"https://{host}/", method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=seconds):  # noqa: S310
            faults[host] = ""
    except urllib.error.HTTPError:  # it did answer
        faults[host] = ""
    except OSError as error:
        faults[host] = str(getattr(error, "reason", error))


def _finding(host: str, reason: str) -> Finding:
    if not reason:
        return ok("network", f"{host} answers")
    cure = "What isn't here yet can't be fetched from there: give data with --data-dir, weights with trainer.weights."
    return warning("network", f"{host} can't be reached: {reason}.", cure)
