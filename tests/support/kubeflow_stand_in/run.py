"""Runs a compiled pipeline on this machine, every step by itself: what a cluster does, without a cluster."""

import json
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cache
from graphlib import TopologicalSorter
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from kubeflow_stand_in.artifacts import input_of
from kubeflow_stand_in.cache import fingerprint, is_cached
from kubeflow_stand_in.driver import (
    DriverError,
    component_of,
    container_of,
    inputs_of,
    outputs_of,
    run_parameters,
)
from kubeflow_stand_in.engines import Containers, Engine, Processes, Step
from kubeflow_stand_in.launcher import LauncherError, OpenBucket, after, before, command_of, inside
from kubeflow_stand_in.releases import RELEASES, Release
from kubeflow_stand_in.storage import Bucket, GoogleBucket

Json = dict[str, Any]
LOG_LINES = 40


class StepError(Exception):
    """A step failed, and with it the run. Its words are the end of the step's log, and where the log is."""


@cache
def google_bucket(name: str) -> Bucket:
    """Returns a bucket of Google Cloud Storage by its name."""
    return GoogleBucket(name)


@dataclass
class Cluster:
    """What outlives a run.

    Attributes:
        root: The pipeline root: gs://BUCKET/FOLDER, or a folder of this machine that stands for one.
        work: Folder for the steps' logs, and for the file systems of their pods.
        engine: Starts the steps.
        release: Of Kubeflow Pipelines.
        open_bucket: From the name of a bucket to the bucket.
        told: What steps are told of each output that was ever made, by its fingerprint, its step and its key.
        numbers: Of the artifacts, as ML Metadata counts them.
    """

    root: str
    work: Path
    engine: Engine = field(default_factory=Processes)
    release: Release = RELEASES["2.5"]
    open_bucket: OpenBucket = google_bucket
    told: dict[str, dict[str, Json]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))


