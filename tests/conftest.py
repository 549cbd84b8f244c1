"""What every test has in common."""

import os

import pytest
from object_store import running

from components.ingest import google_storage

# Before TensorFlow is imported anywhere: its C++ log would bury the tests' own output.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


@pytest.fixture
def object_store(monkeypatch):
    """A bucket at gs://bucket, as Google's client sees it; see `object_store.py`."""
    with running() as (address, store):
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
        google_storage._client_of.cache_clear()
        yield store
        google_storage._client_of.cache_clear()
