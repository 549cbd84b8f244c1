import json
from importlib.metadata import version

import kfp
import pytest
import yaml
from google.auth.credentials import AnonymousCredentials

from components.cache_folder import cache_folder
from components.errors import TransferlineError
from pipeline import catalog
from pipeline.cluster.compile import always_read, compile_job, own_data_path, write_job
from pipeline.cluster.submit import Submission, vertex_job
from pipeline.config.overrides import apply_overrides
from pipeline.data.sources import source_path

IMAGE = "registry.example.com/transferline:1"
ROOT = "gs://bucket/transferline"


def compiled(name, *settings):
    return compile_job(apply_overrides(catalog.load(name), [f"output_dir={ROOT}", *settings]), IMAGE)


@pytest.fixture(params=catalog.names(), scope="module")
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
    tasks = sent["pipelineSpec"]["root"]["dag"]["tasks"]
    assert tasks["Trainer"]["cachingOptions"] == {"enableCache": True}
    assert not tasks["BaselineModel"].get("cachingOptions", {}).get("enableCache")


def test_who_uploads_the_file_by_hand_gets_the_root_that_it_was_compiled_for():
    assert compiled("digits")["pipelineSpec"]["defaultPipelineRoot"] == f"{ROOT}/digits/artifacts"


def test_every_step_runs_our_image_and_none_is_a_resolver(job):
    executors = job["pipelineSpec"]["deploymentSpec"]["executors"]
    assert {each["container"]["image"] for each in executors.values()} == {IMAGE}


def test_every_step_enters_by_our_entry_point_and_says_what_compiled_it(job):
    spec = job["pipelineSpec"]
    for name, component in spec["components"].items():
        container = spec["deploymentSpec"]["executors"][component["executorLabel"]]["container"]
        assert container["command"] == [
            *("python", "-m", "pipeline.cluster.step", f"--step={name}"),
            *(f"--transferline_version={version('transferline')}", f"--tfx_version={version('tfx')}"),
        ]
        assert container["args"][0] == "--executor_class_path"


def test_the_baseline_is_looked_up_anew_in_every_run(job):
    tasks = job["pipelineSpec"]["root"]["dag"]["tasks"]
    assert "cachingOptions" not in tasks["BaselineModel"]
    assert tasks["Trainer"]["cachingOptions"] == {"enableCache": True}


def test_a_download_has_the_same_place_on_the_cluster_as_in_the_cache():
    higgs = catalog.load("higgs")
    path = own_data_path(higgs)
    assert path == f"{higgs.home}/data/{source_path(higgs.source).relative_to(cache_folder() / 'data')}"
    assert path.endswith("/HIGGS.csv.gz")


def test_data_epochs_and_thresholds_are_run_parameters_with_the_configured_values_as_defaults():
    root = compiled("digits", "trainer.fine_tuning.epochs=3")["pipelineSpec"]["root"]
    parameters = root["inputDefinitions"]["parameters"]
    assert parameters["data_path"]["defaultValue"] == f"{ROOT}/digits/data/digits.zip"
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


@pytest.mark.parametrize("path", ["/photos", "photos", "../photos", "~/photos"])
@pytest.mark.parametrize("setting", ["data.path", "trainer.weights"])
def test_a_path_of_this_machine_is_refused(setting, path):
    cause = f"Only this machine has what the settings name: {setting} is {path}"
    with pytest.raises(TransferlineError, match=cause) as raised:
        compiled("digits", f"{setting}={path}")
    assert raised.value.place == str(catalog.FOLDER / "digits.py")


def test_steps_that_share_a_folder_may_read_it(tmp_path):
    config = apply_overrides(catalog.load("photos"), [f"output_dir={tmp_path}", f"data.path={tmp_path}/photos"])
    root = compile_job(config, IMAGE)["pipelineSpec"]["root"]
    assert root["inputDefinitions"]["parameters"]["data_path"]["defaultValue"] == f"{tmp_path}/photos"


def test_the_variable_that_names_the_data_of_a_catalog_script_holds_here_too(monkeypatch):
    monkeypatch.setenv("TRANSFERLINE_DATA_DIR", "gs://mine/photos")
    root = compiled("digits")["pipelineSpec"]["root"]
    assert root["inputDefinitions"]["parameters"]["data_path"]["defaultValue"] == "gs://mine/photos"


def test_what_reads_the_data_of_scheduled_runs_has_no_cache():
    job = compiled("digits")
    always_read(job)
    tasks = job["pipelineSpec"]["root"]["dag"]["tasks"]
    assert "cachingOptions" not in tasks["ImageExampleGen"]
    assert tasks["Trainer"]["cachingOptions"] == {"enableCache": True}


def test_a_cluster_without_cache_gets_none():
    tasks = compiled("higgs_toy", "cluster.caching=false")["pipelineSpec"]["root"]["dag"]["tasks"]
    assert not any("cachingOptions" in task for task in tasks.values())


def test_the_file_for_kubeflow_is_the_pipeline_alone(tmp_path):
    write_job(compiled("higgs_toy"), "kubeflow", tmp_path / "sub" / "p.yaml")
    assert yaml.safe_load((tmp_path / "sub" / "p.yaml").read_text())["sdkVersion"] == f"tfx-{version('tfx')}"
