"""What a test asks of the emulator beyond its service: counts of requests by section, faults, and slowness."""

import re
import threading
from collections import Counter
from dataclasses import dataclass


@dataclass
class Fault:
    """What befalls requests.

    Attributes:
        action: A status such as "503", which is answered instead; "cut", half an answer and a reset connection; "lost",
            the request is served and the connection reset before any answer; "vanish", the object is gone before the
            request is served; "hold", the request waits until the faults are taken back, and is served if its client
            is still there.
        kind: What kind of request, as a regular expression over `Asked.kind`.
        path: Which, as a regular expression over "bucket/object".
        skip: How many pass before.
        times: How many it befalls; -1 for all.
    """

    action: str
    kind: str = ".*"
    path: str = ".*"
    skip: int = 0
    times: int = 1

    def befalls(self, asked):
        """Returns whether it befalls a request, and counts it."""
        place = f"{asked.bucket}/{asked.name}"
        if not self.times or not re.fullmatch(self.kind, asked.kind) or not re.fullmatch(self.path, place):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True


class Watch:
    """Counts and faults, for all threads of the server.

    Attributes:
        latency: Seconds that each request takes longer.
        met: How many requests a fault befell.
    """

    def __init__(self, latency):
        self.lock = threading.Lock()
        self.latency = latency
        self.met = 0
        self.counts = {}
        self.begin("all")
        self.faults = []
        self.let_go = threading.Event()

    def begin(self, section):
        """Counts anew, under a name."""
        self.section, self.counts[section] = section, Counter()

    def seen(self, asked):
        """Counts a request; returns the action of the fault that befalls it, or "" for none."""
        with self.lock:
            self.counts[self.section][asked.kind] += 1
            fault = next((each for each in self.faults if each.befalls(asked)), None)
            self.met += fault is not None
            return fault.action if fault else ""

    def count(self, name, number):
        """Adds to a count of the section."""
        with self.lock:
            self.counts[self.section][name] += number

    def replace_faults(self, faults):
        """Sets the faults; what one held goes on."""
        with self.lock:
            self.let_go.set()
            self.let_go = threading.Event()
            self.faults = [Fault(**each) for each in faults]
            self.met = 0
