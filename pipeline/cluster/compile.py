"""Compiles a configuration into the file that Kubeflow Pipelines or Vertex AI runs."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from kfp.pipeline_spec import pipeline_spec_pb2
from tfx.dsl.components.base.base_node import BaseNode
from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import KubeflowV2DagRunner, KubeflowV2DagRunnerConfig
from tfx.orchestration.pipeline import Pipeline as TfxPipeline

from components.errors import TransferlineError
from pipeline.cluster.data import placed_name
from pipeline.cluster.pods import check_steps, check_vertex, platform_spec
from pipeline.cluster.run_parameters import EXAMPLE_GENS, RunParameter, attach, run_parameters
from pipeline.cluster.spec_check import faults, is_below
from pipeline.cluster.step_command import step_command
from pipeline.cluster.target import Target, job_name
from pipeline.config import DATA_DIR_VARIABLE, Pipeline
from pipeline.config.cluster import TPU_CHIPS, Resources
from pipeline.graph import BASELINE_ID, create_pipeline

Job: TypeAlias = dict[str, Any]
"""A PipelineJob as JSON: `displayName`, `runtimeConfig`, and the `pipelineSpec` of schema 2.1.

One for Kubeflow has what its pods need as `platformSpec`, unless that is nothing.
"""


def compile_job(config: Pipeline, image: str, target: Target = "kubeflow") -> Job:
    """Compiles a pipeline, with nothing asked of any network.

    Args:
        config: With `output_dir` as the cluster's steps see it, such as gs://bucket/transferline.
        image: The image of every step, as `make image` builds it.
        target: What will run it.

    Returns:
        The job; its `pipelineSpec` is what Kubeflow takes.

    Raises:
        TransferlineError: Something in it exists only on this machine, a setting names no step, or the target has no
            use for it.
    """
    if target == "vertex":
        check_vertex(config.cluster)
    config = with_cluster_data(config)
    check_places(config)
    pipeline, parameters = declared(config)
    job: Job = KubeflowV2DagRunner(runner_config(image)).run(pipeline, write_out=False)
    _finish(job["pipelineSpec"], parameters, config)
    pods = platform_spec(config.cluster, job["pipelineSpec"])
    return job | {"platformSpec": pods} if pods else job


def _finish(spec: dict[str, Any], parameters: Iterable[RunParameter], config: Pipeline) -> None:
    _set_defaults(spec, parameters)
    _set_commands(spec)
    _name_tpus(spec, config.cluster.resources)
    # For who uploads the file by hand: Kubeflow's own default is a place where TensorFlow can't write.
    spec["defaultPipelineRoot"] = config.artifacts_dir
    # What was pushed since must be looked up anew.
    spec["root"]["dag"]["tasks"][BASELINE_ID].pop("cachingOptions", None)
    mounted = {step: config.cluster.pod(step).claims for step in spec["root"]["dag"]["tasks"]}
    found = faults(spec, root=config.output_dir, mounted=mounted)
    if found:
        raise TransferlineError(
            "The compiled pipeline wouldn't run on a cluster:\n" + "\n".join(f"  - {fault}" for fault in found),
            place=config.place,
            cure="Use paths that the cluster can read, and code that is installed in the image.",
        )


def run_for_tfx_command(config: Pipeline, image: str) -> None:
    """Runs TFX's runner on a pipeline, which the tfx command looks out for; it writes `pipeline.json`."""
    check_vertex(config.cluster)
    config = with_cluster_data(config)
    check_places(config)
    pipeline, parameters = declared(config)
    runner = KubeflowV2DagRunner(runner_config(image))
    runner.run(pipeline)
    # The tfx command may have told the runner another place.
    path = Path(runner._output_dir) / runner._output_filename
    job = json.loads(path.read_text(encoding="utf-8"))
    _finish(job["pipelineSpec"], parameters, config)
    write_job(job, "vertex", path)


def declared(config: Pipeline) -> tuple[TfxPipeline, list[RunParameter]]:
    """Returns the pipeline as a cluster runs it, and its run parameters."""
    pipeline = create_pipeline(config, on_cluster=True)
    pipeline.pipeline_info.pipeline_name = job_name(config)
    pipeline.enable_cache = config.cluster.caching
    parameters = run_parameters(config)
    attach(parameters, pipeline.components)
    steps = [component.id for component in pipeline.components]
    check_steps("cluster.resources", config.cluster.resources, steps)
    check_steps("cluster.pods", config.cluster.pods, steps)
    _set_resources(config.cluster.resources, pipeline.components)
    return pipeline, parameters


