import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from components import progress
from components.errors import TransferlineError
from components.image_example_gen.config import ImageData
from components.image_example_gen.listing import list_photos
from components.image_example_gen.names import mixing_key
from components.ingest import google_storage
from pipeline import catalog
from pipeline.cluster.compile import compile_job, with_cluster_data, write_job
from pipeline.cluster.data import data_version, place, placed_name
from pipeline.cluster.submit import Submission, parameter_values, send
from pipeline.cluster.target import check
from pipeline.config.overrides import apply_overrides
from pipeline.config.sources import HiggsToy
from pipeline.data.sources import materialise

ROOT = "gs://bucket/transferline"


@pytest.fixture(scope="module")
def config():
    return with_cluster_data(apply_overrides(catalog.load("higgs_toy"), [f"output_dir={ROOT}"]))


@pytest.fixture(scope="module")
def job(config):
    return compile_job(config, "image")


@pytest.fixture
def file(job, tmp_path):
    write_job(job, "kubeflow", tmp_path / "pipeline.yaml")
    return tmp_path / "pipeline.yaml"


def submission(**changes):
    given = {"target": "kubeflow", "name": "higgs-toy", "image": "image", "root": ROOT, "parameters": {"max_epochs": 3}}
    return Submission(**given | changes)


@pytest.fixture
def kubeflow_api():
    """Answers as the API of Kubeflow Pipelines does, and keeps what it was sent."""
    sent = []

    class Api(BaseHTTPRequestHandler):
        def answer(self, body):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def do_GET(self):
            self.answer({"experiments": [{"experiment_id": "7", "display_name": "transferline"}], "multi_user": False})

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            sent.append((self.path, body))
            self.answer({"run_id": "r1", "recurring_run_id": "s1", "experiment_id": "7"})

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", sent
    server.shutdown()


def test_kubeflows_client_sends_the_pipeline_with_its_parameters(kubeflow_api, file):
    endpoint, sent = kubeflow_api

    where = send(submission(endpoint=endpoint), file)

    assert where == f"{endpoint}/#/runs/details/r1"
    body = next(body for path, body in sent if path.endswith("/runs"))
    assert body["runtime_config"]["parameters"] == {"max_epochs": 3}
    assert body["runtime_config"]["pipeline_root"] == ROOT
    tasks = body["pipeline_spec"]["root"]["dag"]["tasks"]
    assert tasks["Trainer"]["cachingOptions"] == {"enableCache": True}
    assert not tasks["BaselineModel"].get("cachingOptions", {}).get("enableCache")


def test_a_pipeline_without_cache_is_sent_without_any(kubeflow_api, tmp_path):
    endpoint, sent = kubeflow_api
    uncached = apply_overrides(catalog.load("higgs_toy"), [f"output_dir={ROOT}", "cluster.caching=false"])
    write_job(compile_job(uncached, "image"), "kubeflow", tmp_path / "pipeline.yaml")

    send(submission(endpoint=endpoint), tmp_path / "pipeline.yaml")

    body = next(body for path, body in sent if path.endswith("/runs"))
    tasks = body["pipeline_spec"]["root"]["dag"]["tasks"]
    assert not any(task.get("cachingOptions", {}).get("enableCache") for task in tasks.values())


def test_a_schedule_is_a_recurring_run(kubeflow_api, file):
    endpoint, sent = kubeflow_api

    where = send(submission(endpoint=endpoint, schedule="0 3 * * 1"), file)

    assert where == f"{endpoint}/#/recurringrun/details/s1"
    body = next(body for path, body in sent if path.endswith("/recurringruns"))
    assert body["trigger"]["cron_schedule"]["cron"] == "0 0 3 * * 1"
    baseline = body["pipeline_spec"]["root"]["dag"]["tasks"]["BaselineModel"]
    assert not baseline.get("cachingOptions", {}).get("enableCache")
    assert body["runtime_config"]["parameters"] == {"max_epochs": 3}


def test_a_cluster_that_does_not_answer_is_a_clear_error(file):
    with pytest.raises(TransferlineError, match="kubeflow didn't take the pipeline") as caught:
        send(submission(endpoint="http://127.0.0.1:9"), file)
    assert caught.value.place == "http://127.0.0.1:9"


def test_what_a_target_needs_is_asked_for():
    with pytest.raises(TransferlineError, match="project and region must be known"):
        check(submission(target="vertex"))
    with pytest.raises(TransferlineError, match="endpoint must be known"):
        check(submission())
    check(submission(endpoint="http://cluster"))


