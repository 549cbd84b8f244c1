import json

import pytest
from cluster_apis import PROJECT, REGION, Failure
from google.cloud.aiplatform_v1 import PipelineJob, Schedule

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
from pipeline.cluster.target import job_name
from pipeline.config.overrides import apply_overrides
from pipeline.config.sources import HiggsToy
from pipeline.data.sources import materialise

ROOT = "gs://bucket/transferline"
PARAMETERS = {"max_epochs": 3, "data_path": "gs://bucket/rows.csv", "thresholds": "[]"}


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


@pytest.fixture
def vertex_file(job, tmp_path):
    write_job(job, "vertex", tmp_path / "pipeline.json")
    return tmp_path / "pipeline.json"


@pytest.fixture
def submission(at):
    """Returns what is sent to an API."""

    def made(api, **changes):
        given = {"name": "higgs-toy", "image": "image", "root": ROOT, "parameters": PARAMETERS}
        return Submission(**at(api).model_dump() | given | changes)

    return made


def test_kubeflows_client_sends_the_pipeline_with_its_parameters(kubeflow, submission, file):
    where = send(submission(kubeflow), file)

    assert where == f"{kubeflow.endpoint}/#/runs/details/r1"
    body = kubeflow.body("/runs")
    assert body["experiment_id"] == "7"
    assert body["runtime_config"]["parameters"] == PARAMETERS
    assert body["runtime_config"]["pipeline_root"] == ROOT
    tasks = body["pipeline_spec"]["root"]["dag"]["tasks"]
    assert tasks["Trainer"]["cachingOptions"] == {"enableCache": True}
    assert not tasks["BaselineModel"].get("cachingOptions", {}).get("enableCache")


def test_an_experiment_of_kubeflows_is_made_where_there_is_none(kubeflow, submission, file):
    send(submission(kubeflow, experiment="new", namespace="mine"), file)
    assert kubeflow.body("/experiments") == {"display_name": "new", "namespace": "mine"}
    assert kubeflow.body("/runs")["experiment_id"] == "8"


def test_a_pipeline_without_cache_is_sent_without_any(kubeflow, submission, tmp_path):
    uncached = apply_overrides(catalog.load("higgs_toy"), [f"output_dir={ROOT}", "cluster.caching=false"])
    write_job(compile_job(uncached, "image"), "kubeflow", tmp_path / "pipeline.yaml")

    send(submission(kubeflow), tmp_path / "pipeline.yaml")

    tasks = kubeflow.body("/runs")["pipeline_spec"]["root"]["dag"]["tasks"]
    assert not any(task.get("cachingOptions", {}).get("enableCache") for task in tasks.values())


def test_what_pods_need_and_whom_they_run_as_is_sent_along(kubeflow, submission, tmp_path):
    pods = apply_overrides(
        catalog.load("higgs_toy"), [f"output_dir={ROOT}", 'cluster.every_pod={"claims":{"/data":"rows"}}']
    )
    write_job(compile_job(pods, "image"), "kubeflow", tmp_path / "pipeline.yaml")

    send(submission(kubeflow, service_account="runner"), tmp_path / "pipeline.yaml")
    send(submission(kubeflow, service_account="runner", schedule="0 3 * * 1"), tmp_path / "pipeline.yaml")

    for body in (kubeflow.body("/runs"), kubeflow.body("/recurringruns")):
        assert body["service_account"] == "runner"
        kubernetes = body["pipeline_spec"]["platform_spec"]["platforms"]["kubernetes"]
        assert kubernetes["deploymentSpec"]["executors"]["Trainer_executor"] == {
            "pvcMount": [{"constant": "rows", "mountPath": "/data"}]
        }
        tasks = body["pipeline_spec"]["pipeline_spec"]["root"]["dag"]["tasks"]
        assert tasks["Trainer"]["cachingOptions"] == {"enableCache": True}
        assert not tasks["BaselineModel"].get("cachingOptions", {}).get("enableCache")


