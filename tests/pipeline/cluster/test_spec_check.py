import copy

import pytest

from pipeline import catalog
from pipeline.cluster.compile import compile_job
from pipeline.cluster.spec_check import faults
from pipeline.config.overrides import apply_overrides

ROOT = "gs://bucket/transferline"


@pytest.fixture(scope="module")
def sound():
    return compile_job(apply_overrides(catalog.load("higgs_toy"), [f"output_dir={ROOT}"]), "image")["pipelineSpec"]


@pytest.fixture
def spec(sound):
    return copy.deepcopy(sound)


def container(spec, name):
    return spec["deploymentSpec"]["executors"][f"{name}_executor"]["container"]


def parameters(spec, name):
    return spec["root"]["dag"]["tasks"][name]["inputs"]["parameters"]


def test_a_sound_pipeline_has_no_faults(spec):
    assert faults(spec, ROOT) == []


def test_a_step_that_does_not_enter_by_our_entry_point(spec):
    container(spec, "Trainer")["command"] = [
        "python",
        "-m",
        "tfx.orchestration.kubeflow.v2.container.kubeflow_v2_run_executor",
    ]
    (fault,) = faults(spec, ROOT)
    assert fault.startswith("Trainer_executor: the command python -m tfx.")
    assert fault.endswith("isn't that of a step, python -m pipeline.cluster.step")


def test_an_executor_that_cannot_be_imported(spec):
    arguments = container(spec, "Pusher")["args"]
    arguments[arguments.index("--executor_class_path") + 1] = "components.pusher.executor.Gone"
    assert faults(spec, ROOT) == ["Pusher_executor: there is no components.pusher.executor.Gone"]


def test_code_that_cannot_be_imported(spec):
    parameters(spec, "Trainer")["run_fn"]["runtimeValue"]["constant"] = "my_script.run_fn"
    assert faults(spec, ROOT) == ["Trainer: there is no my_script.run_fn"]


def test_an_artifact_type_that_cannot_be_imported(spec):
    output = spec["components"]["Report"]["outputDefinitions"]["artifacts"]["report"]["artifactType"]
    output["instanceSchema"] = output["instanceSchema"].replace("ReportArtifact", "GoneArtifact")
    assert faults(spec, ROOT) == ["Report: there is no components.GoneArtifact"]


def test_a_resolver(spec):
    spec["deploymentSpec"]["executors"]["BaselineModel_executor"] = {"resolver": {}}
    assert faults(spec, ROOT) == ["BaselineModel_executor: runs no container, which Kubeflow Pipelines refuses"]


def test_an_input_that_is_bound_to_nothing(spec):
    del parameters(spec, "Pusher")["source_fingerprint"]
    assert faults(spec, ROOT) == ["Pusher: the input 'source_fingerprint' is bound to nothing"]


def test_a_run_parameter_that_there_is_not(spec):
    parameters(spec, "Trainer")["max_epochs"] = {"componentInputParameter": "epochs"}
    assert faults(spec, ROOT) == ["Trainer: 'max_epochs' comes from the run parameter 'epochs', which there isn't"]


def test_an_artifact_that_nobody_makes(spec):
    source = spec["root"]["dag"]["tasks"]["Pusher"]["inputs"]["artifacts"]["model"]["taskOutputArtifact"]
    source["outputArtifactKey"] = "modell"
    assert faults(spec, ROOT) == ["Pusher: 'model' comes from Trainer, which doesn't make it"]


def test_a_path_of_this_machine_deep_in_the_settings(spec):
    config = parameters(spec, "Trainer")["custom_config"]["runtimeValue"]
    config["constant"] = config["constant"].replace('"weights": ""', '"weights": "/home/me/w.h5"')
    assert faults(spec, ROOT) == ["Trainer: custom_config names /home/me/w.h5, which only this machine has"]


def test_paths_are_allowed_where_the_steps_share_a_folder(spec):
    parameters(spec, "Pusher")["push_destination"]["runtimeValue"]["constant"] = '{"base": "/shared/pushed"}'
    assert faults(spec, "/shared") == []
    assert faults(spec, ROOT) == ["Pusher: push_destination names /shared/pushed, which only this machine has"]
