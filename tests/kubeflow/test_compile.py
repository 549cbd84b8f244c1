import json
from importlib.metadata import version

import kfp
import pytest
import yaml
from google.auth.credentials import AnonymousCredentials

from components.errors import TransferlineError
from kubeflow.compile import compile_job, write_job
from kubeflow.submit import Submission, vertex_job
from pipeline import registry
from pipeline.overrides import apply_overrides

IMAGE = "registry.example.com/transferline:1"
ROOT = "gs://bucket/transferline"


def compiled(name, *settings):
    return compile_job(apply_overrides(registry.load(name), [f"output_dir={ROOT}", *settings]), IMAGE)


@pytest.fixture(params=registry.names(), scope="module")
def job(request):
    return compiled(request.param)


def test_kubeflows_own_loader_takes_every_pipeline(job, tmp_path):
    write_job(job, "kubeflow", tmp_path / "pipeline.yaml")
    loaded = kfp.components.load_component_from_file(str(tmp_path / "pipeline.yaml"))
    assert set(loaded.pipeline_spec.root.dag.tasks) >= {"Trainer", "BaselineModel", "Evaluator", "Pusher", "Report"}
    assert loaded.pipeline_spec.schema_version == "2.1.0"
    assert "data_path" in loaded.component_spec.inputs


def test_vertex_own_loader_takes_every_pipeline(job, tmp_path):
    write_job(job, "vertex", tmp_path / "pipeline.json")
    submission = Submission(
        target="vertex",
        name="p",
        image=IMAGE,
        root=ROOT,
        parameters={"data_path": "gs://b/d", "thresholds": "[]"},
        project="project",
        region="europe-west4",
    )
    sent = vertex_job(submission, tmp_path / "pipeline.json", AnonymousCredentials()).to_dict()
    assert sent["runtimeConfig"]["gcsOutputDirectory"] == ROOT
    assert sent["runtimeConfig"]["parameterValues"]["data_path"] == "gs://b/d"
    assert sent["pipelineSpec"]["pipelineInfo"]["name"] == job["pipelineSpec"]["pipelineInfo"]["name"]


def test_every_step_runs_our_image_and_none_is_a_resolver(job):
    executors = job["pipelineSpec"]["deploymentSpec"]["executors"]
    assert {each["container"]["image"] for each in executors.values()} == {IMAGE}


def test_the_baseline_is_looked_up_anew_in_every_run(job):
    tasks = job["pipelineSpec"]["root"]["dag"]["tasks"]
    assert "cachingOptions" not in tasks["BaselineModel"]
    assert tasks["Trainer"]["cachingOptions"] == {"enableCache": True}


def test_data_epochs_and_thresholds_are_run_parameters_with_the_configured_values_as_defaults():
    root = compiled("digits", "trainer.fine_tuning.epochs=3")["pipelineSpec"]["root"]
    parameters = root["inputDefinitions"]["parameters"]
    assert parameters["data_path"]["defaultValue"] == f"{ROOT}/digits/data/digits"
    assert parameters["fine_tuning_epochs"]["defaultValue"] == 3
    assert json.loads(parameters["thresholds"]["defaultValue"])[0]["metric"] == "accuracy"
    trainer = root["dag"]["tasks"]["Trainer"]["inputs"]["parameters"]
    assert trainer["fine_tuning_epochs"] == {"componentInputParameter": "fine_tuning_epochs"}


def test_a_pipeline_without_data_of_its_own_asks_for_it():
    parameters = compiled("photos")["pipelineSpec"]["root"]["inputDefinitions"]["parameters"]
    assert "defaultValue" not in parameters["data_path"]


def test_machines_reach_their_steps():
    wanted = '{"Trainer":{"cpus":8,"memory_gb":32,"accelerator":"nvidia.com/gpu"}}'
    executors = compiled("digits", f"cluster.resources={wanted}")["pipelineSpec"]["deploymentSpec"]["executors"]
    resources = executors["Trainer_executor"]["container"]["resources"]
    assert resources["cpuLimit"] == 8
    assert resources["memoryLimit"] == 32
    assert resources["accelerator"] == {"type": "nvidia.com/gpu", "count": "1"}


def test_a_machine_for_a_step_that_there_is_not_is_refused_with_the_nearest_name():
    with pytest.raises(TransferlineError, match="did you mean 'Trainer'"):
        compiled("digits", 'cluster.resources={"trainer":{"cpus":1}}')


def test_a_path_of_this_machine_is_refused():
    with pytest.raises(TransferlineError, match="ImageExampleGen: data names /photos, which only this machine has"):
        compiled("digits", "data.path=/photos")


def test_weights_of_this_machine_are_refused():
    with pytest.raises(TransferlineError, match="Trainer: custom_config names /weights"):
        compiled("digits", "trainer.weights=/weights.h5")


def test_a_cluster_without_cache_gets_none():
    tasks = compiled("higgs_toy", "cluster.caching=false")["pipelineSpec"]["root"]["dag"]["tasks"]
    assert not any("cachingOptions" in task for task in tasks.values())


def test_the_file_for_kubeflow_is_the_pipeline_alone(tmp_path):
    write_job(compiled("higgs_toy"), "kubeflow", tmp_path / "sub" / "p.yaml")
    assert yaml.safe_load((tmp_path / "sub" / "p.yaml").read_text())["sdkVersion"] == f"tfx-{version('tfx')}"
