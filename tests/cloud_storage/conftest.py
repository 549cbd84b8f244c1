"""Tests on a Google Cloud Storage. `make gcs-test` runs them beside its emulator; without it they aren't collected."""

import os
import re

import pytest
from cloud_storage import emulator
from conftest import Home
from google.cloud import storage

from pipeline.config import EmbeddedDigits
from pipeline.data.sources import materialise

collect_ignore_glob = [] if "TRANSFERLINE_CLOUD_STORAGE" in os.environ else ["test_*"]

SCANS_A_CLASS = 30


@pytest.fixture(scope="module", autouse=True)
def section(request):
    """Counts the requests of each file by themselves."""
    emulator.section(request.module.__name__.rpartition(".")[2])


@pytest.fixture
def folder(request):
    """A folder of the test's own in the bucket; no client takes a part of its name for a pattern."""
    return f"gs://bucket/{re.sub('[^a-z]+', '_', request.node.name)}"


@pytest.fixture(scope="session")
def bucket():
    """The bucket as Google's client has it."""
    return storage.Client().bucket("bucket")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home for the tests of a file, with the variables that clients go by."""
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def scans(bucket):
    """The first scans of each digit, in class folders on gs://."""
    taken = dict.fromkeys(map(str, range(10)), 0)
    for scan in sorted(materialise(EmbeddedDigits()).glob("*/*.png")):
        label = scan.parent.name
        taken[label] += 1
        if taken[label] <= SCANS_A_CLASS:
            bucket.blob(f"scans/{label}/{scan.name}").upload_from_filename(scan)
    return "gs://bucket/scans"
