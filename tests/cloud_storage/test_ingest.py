"""The ExampleGens on data in a bucket: how often they ask for it, and what becomes of what goes wrong."""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from cloud_storage import emulator
from PIL import Image
from tfx.types import standard_artifacts

from components.csv_example_gen.config import CsvData
from components.csv_example_gen.executor import Executor as RowExecutor
from components.errors import error_in_chain
from components.image_example_gen.config import ImageData
from components.image_example_gen.executor import Executor as PhotoExecutor
from components.image_example_gen.listing import fingerprint
from components.ingest import storage
from components.ingest.artifact import IngestReportArtifact
from components.ingest.report import read_report

PHOTOS = 300
ROWS = 30_000
BEAM = ["--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner", "--sdk_container_image=none"]
REQUESTS = ("list", "stat", "read")


def photo(number):
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(number).integers(0, 255, (6, 8, 3), np.uint8)).save(buffer, "JPEG")
    return buffer.getvalue()


def upload(content, path):
    storage.upload(io.BytesIO(content), path)


@pytest.fixture
def photos(folder):
    """Photos of two classes in a bucket."""
    names = [f"{folder}/{('cat', 'dog')[number % 2]}/{number:03d}.jpg" for number in range(PHOTOS)]
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(upload, map(photo, range(PHOTOS)), names))
    return folder


@pytest.fixture
def ingest(tmp_path):
    """Runs an ExampleGen; returns its report, and how many requests of each kind that took."""

    def run(executor, data):
        outputs = {"examples": [standard_artifacts.Examples()], "ingest_report": [IngestReportArtifact()]}
        for key, (artifact,) in outputs.items():
            artifact.uri = str(tmp_path / "out" / key)
            (tmp_path / "out" / key).mkdir(parents=True)
        emulator.section(data.path)
        executor(executor.Context(beam_pipeline_args=list(BEAM))).Do(
            {}, outputs, {"data": data.model_dump_json(), "schema_text": ""}
        )
        counts = emulator.counts()[data.path]
        return read_report(outputs["ingest_report"][0].uri), {kind: counts.get(kind, 0) for kind in REQUESTS}

    return run


def written(report):
    return {label: sum(labels.get(label, 0) for labels in report.counts.values()) for label in ("cat", "dog")}


def test_a_photo_is_asked_for_once(photos, ingest):
    report, asked = ingest(PhotoExecutor, ImageData(path=photos))
    assert written(report) == {"cat": PHOTOS / 2, "dog": PHOTOS / 2}
    assert asked["read"] == PHOTOS
    assert asked["stat"] == 0
    assert sum(asked.values()) < 1.2 * PHOTOS


def test_a_fingerprint_asks_for_no_photo(photos):
    emulator.section("fingerprint")
    before = fingerprint(photos)
    counts = emulator.counts()["fingerprint"]
    assert sum(counts.get(kind, 0) for kind in REQUESTS) < 10
    upload(photo(1), f"{photos}/cat/000.jpg")
    assert fingerprint(photos) != before


@pytest.mark.parametrize("action", ["503", "429", "cut", "lost"])
def test_what_goes_wrong_for_a_moment_loses_nothing(photos, ingest, action):
    befalls = {"action": action, "kind": "read|list", "path": f".*{photos.rpartition('/')[2]}.*", "times": 3}
    with emulator.faults(befalls | {"skip": 2}):
        report, _ = ingest(PhotoExecutor, ImageData(path=photos))
        assert emulator.met() == 3
    assert (report.found, report.quarantined) == (PHOTOS, 0)
    assert written(report) == {"cat": PHOTOS / 2, "dog": PHOTOS / 2}


def test_a_photo_that_vanishes_is_set_aside(photos, ingest):
    with emulator.faults({"action": "vanish", "kind": "read", "path": ".*cat/000.jpg"}):
        report, _ = ingest(PhotoExecutor, ImageData(path=photos))
    assert [(item.place, item.reason) for item in report.first_quarantined] == [("cat/000.jpg", "the file is missing")]
    assert sum(written(report).values()) == PHOTOS - 1


@pytest.mark.parametrize("kind", ["list", "read"])
def test_a_bucket_without_permission(photos, ingest, kind):
    with (
        emulator.faults({"action": "403", "kind": kind, "times": -1}),
        pytest.raises(Exception, match="may not") as caught,
    ):
        ingest(PhotoExecutor, ImageData(path=photos))
    error = error_in_chain(caught.value)  # Beam wraps what happens in a worker
    assert "may not read this in Google Cloud Storage" in error.cause
    assert error.place.startswith("gs://bucket/")
    assert "Storage Object Viewer" in error.cure


@pytest.fixture
def rows(folder):
    """Two files of rows in a bucket."""
    for name in ("a", "b"):
        lines = "".join(f"{number / 7:.4f},{number % 2}\n" for number in range(ROWS))
        upload(f"x,label\n{lines}".encode(), f"{folder}/{name}.csv")
    return folder


def test_files_of_rows_are_read_in_stretches(rows, ingest):
    report, asked = ingest(RowExecutor, CsvData(path=rows, label="label"))
    assert (report.found, report.quarantined) == (2 * ROWS, 0)
    assert sum(asked.values()) < 30


def test_rows_of_an_answer_that_breaks_off_are_not_lost(rows, ingest):
    with emulator.faults({"action": "cut", "kind": "read", "times": 2}):
        report, _ = ingest(RowExecutor, CsvData(path=rows, label="label"))
        assert emulator.met() == 2
    assert (report.found, report.quarantined) == (2 * ROWS, 0)