def test_a_schedule_is_a_recurring_run(kubeflow, submission, file):
    where = send(submission(kubeflow, schedule="0 3 * * 1", namespace="mine"), file)

    assert where == f"{kubeflow.endpoint}/#/recurringrun/details/s1"
    body = kubeflow.body("/recurringruns")
    assert body["trigger"]["cron_schedule"]["cron"] == "0 0 3 * * 1"
    baseline = body["pipeline_spec"]["root"]["dag"]["tasks"]["BaselineModel"]
    assert not baseline.get("cachingOptions", {}).get("enableCache")
    assert body["runtime_config"]["parameters"] == PARAMETERS


def test_what_kubeflow_says_of_a_run_that_it_refuses_is_passed_on(kubeflow, submission, file):
    said = "Validate create run request failed: Invalid input error: unknown template format"
    kubeflow.refused["/runs"] = Failure(400, json.dumps({"error": said, "code": 3, "message": said}))
    with pytest.raises(TransferlineError) as raised:
        send(submission(kubeflow), file)
    assert raised.value.cause == f"Kubeflow Pipelines refuses it (400): {said}."


@pytest.mark.parametrize("name", catalog.names())
def test_vertex_is_sent_every_pipeline_as_a_run_that_its_own_messages_take(vertex, submission, tmp_path, name):
    config = apply_overrides(catalog.load(name), [f"output_dir={ROOT}", "data.path=gs://b/d"])
    write_job(compile_job(config, "image"), "vertex", tmp_path / "pipeline.json")
    values = parameter_values(config, {})

    where = send(
        submission(vertex, name=job_name(config), parameters=values, service_account="robot"),
        tmp_path / "pipeline.json",
    )

    assert where == (
        f"https://console.cloud.google.com/vertex-ai/locations/{REGION}/pipelines/runs/job-1?project={PROJECT}"
    )
    sent = PipelineJob.from_json(json.dumps(vertex.body("/pipelineJobs")))
    assert sent.display_name == job_name(config)
    assert sent.service_account == "robot"
    assert sent.runtime_config.gcs_output_directory == ROOT
    assert {
        key: type(values[key])(value) for key, value in dict(sent.runtime_config.parameter_values).items()
    } == values
    assert sent.pipeline_spec["pipelineInfo"]["name"] == job_name(config)


def test_vertex_is_sent_a_schedule(vertex, submission, vertex_file):
    where = send(submission(vertex, schedule="0 3 * * 1", service_account="robot"), vertex_file)

    assert where == (
        f"https://console.cloud.google.com/vertex-ai/locations/{REGION}/pipelines/schedules/schedule-1?project={PROJECT}"
    )
    sent = Schedule.from_json(json.dumps(vertex.body("/schedules")))
    assert sent.cron == "0 3 * * 1"
    assert sent.display_name == "higgs-toy"
    job = sent.create_pipeline_job_request.pipeline_job
    assert job.runtime_config.gcs_output_directory == ROOT
    assert dict(job.runtime_config.parameter_values) == PARAMETERS
    assert job.service_account == "robot"
    assert sent.create_pipeline_job_request.parent == f"projects/{PROJECT}/locations/{REGION}"


def test_a_parameter_that_the_pipeline_does_not_have_is_refused_by_googles_own_check(vertex, submission, vertex_file):
    with pytest.raises(TransferlineError, match=r"Vertex AI didn't take the request: .*epochs is not found"):
        send(submission(vertex, parameters={"epochs": 3}), vertex_file)
    assert vertex.sent == []


def test_what_vertex_says_of_a_run_that_it_refuses_is_passed_on(vertex, submission, vertex_file):
    said = {"code": 400, "message": "Service account robot does not exist.", "status": "INVALID_ARGUMENT"}
    vertex.refused["/pipelineJobs"] = Failure(400, json.dumps({"error": said}))
    with pytest.raises(TransferlineError) as raised:
        send(submission(vertex), vertex_file)
    assert raised.value.cause == "Vertex AI refuses it (400): Service account robot does not exist."


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
