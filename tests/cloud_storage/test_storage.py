"""How this project reaches gs:// by Google's client: what fails in passing is tried again, and nothing is lost."""

import io
import os

import pytest
from cloud_storage import emulator

from components.ingest import storage

CONTENTS = {"small": os.urandom(3000), "large": os.urandom(17 * 2**20)}
ACTIONS = ("429", "503", "cut", "lost")
# The answer to the start of an upload has no body that could be cut.
WRITING = [("small", "write", each) for each in ACTIONS]
WRITING += [
    ("large", kind, each) for kind in ("start", "write") for each in ACTIONS if (kind, each) != ("start", "cut")
]


def read_whole(path):
    return storage.read_file(path, 2**30)


def read_on(path):
    with storage.open_file(path) as file:
        return file.read()


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("size", CONTENTS)
@pytest.mark.parametrize("read", [read_whole, read_on])
def test_reading(folder, read, size, action):
    content = CONTENTS[size]
    storage.upload(io.BytesIO(content), f"{folder}/file")
    with emulator.faults({"action": action, "kind": "read"}):
        assert read(f"{folder}/file") == content
        assert emulator.met() == 1


@pytest.mark.parametrize(("size", "kind", "action"), WRITING)
def test_writing(folder, size, kind, action):
    with emulator.faults({"action": action, "kind": kind}):
        storage.upload(io.BytesIO(CONTENTS[size]), f"{folder}/file")
        assert emulator.met() == 1
    assert read_whole(f"{folder}/file") == CONTENTS[size]


@pytest.mark.parametrize("action", ACTIONS)
def test_creating(folder, action):
    with emulator.faults({"action": action, "kind": "write"}):
        storage.create(f"{folder}/file", b"mine")
        assert emulator.met() == 1
    assert read_whole(f"{folder}/file") == b"mine"
    assert not storage.create(f"{folder}/file", b"another's")
    assert read_whole(f"{folder}/file") == b"mine"


@pytest.mark.parametrize("action", ACTIONS)
def test_listing_and_looking(folder, action):
    for number in range(20):
        storage.upload(io.BytesIO(CONTENTS["small"]), f"{folder}/{number:02}")
    with emulator.faults(*({"action": action, "kind": kind} for kind in ("list", "stat"))):
        assert [node.name for node in storage.walk(folder)] == [f"{number:02}" for number in range(20)]
        assert storage.size_in(storage.stamp_of(f"{folder}/00")) == len(CONTENTS["small"])
        assert emulator.met() == 2
