"""What a test asks of the emulator that it runs beside: a bucket, faults, counts of requests."""

import json
from contextlib import closing, contextmanager
from http.client import HTTPConnection


def section(name):
    """Begins to count anew, under a name."""
    _tell("section", name)


def counts():
    """Returns how many requests there were of each kind, by section."""
    return _ask()["counts"]


def met():
    """Returns how many requests the faults befell."""
    return _ask()["met"]


def bucket(name):
    """Makes a bucket; returns its address."""
    _tell("bucket", name)
    return f"gs://{name}"


@contextmanager
def latency(seconds):
    """Lets each request take longer."""
    _tell("latency", seconds)
    try:
        yield
    finally:
        _tell("latency", 0)


@contextmanager
def faults(*them):
    """Lets faults befall the requests; each is a dict of the attributes of `faults.Fault`."""
    _tell("faults", them)
    try:
        yield
    finally:
        _tell("faults", [])


def _ask():
    return _request("GET", "counts")


def _tell(what, told):
    _request("POST", what, json.dumps(told))


def _request(method, path, body=None):
    with closing(HTTPConnection("127.0.0.1")) as connection:
        connection.request(method, f"/{path}", body)
        return json.loads(connection.getresponse().read())
