"""What the Beam jobs of every step ask of Flink's task managers and of Dataflow, by the jobs themselves.

Beam's own runner for Dataflow makes each job up to where it would be sent; see `beam_jobs.py`.
"""

import json
import re
from pathlib import Path

import flink_job
import flink_memory
import pytest
import yaml
from apache_beam.portability import common_urns
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.runners.pipeline_context import PipelineContext
from jobs_of_steps import IMAGE, STEPS, WORKERS, jobs_of_all_steps

MANIFEST = Path(__file__).parents[2] / "kubeflow" / "flink" / "cluster.yaml"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The jobs of all steps, made for Dataflow and run here."""
    return jobs_of_all_steps(tmp_path_factory.mktemp("jobs"))


@pytest.fixture(scope="module")
def cluster():
    """The specification of the Flink cluster."""
    return yaml.safe_load(MANIFEST.read_text())["spec"]


@pytest.fixture(scope="module")
def manager(cluster):
    """A task manager of the manifest."""
    return flink_memory.task_manager(cluster["taskManager"]["resource"]["memory"], cluster["flinkConfiguration"])


OLD = ("4096m", {})
"""The task manager of release 0.8.0."""
RESULTS_UP_TO_0_9_1 = 11
"""Of the stage that read rows, when each kind of count went through a shuffle of its own."""


@pytest.mark.parametrize(
    ("process", "options", "heap", "direct", "managed", "network"),
    [
        (*OLD, 1530082070, 493921243, 1438814063, 359703515),
        (
            "6656m",
            {"taskmanager.memory.task.off-heap.size": "1g", "taskmanager.memory.network.fraction": "0.12"},
            1544040719,
            1929514040,
            2405181717,
            721554488,
        ),
        ("5120m", {"taskmanager.memory.task.off-heap.size": "1g"}, 939524059, 1664299833, 1825361124, 456340281),
    ],
)
def test_the_memory_is_what_flink_itself_computes(process, options, heap, direct, managed, network):
    """The numbers are those of BashJavaUtils GET_TM_RESOURCE_PARAMS of Flink 1.20.3."""
    found = flink_memory.task_manager(process, options)
    # Flink rounds shares in its own way.
    assert (found.heap, found.direct, found.managed, found.network) == pytest.approx(
        (heap, direct, managed, network), abs=100
    )


def test_the_old_manifest_had_too_few_buffers_for_an_ingestion_of_rows_as_it_was(made, cluster):
    """Flink 1.20.3 said "required 512, but only 175 available" of such a graph, on task managers of two slots."""
    slots = int(cluster["flinkConfiguration"]["taskmanager.numberOfTaskSlots"])
    old = flink_memory.task_manager(*OLD)
    assert old.buffers == 10_977
    results = flink_job.most_results_of_a_stage(flink_job.stages_of(made.jobs["rows: CsvExampleGen"].pipeline))
    assert results == 6
    assert flink_memory.buffers_of_results(old, RESULTS_UP_TO_0_9_1 - 1, slots) < old.buffers
    assert flink_memory.buffers_of_results(old, RESULTS_UP_TO_0_9_1, slots) > old.buffers


@pytest.mark.parametrize("step", STEPS)
def test_the_manifest_has_the_buffers_for_all_results_of_a_job_at_once(step, made, cluster, manager):
    slots = int(cluster["flinkConfiguration"]["taskmanager.numberOfTaskSlots"])
    parallelism = slots * cluster["taskManager"]["replicas"]
    results = flink_job.results(flink_job.stages_of(made.jobs[step].pipeline))
    kept = flink_memory.buffers_of_results(manager, results, slots)
    read = flink_memory.buffers_of_readers(results, slots, parallelism)
    assert kept + read <= manager.buffers, f"{results} results"


def test_the_workers_traffic_has_memory_of_its_own_and_takes_none_of_the_heap(manager):
    old = flink_memory.task_manager(*OLD)
    assert manager.direct >= old.direct + flink_memory.GIB
    assert manager.heap >= old.heap
    assert manager.managed >= old.managed


def seconds(text):
    number, unit = text.split()
    return float(number) * {"s": 1, "min": 60, "h": 3600}[unit]


def test_a_lost_task_manager_is_waited_for_and_a_fault_is_not_retried_for_minutes(cluster):
    prefix = "restart-strategy.exponential-delay."
    options = cluster["flinkConfiguration"]
    assert options["restart-strategy.type"] == "exponential-delay"
    delay, longest = (seconds(options[f"{prefix}{name}-backoff"]) for name in ("initial", "max"))
    factor, tries = (
        float(options[f"{prefix}{name}"]) for name in ("backoff-multiplier", "attempts-before-reset-backoff")
    )
    delays = [min(delay * factor**n, longest) for n in range(int(tries))]
    missed, jitter = 50, 0.1  # the defaults of heartbeat.timeout, in seconds, and of the jitter-factor
    assert sum(delays) * (1 - jitter) > missed
    assert sum(delays) * (1 + jitter) < 120
    # After so long without a fault Flink counts anew, and a fault that comes later than that in each try is never told.
    assert seconds(options[f"{prefix}reset-backoff-threshold"]) >= 24 * 3600


# Dataflow, https://cloud.google.com/dataflow/quotas: a request's and a graph's bytes.
MOST_OF_A_REQUEST, MOST_OF_A_GRAPH = 20 * 10**6, 10 * 10**6
# https://cloud.google.com/dataflow/docs/guides/specifying-exec-params, and the rules for labels of all of Google Cloud.
JOB_NAME, LABEL, LABEL_VALUE = r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", r"[a-z][-_a-z0-9]{0,62}", r"[-_a-z0-9]{0,63}"
PRIMITIVES = {
    common_urns.primitives.IMPULSE.urn,
    common_urns.primitives.PAR_DO.urn,
    common_urns.primitives.GROUP_BY_KEY.urn,
    common_urns.primitives.FLATTEN.urn,
    common_urns.primitives.ASSIGN_WINDOWS.urn,
    common_urns.combine_components.COMBINE_GROUPED_VALUES.urn,
    common_urns.combine_components.COMBINE_PER_KEY_PRECOMBINE.urn,
}
"""Leaves of a graph that Dataflow's runner v2 runs; all else would have to be of other languages or of streams."""


