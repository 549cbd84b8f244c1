from datetime import datetime, timedelta, timezone

import kfp_server_api
import pytest
from cluster_apis import PROJECT, REGION
from google.cloud.aiplatform_v1 import PipelineJob, PipelineState

from components.errors import TransferlineError
from pipeline.cluster import runs
from pipeline.cluster.runs import cluster_runs

Status = getattr(kfp_server_api, kfp_server_api.V2beta1Run.openapi_types["error"])
"""Of an error; its name has changed."""
BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)


def kubeflow_run(number, *, name="higgs-toy", spec=None, **more):
    """The n-th run: an hour after the one before it, and ten minutes long."""
    given = {
        "run_id": f"run-{number}",
        "experiment_id": "7",
        "display_name": "higgs-toy",
        "state": "SUCCEEDED",
        "created_at": BEGIN + timedelta(hours=number),
        "finished_at": BEGIN + timedelta(hours=number, minutes=10),
        "pipeline_spec": spec or {"pipelineInfo": {"name": name}, "root": {}},
    }
    return kfp_server_api.V2beta1Run(**given | more)


def vertex_job(number, *, name="higgs-toy", **more):
    """The same as Vertex AI has it."""
    begin = BEGIN + timedelta(hours=number)
    given = {
        "name": f"projects/1/locations/{REGION}/pipelineJobs/higgs-toy-{number}",
        "display_name": "higgs-toy",
        "state": PipelineState.PIPELINE_STATE_SUCCEEDED,
        "create_time": begin,
        "start_time": begin,
        "end_time": begin + timedelta(minutes=10),
        "pipeline_spec": {"pipelineInfo": {"name": name}, "root": {}},
    }
    return PipelineJob(**given | more)


def ids(found):
    return [run.run_id for run in found]


def test_kubeflows_runs_have_state_start_duration_and_link(kubeflow, at):
    kubeflow.runs = [
        kubeflow_run(1),
        kubeflow_run(2, state="FAILED", error=Status(message="Trainer failed")),
        kubeflow_run(3, state="RUNNING", finished_at=None),
    ]

    running, failed, succeeded = cluster_runs(at(kubeflow), "higgs-toy", limit=9)

    assert [run.status for run in (running, failed, succeeded)] == ["running", "failed", "succeeded"]
    assert succeeded.started == BEGIN + timedelta(hours=1)
    assert succeeded.seconds == 600
    assert running.seconds > 600
    assert succeeded.link == f"{kubeflow.endpoint}/#/runs/details/run-1"
    assert failed.error == "Trainer failed"


def test_kubeflows_runs_are_the_pipelines_by_the_name_in_what_they_run(kubeflow, at):
    kubeflow.versions = {
        "pipelines/p/versions/v": {"pipeline_spec": {"pipelineInfo": {"name": "higgs-toy"}}},
        "pipelines/p/versions/w": {"pipeline_spec": {"pipelineInfo": {"name": "digits"}}},
    }
    uploaded = [
        kfp_server_api.V2beta1PipelineVersionReference(pipeline_id="p", pipeline_version_id=version)
        for version in ("v", "w", "deleted")
    ]
    with_pods = {"pipeline_spec": {"pipelineInfo": {"name": "higgs-toy"}}, "platform_spec": {}}
    kubeflow.runs = [
        kubeflow_run(1, name="digits"),
        kubeflow_run(2, display_name="higgstoyx9-3-123", recurring_run_id="s1"),
        kubeflow_run(3, spec=with_pods),
        kubeflow_run(4, display_name="by hand", pipeline_version_reference=uploaded[0]),
        kubeflow_run(5, pipeline_version_reference=uploaded[1]),
        kubeflow_run(6, display_name="by hand", pipeline_version_reference=uploaded[2]),
        kubeflow_run(7, experiment_id="another"),
        kubeflow_run(8, storage_state="ARCHIVED"),
    ]
    for run in kubeflow.runs[3:6]:
        run.pipeline_spec = None

    assert ids(cluster_runs(at(kubeflow), "higgs-toy", limit=9)) == ["run-4", "run-3", "run-2"]


