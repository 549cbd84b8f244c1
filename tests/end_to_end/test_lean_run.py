"""What a whole run imports, and how often it looks at the data; seen from within the process that computes it."""

import json

import pytest
from conftest import write_photos

from pipeline import catalog
from pipeline.config.overrides import apply_overrides
from pipeline.runs.parent import CHILD, run_in_child

SMALL = (
    "transform.image_size=32",
    "trainer.base=None",
    "trainer.widths=[8]",
    "trainer.feature_extraction.epochs=1",
    "trainer.fine_tuning.epochs=0",
    'data.split={"by": "hash", "train": 0.6, "eval": 0.2, "test": 0.2}',
    'evaluation.thresholds=[{"metric": "accuracy", "at_least": 0}]',
)
WATCHING = """
import json, sys
from pathlib import Path
looked = []
def watch(event, arguments):
    if event in ("os.listdir", "os.scandir"):
        looked.append(str(arguments[0]))
sys.addaudithook(watch)
from pipeline.runs.child import main
main(int(sys.argv[1]))
from pipeline.runs.deferred import Deferred
read = [name for name, module in list(sys.modules.items()) if not isinstance(module, Deferred)]
Path({out!r}).write_text(json.dumps({{"read": read, "looked": list(looked)}}))
"""
CLIENTS = (
    "apache_beam.runners.dataflow.internal.clients.dataflow",
    "google.cloud.aiplatform",
    "google.cloud.aiplatform_v1",
    "google.cloud.bigquery",
    "google.cloud.bigquery_storage_v1",
    "google.cloud.pubsub",
    "google.pubsub_v1",
    "googleapiclient.discovery",
    "kfp",
    "tfx.orchestration.kubeflow",
)


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """The record of a run of photos, and what was seen of it."""
    folder = tmp_path_factory.mktemp("lean")
    write_photos(folder / "photos", 24)
    out = folder / "seen.json"
    settings = [*SMALL, f"data.path={folder / 'photos'}", f"output_dir={folder / 'out'}"]
    config = apply_overrides(catalog.load("photos"), settings)
    program = WATCHING.format(out=str(out))
    record = run_in_child(config, child=(*CHILD[: CHILD.index("-m")], "-c", program), quiet=True)
    return record, json.loads(out.read_text()), folder / "photos"


def test_a_whole_run_reads_no_client_of_a_service(watched):
    record, seen, _ = watched
    assert record.status == "pushed", record.error
    assert {"tfx", "apache_beam", "tensorflow"} <= set(seen["read"])
    of_clients = [name for name in seen["read"] if any(f"{name}.".startswith(f"{each}.") for each in CLIENTS)]
    assert of_clients == []


def test_the_photos_are_listed_once_for_their_state_and_once_to_be_read(watched):
    _, seen, photos = watched
    _, *folders = sorted(photos.iterdir())  # by what is in the first, the layout is told
    assert [sum(looked == str(folder) for looked in seen["looked"]) for folder in folders] == [2] * 4
