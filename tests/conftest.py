"""What every test has in common."""

import gc
import os

import hypothesis
import pytest
from object_store import running

from components.ingest import google_storage

# Before TensorFlow is imported anywhere: its C++ log would bury the tests' own output.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# What is imported and collected stays, by the million of objects. To look through all of them for what nobody holds any
# more, again and again, took more of the processor than to import them.
gc.disable()

# How long an example takes is no property of what is tested: where others are at work, it takes ten times as long.
hypothesis.settings.register_profile("without_deadline", deadline=None)
hypothesis.settings.load_profile("without_deadline")

TAKE_MINUTES = {"end_to_end", "torture"}


def pytest_collection_modifyitems(items):
    """Puts the files that take minutes first, so that none of them ends alone."""
    items.sort(key=lambda item: TAKE_MINUTES.isdisjoint(item.path.parts))


def pytest_collection_finish():
    """Has Python look for what nobody holds any more, among what tests make."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    gc.enable()


def pytest_sessionfinish():
    """Leaves nothing to look through to pytest, which does so at its end, and to Python at its own."""
    gc.freeze()


@pytest.fixture
def object_store(monkeypatch):
    """A bucket at gs://bucket, as Google's client sees it; see `object_store.py`."""
    with running() as (address, store):
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
        google_storage._client_of.cache_clear()
        yield store
        google_storage._client_of.cache_clear()
