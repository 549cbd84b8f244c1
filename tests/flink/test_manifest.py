"""The manifest's memory and buffers, and the jobs of all steps, on Flink 1.20 itself.

The jobs have their graphs as Beam's translator builds them, and functions that do nothing.
"""

from pathlib import Path

import flink_job
import flink_memory
import pytest
import yaml
from jobs_of_steps import STEPS, jobs_of_all_steps

ROOT = Path(__file__).parents[2]
SPEC = yaml.safe_load((ROOT / "kubeflow" / "flink" / "cluster.yaml").read_text())["spec"]
NOW = SPEC["flinkConfiguration"] | {"taskmanager.memory.process.size": SPEC["taskManager"]["resource"]["memory"]}
RELEASE_0_8_0 = {"taskmanager.memory.process.size": "4096m", "taskmanager.numberOfTaskSlots": "2"}
TASK_MANAGERS = SPEC["taskManager"]["replicas"]
PARALLELISM = TASK_MANAGERS * int(NOW["taskmanager.numberOfTaskSlots"])


def computed(options):
    return flink_memory.task_manager(options["taskmanager.memory.process.size"], options)


@pytest.fixture(scope="session")
def stages(tmp_path_factory):
    """The fused stages of each step's job."""
    jobs = jobs_of_all_steps(tmp_path_factory.mktemp("jobs")).jobs
    return {step: flink_job.stages_of(job.pipeline) for step, job in jobs.items()}


@pytest.fixture
def plan(stages, tmp_path):
    """A function that gives the file of a step's job."""

    def written(step):
        file = tmp_path / "plan"
        file.write_text("".join(f"{line}\n" for line in flink_job.plan(stages[step])))
        return file

    return written


def on_a_cluster(options):
    """The options that a cluster in one process needs of a manifest's."""
    network = f"{computed(options).network}b"
    return {
        **{name: value for name, value in options.items() if "memory" not in name},
        "minicluster.number-of-taskmanagers": TASK_MANAGERS,
        "taskmanager.memory.network.min": network,
        "taskmanager.memory.network.max": network,
        "taskmanager.memory.managed.size": "256m",
        # Such a cluster has a default of its own.
        "taskmanager.network.sort-shuffle.min-buffers": computed(options).sort_buffers,
    }


@pytest.mark.parametrize("options", [RELEASE_0_8_0, NOW], ids=["0.8.0", "now"])
def test_flink_computes_the_same_memory(options, flink, tmp_path):
    told = flink.memory(tmp_path / "conf", options)
    names = ("task.heap.size", "managed.size", "network.max")
    bytes_told = [flink_memory.bytes_of(told[f"taskmanager.memory.{name}"]) for name in names]
    found = computed(options)
    assert bytes_told == pytest.approx([found.heap, found.managed, found.network], abs=100)


@pytest.mark.parametrize("step", STEPS)
def test_flink_makes_no_more_results_than_are_counted(step, stages, plan, flink):
    assert 0 < flink.planned(plan(step), PARALLELISM)["results"] <= flink_job.results(stages[step])


def test_where_each_result_holds_too_many_buffers_flink_lacks_them(plan, flink):
    """The old manifest's 512 were too many until 0.9.1, when reading rows kept 11 results; for 6 they are 1,024."""
    too_many = {**RELEASE_0_8_0, "taskmanager.network.sort-shuffle.min-buffers": "1024"}
    said = flink.run(plan("rows: CsvExampleGen"), PARALLELISM, on_a_cluster(too_many))
    assert said.startswith("Insufficient number of network buffers: required 1024, but only ")
    assert f"currently set to {computed(RELEASE_0_8_0).buffers:d} of 32768 bytes" in said


@pytest.mark.parametrize("step", STEPS)
def test_the_manifest_has_the_buffers_of_every_job(step, plan, flink):
    assert flink.run(plan(step), PARALLELISM, on_a_cluster(NOW)) == "ran"


def test_a_fault_of_the_job_is_told_after_the_last_try(flink):
    restarts = [f"{name}={value}" for name, value in NOW.items() if name.startswith("restart-strategy")]
    *_, said, tries = flink.java("BatchJob", "fault", *restarts)
    assert said == "a fault of the job"
    assert int(tries) == 1 + int(NOW["restart-strategy.exponential-delay.attempts-before-reset-backoff"])