@dataclass
class Run:
    """A run, and what its steps have made so far.

    Attributes:
        cluster: Where it runs.
        spec: The compiled PipelineSpec.
        run_id: Names the run.
        parameters: Values of run parameters; of the others the defaults hold.
        retries: How often a step that fails is tried again, with the same ExecutorInput in another pod.
        made: What is told of each output, by producing step and key.
        executor_inputs: What the driver made, by step.
        cached: The steps that weren't run, since the cluster knew what would come out.
        seconds: How long each step took.
        report: Is told of each step that has ended.
    """

    cluster: Cluster
    spec: Json
    run_id: str = field(default_factory=lambda: time.strftime("%Y%m%dT%H%M%S"))
    parameters: Json = field(default_factory=dict)
    retries: int = 0
    made: dict[tuple[str, str], Json] = field(default_factory=dict)
    executor_inputs: dict[str, Json] = field(default_factory=dict)
    cached: set[str] = field(default_factory=set)
    seconds: dict[str, float] = field(default_factory=dict)
    report: Callable[[str], Any] = sys.stdout.write

    def all_steps(self, side_by_side: int = 2) -> None:
        """Runs every step after those it depends on, a few at a time.

        Raises:
            StepError: A step failed.
        """
        tasks = self.spec["root"]["dag"]["tasks"]
        order = TopologicalSorter({name: task.get("dependentTasks", []) for name, task in tasks.items()})
        order.prepare()
        running: dict[Future[None], str] = {}
        with ThreadPoolExecutor(side_by_side) as pool:
            while order.is_active():
                running |= {pool.submit(self.step, name): name for name in order.get_ready()}
                for ended in wait(running, return_when=FIRST_COMPLETED).done:
                    ended.result()
                    order.done(running.pop(ended))

    def step(self, name: str) -> None:
        """Drives and launches one step, or takes over what an earlier execution made.

        Raises:
            StepError: It failed, as often as it was tried.
        """
        began = time.monotonic()
        executor_input = self.drive(name)
        task, container = self.spec["root"]["dag"]["tasks"][name], container_of(self.spec, name)
        key = fingerprint(self.spec["pipelineInfo"]["name"], container, executor_input) if is_cached(task) else ""
        if key in self.cluster.told:
            self.cached.add(name)
            told = self.cluster.told[key]
        else:
            outputs = self._tried(name, executor_input)
            told = {output: self._remembered(output, artifact) for output, artifact in outputs.items()}
            if key:
                self.cluster.told[key] = told
        self.made |= {(name, output): artifact for output, artifact in told.items()}
        self.seconds[name] = time.monotonic() - began
        self.report(f"{name}: {'cached' if name in self.cached else f'{self.seconds[name]:.1f} s'}\n")

    def drive(self, name: str) -> Json:
        """Returns the ExecutorInput that the driver makes for a step."""
        salt = str(uuid.uuid4())
        root = f"{self.cluster.root}/{self.spec['pipelineInfo']['name']}/{self.run_id}"
        try:
            inputs = inputs_of(self.spec, name, run_parameters(self.spec, self.parameters), self.made)
        except DriverError as error:
            raise StepError(f"driver.Container(task={name}) failed: {error}") from error
        outputs = outputs_of(self.spec, name, root, salt, self.cluster.release)
        self.executor_inputs[name] = {"inputs": inputs, "outputs": outputs}
        return self.executor_inputs[name]

    def launch(self, name: str, executor_input: Json, attempt: int = 0) -> dict[str, Json]:
        """Does what happens in a step's pod; returns its outputs.

        Args:
            name: The step's.
            executor_input: What the driver made for it.
            attempt: Its number; each has a pod of its own.

        Raises:
            StepError: The launcher or the step failed.
        """
        pod = self.cluster.work / "pods" / self.run_id / f"{name}-{attempt}"
        log = self.cluster.work / "logs" / self.run_id / f"{name}-{attempt}.log"
        for folder in (pod, log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        component, container = component_of(self.spec, name), container_of(self.spec, name)
        output_file = executor_input["outputs"]["outputFile"]
        seen = {**executor_input["outputs"], "outputFile": self.cluster.engine.path(pod, output_file)}
        words = command_of(container, component, {**executor_input, "outputs": seen})
        # argocompiler/container.go has the pod's name in every container.
        variables = {"KFP_POD_NAME": pod.name, **{each["name"]: each["value"] for each in container.get("env", [])}}
        try:
            before(executor_input, pod, self.cluster.open_bucket)
            status = self.cluster.engine.run(Step(words, container["image"], variables, pod, log))
            if status:
                raise LauncherError(f"exit status {status}")
            return after(executor_input, pod, inside(pod, output_file), self.cluster.open_bucket, self.cluster.release)
        except LauncherError as error:
            with log.open("a", encoding="utf-8") as file:
                file.write(f"failed to execute component: {error}\n")
            last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:])
            raise StepError(f"{last}\n{name} failed; its log: {log}") from error

    def _tried(self, name: str, executor_input: Json) -> dict[str, Json]:
        for attempt in range(self.retries):
            try:
                return self.launch(name, executor_input, attempt)
            except StepError:
                self.report(f"{name}: tried again\n")
        return self.launch(name, executor_input, self.retries)

    def _remembered(self, key: str, artifact: Json) -> Json:
        return input_of(key, artifact, next(self.cluster.numbers), self.cluster.root, self.cluster.release)


def read_spec(path: Path) -> Json:
    """Reads a compiled pipeline, for Kubeflow (YAML) or for Vertex (JSON)."""
    # A second document says what the pods need.
    loaded: Json = next(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    return dict(loaded.get("pipelineSpec", loaded))


def engine_of(name: str, root: Path) -> Engine:
    """Returns an engine by its name: containers that see the root folder and nothing else, or "none"."""
    if name == "none":
        return Processes()
    limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]
    runtime = ["--runtime", "runc"] if name == "podman" else []
    return Containers([name, *runtime, "run", "--rm", "--network", "host", *limits, "--volume", f"{root}:{root}"])


def value_of(spec: Json, name: str, text: str) -> Any:
    """Returns a run parameter's value, as a client sends it, of what was typed: numbers are numbers."""
    definition = spec["root"]["inputDefinitions"]["parameters"].get(name, {})
    return text if definition.get("parameterType") == "STRING" else json.loads(text)