def test_run_parameters_are_typed_and_have_defaults(config):
    values = parameter_values(config, {"max_epochs": "3.0"})
    assert values["max_epochs"] == 3
    assert values["data_path"] == f"{ROOT}/higgs_toy/data/higgs_toy-12000-0.csv"
    assert values["thresholds"].startswith('[{"metric":"auc"')


def test_the_photos_epochs_are_of_two_phases():
    values = parameter_values(apply_overrides(catalog.load("cats_vs_dogs"), ["data.path=gs://b/d"]), {})
    assert (values["feature_extraction_epochs"], values["fine_tuning_epochs"]) == (10, 10)


def test_data_that_a_run_must_name_is_asked_for():
    with pytest.raises(TransferlineError, match="data_path: has no value"):
        parameter_values(catalog.load("photos"), {})


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({"epochs": "3"}, "did you mean 'max_epochs'"),
        ({"max_epochs": "three"}, "trainer.max_epochs: 'three' must be a whole number"),
        ({"max_epochs": "0"}, "trainer.max_epochs: '0' must be greater than or equal to 1"),
        ({"thresholds": "[]"}, "evaluation.thresholds: must have at least 1 item"),
        ({"thresholds": "[{"}, "evaluation.thresholds: .* isn't JSON"),
        ({"data_path": "/home/me/rows.csv"}, "Only this machine has what the settings name: data.path is /home/me"),
    ],
)
def test_run_parameters_that_are_no_good_are_named(config, given, cause):
    with pytest.raises(TransferlineError, match=cause):
        parameter_values(config, given)


def test_data_of_its_own_is_copied_once_and_its_version_follows_it(tmp_path, monkeypatch):
    monkeypatch.setenv("TRANSFERLINE_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "root" / "data" / "rows.csv"
    source = HiggsToy(rows=20)
    assert place(source, str(path))
    assert not place(source, str(path))
    config = apply_overrides(catalog.load("higgs_toy"), [f"data.path={path}"])
    before = data_version(config)
    assert data_version(config) == before
    path.write_text(path.read_text() + "\n")
    assert data_version(config) != before


def test_photos_are_copied_as_one_archive_that_is_read_as_the_folder_is(tmp_path):
    source = catalog.load("digits").source
    archive = tmp_path / "root" / placed_name(source)
    assert place(source, str(archive))
    assert not place(source, str(archive))
    folder, placed = (list_photos(ImageData(path=str(path))) for path in (materialise(source), archive))
    assert [(each.name, each.label) for each in placed.targets] == [
        (each.name, each.label) for each in sorted(folder.targets, key=lambda each: mixing_key(each.name))
    ]
    assert len(placed.targets) == 1797
    first = [photo for source in placed.sources for photo in source.read()]
    assert first == [photo for source in folder.sources for photo in source.read()]


def test_the_same_photos_are_the_same_archive(tmp_path):
    source = catalog.load("digits").source
    for name in ("one.zip", "two.zip"):
        place(source, str(tmp_path / name))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_photos_are_copied_to_a_bucket_by_two_requests_and_read_by_some(object_store):
    source = catalog.load("digits").source
    path = f"gs://bucket/data/{placed_name(source)}"
    assert place(source, path)
    assert object_store.requests == ["GET data/digits.zip", "POST data/digits.zip"]
    object_store.requests.clear()
    listing = list_photos(ImageData(path=path))
    assert sum(1 for source in listing.sources for _ in source.read()) == 1797
    assert len(object_store.requests) < 50
    config = apply_overrides(catalog.load("digits"), [f"data.path={path}"])
    assert data_version(config) == data_version(config) != ""
    assert not data_version(config).endswith("Z")


def test_how_far_the_copy_is_can_be_heard(object_store, monkeypatch):
    monkeypatch.setattr(google_storage, "UPLOADED_BYTES", 2**18)
    heard = []
    with progress.heard_by(heard.append):
        place(HiggsToy(rows=3000), "gs://bucket/rows.csv")
    size = len(object_store.content("rows.csv"))
    assert heard[-1] == progress.Progress(size, size, "bytes")


def test_where_nothing_can_be_written_is_a_clear_error():
    with pytest.raises(TransferlineError, match="can't be copied to where the cluster reads it") as caught:
        place(catalog.load("digits").source, "nowhere://bucket/digits")
    assert caught.value.place == "nowhere://bucket/digits"


@pytest.mark.parametrize("path", ["/nowhere/rows.csv", "nowhere://bucket/rows.csv"])
def test_data_that_cannot_be_read_from_here_always_counts_as_new(path):
    config = apply_overrides(catalog.load("higgs_toy"), [f"data.path={path}"])
    assert data_version(config).endswith("Z")