def test_kubeflows_pages_are_turned_only_as_far_as_runs_are_asked_for(kubeflow, at, monkeypatch):
    monkeypatch.setattr("pipeline.cluster.kubeflow_client.PAGE", 2)
    kubeflow.runs = [kubeflow_run(number) for number in range(7)]

    assert ids(cluster_runs(at(kubeflow), "higgs-toy", limit=9)) == [f"run-{number}" for number in range(6, -1, -1)]
    kubeflow.asked.clear()
    assert ids(cluster_runs(at(kubeflow), "higgs-toy", limit=3)) == ["run-6", "run-5", "run-4"]
    assert len([path for path, *_ in kubeflow.asked if path.endswith("/runs")]) == 2


def test_an_experiment_that_there_is_not_is_named_with_the_nearest(kubeflow, at):
    with pytest.raises(
        TransferlineError, match=r"no experiment 'transferlin' \(did you mean 'transferline'\?\)"
    ) as raised:
        cluster_runs(at(kubeflow, experiment="transferlin"), "higgs-toy", limit=9)
    assert raised.value.cure.startswith("Give one of transferline with --experiment, or start a run")


def test_a_kubeflow_without_experiments_is_given_a_run_first(kubeflow, at):
    kubeflow.experiments = {}
    with pytest.raises(TransferlineError, match="no experiment 'transferline'") as raised:
        cluster_runs(at(kubeflow), "higgs-toy", limit=9)
    assert raised.value.cure.startswith("Start a run in it")


def test_kubeflows_users_see_their_namespace(kubeflow, at):
    kubeflow.multi_user = True
    kubeflow.runs = [kubeflow_run(1)]

    assert ids(cluster_runs(at(kubeflow, namespace="mine"), "higgs-toy", limit=9)) == ["run-1"]
    asked = [query.get("namespace") for path, query, _ in kubeflow.asked if path.endswith("/experiments")]
    assert set(asked) == {"mine"}


def test_vertex_runs_have_state_start_duration_and_link(vertex, at):
    vertex.jobs = [
        vertex_job(1),
        vertex_job(2, state=PipelineState.PIPELINE_STATE_FAILED, error={"code": 9, "message": "Trainer failed"}),
        vertex_job(3, state=PipelineState.PIPELINE_STATE_RUNNING, end_time=None),
        vertex_job(4, state=PipelineState.PIPELINE_STATE_QUEUED, start_time=None, end_time=None),
    ]

    waiting, running, failed, succeeded = cluster_runs(at(vertex), "higgs-toy", limit=9)

    assert [run.status for run in (waiting, running, failed, succeeded)] == [
        "waiting",
        "running",
        "failed",
        "succeeded",
    ]
    assert succeeded.started == BEGIN + timedelta(hours=1)
    assert succeeded.seconds == 600
    assert running.seconds > 600
    assert succeeded.link == (
        f"https://console.cloud.google.com/vertex-ai/locations/{REGION}/pipelines/runs/higgs-toy-1?project={PROJECT}"
    )
    assert failed.error == "Trainer failed"


def test_vertex_is_asked_for_the_pipelines_runs_alone_and_no_more_than_are_wanted(vertex, at, monkeypatch):
    monkeypatch.setattr(runs, "PAGE", 2)
    vertex.jobs = [vertex_job(number, name="higgs-toy" if number % 2 else "digits") for number in range(14)]

    found = cluster_runs(at(vertex), "higgs-toy", limit=3)

    assert ids(found) == ["higgs-toy-13", "higgs-toy-11", "higgs-toy-9"]
    asked = [query for _, query, _ in vertex.asked if query.get("filter")]
    assert [query["filter"] for query in asked] == ['pipeline_name="higgs-toy"'] * 2


@pytest.mark.parametrize("state", [*kfp_server_api.V2beta1RuntimeState.allowable_values, *PipelineState.__members__])
def test_every_state_of_theirs_has_a_word_of_ours(state):
    assert runs._status(state) != "unknown"


def test_a_state_of_a_later_release_is_unknown():
    assert runs._status("PIPELINE_STATE_DREAMING") == "unknown"
