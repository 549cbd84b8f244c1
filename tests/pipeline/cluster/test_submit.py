import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.cluster.compile import compile_job, with_cluster_data, write_job
from pipeline.cluster.data import data_version, place
from pipeline.cluster.submit import Submission, check, parameter_values, send
from pipeline.config.overrides import apply_overrides
from pipeline.config.sources import HiggsToy

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


def test_photos_are_copied_as_a_folder(tmp_path):
    path = tmp_path / "root" / "digits"
    assert place(catalog.load("digits").source, str(path))
    assert len(list(path.glob("*/*.png"))) == 1797


def test_what_was_copied_in_part_is_copied_again(tmp_path):
    path = tmp_path / "root" / "digits"
    (path / "0").mkdir(parents=True)
    (path / "0" / "0.png").touch()
    assert place(catalog.load("digits").source, str(path))
    assert len(list(path.glob("*/*.png"))) == 1797
    assert not place(catalog.load("digits").source, str(path))


def test_where_nothing_can_be_written_is_a_clear_error():
    with pytest.raises(TransferlineError, match="can't be copied to where the cluster reads it") as caught:
        place(catalog.load("digits").source, "nowhere://bucket/digits")
    assert caught.value.place == "nowhere://bucket/digits"


@pytest.mark.parametrize("path", ["/nowhere/rows.csv", "nowhere://bucket/rows.csv"])
def test_data_that_cannot_be_read_from_here_always_counts_as_new(path):
    config = apply_overrides(catalog.load("higgs_toy"), [f"data.path={path}"])
    assert data_version(config).endswith("Z")