def runner_config(image: str) -> KubeflowV2DagRunnerConfig:
    """Returns the runner's settings: schema 2.1, which both targets read."""
    return KubeflowV2DagRunnerConfig(default_image=image, use_pipeline_spec_2_1=True)


def write_job(job: Job, target: Target, path: Path) -> None:
    """Writes JSON with the whole job for Vertex AI, YAML for Kubeflow Pipelines.

    The YAML is the job's `pipelineSpec`, and a second document with its `platformSpec` if it has one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if target == "vertex":
        path.write_text(json.dumps(job, sort_keys=True, indent=1), encoding="utf-8")
    else:
        documents = [job[key] for key in ("pipelineSpec", "platformSpec") if key in job]
        path.write_text(yaml.safe_dump_all(documents, sort_keys=True), encoding="utf-8")


def with_cluster_data(config: Pipeline) -> Pipeline:
    """Returns the configuration with `data.path` on the cluster: where it is given, else where `submit` puts it."""
    path = config.data.path or os.environ.get(DATA_DIR_VARIABLE) or own_data_path(config)
    return config.model_copy(update={"data": config.data.model_copy(update={"path": path})})


def own_data_path(config: Pipeline) -> str:
    """Returns where `submit` puts the data that a pipeline brings along; "" for one that brings none."""
    return f"{config.home}/data/{placed_name(config.source)}" if config.source is not None else ""


def check_places(config: Pipeline) -> None:
    """Checks that the files which the settings name are where a cluster can read them.

    Raises:
        TransferlineError: The steps write to a bucket or the like, and a file isn't in one.
    """
    if "://" not in config.output_dir:
        return
    named = {"data.path": config.data.path, "trainer.weights": config.weights_file}
    only_here = [
        f"{setting} is {path}"
        for setting, path in named.items()
        if path and "://" not in path and not is_below(path, config.cluster.mounted)
    ]
    if only_here:
        raise TransferlineError(
            f"Only this machine has what the settings name: {', '.join(only_here)}.",
            place=config.place,
            cure=f"Put it where the cluster can read it, such as below {config.output_dir}, or on a claim that "
            "`cluster.every_pod.claims` mounts.",
        )


def always_read(job: Job) -> None:
    """Takes the cache from the step that reads the data, for runs that come with no `data_version` of their own."""
    for name, task in job["pipelineSpec"]["root"]["dag"]["tasks"].items():
        if name in EXAMPLE_GENS:
            task.pop("cachingOptions", None)


def _set_defaults(spec: dict[str, Any], parameters: Iterable[RunParameter]) -> None:
    """TFX compiles the names of the run parameters only."""
    for parameter in parameters:
        definition = spec["root"]["inputDefinitions"]["parameters"][parameter.name]
        definition["description"] = parameter.description
        if parameter.default is not None:
            definition |= {"defaultValue": parameter.default, "isOptional": True}


def _set_commands(spec: dict[str, Any]) -> None:
    """TFX knows one command for all steps, and it is to say which step it is."""
    executors = spec["deploymentSpec"]["executors"]
    for name, component in spec["components"].items():
        executors[component["executorLabel"]]["container"]["command"] = step_command(name)


def _name_tpus(spec: dict[str, Any], resources: dict[str, Resources]) -> None:
    """Lets a step with a TPU find it on its own machine, whatever else a node says of it."""
    for step, wanted in resources.items():
        if wanted.tpu:
            name = spec["root"]["dag"]["tasks"][step]["componentRef"]["name"]
            label = spec["components"][name]["executorLabel"]
            spec["deploymentSpec"]["executors"][label]["container"]["env"] = [{"name": "TPU_NAME", "value": "local"}]


def _set_resources(resources: dict[str, Resources], components: Iterable[BaseNode]) -> None:
    for component in components:
        if component.id in resources:
            component.with_platform_config(_resource_spec(resources[component.id]))


def _resource_spec(wanted: Resources) -> Any:
    kind = pipeline_spec_pb2.PipelineDeploymentConfig.PipelineContainerSpec.ResourceSpec
    spec = kind(cpu_limit=wanted.cpus or 0.0, memory_limit=wanted.memory_gb or 0.0)
    chips = (TPU_CHIPS, wanted.tpu.chips) if wanted.tpu else (wanted.accelerator, wanted.accelerators)
    if chips[0]:
        spec.accelerator.CopyFrom(kind.AcceleratorConfig(type=chips[0], count=chips[1]))
    return spec