@pytest.mark.parametrize("step", STEPS)
def test_dataflow_is_sent_a_job_that_it_takes(step, made):
    job = made.jobs[step].description
    assert job["type"] == "JOB_TYPE_BATCH"
    assert re.fullmatch(JOB_NAME, job["name"])
    for key, value in job["labels"].items():
        assert re.fullmatch(LABEL, key)
        assert re.fullmatch(LABEL_VALUE, value)
    environment = job["environment"]
    (pool,) = environment["workerPools"]
    assert pool["autoscalingSettings"]["maxNumWorkers"] == WORKERS
    assert [each["containerImage"] for each in pool["sdkHarnessContainerImages"]] == [IMAGE]
    assert environment["tempStoragePrefix"].startswith(f"storage.googleapis.com/bucket/tmp/{job['name']}.")
    options = environment["sdkPipelineOptions"]["options"]
    assert (options["project"], options["region"]) == ("prices", "europe-west1")
    staged = {each["location"].removeprefix("storage.googleapis.com/bucket/") for each in pool["packages"]}
    assert staged | {options["pipelineUrl"].removeprefix("gs://bucket/")} <= made.staged
    assert len(json.dumps(job)) < MOST_OF_A_REQUEST


@pytest.mark.parametrize("step", STEPS)
def test_dataflow_can_run_the_graph(step, made):
    graph = made.jobs[step].for_dataflow
    assert graph.ByteSize() < MOST_OF_A_GRAPH / 10
    # Neither state nor timers, nor functions that are split while they run.
    assert not graph.requirements
    assert {each.urn for each in graph.components.environments.values()} == {common_urns.environments.DOCKER.urn}
    bounded = {each.is_bounded for each in graph.components.pcollections.values()}
    assert bounded == {beam_runner_api_pb2.IsBounded.BOUNDED}
    leaves = [each for each in graph.components.transforms.values() if not each.subtransforms and each.outputs]
    assert {each.spec.urn for each in leaves if each.inputs != each.outputs} <= PRIMITIVES
    coders = PipelineContext(graph.components).coders
    for group in (each for each in leaves if each.spec.urn == common_urns.primitives.GROUP_BY_KEY.urn):
        (grouped,) = group.inputs.values()
        coder = coders.get_by_id(graph.components.pcollections[grouped].coder_id)
        assert coder.is_kv_coder()
        assert coder.key_coder().is_deterministic(), group.unique_name
