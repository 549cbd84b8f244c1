import json
import sys

import kfp
import pytest
import yaml
from google.protobuf import json_format
from kfp.kubernetes.kubernetes_executor_config_pb2 import KubernetesExecutorConfig
from kfp.pipeline_spec import pipeline_spec_pb2

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.cluster.compile import compile_job, run_for_tfx_command, write_job
from pipeline.config.overrides import apply_overrides

ROOT = "gs://bucket/transferline"
EVERY = {
    "secret_variables": {"TOKEN": {"name": "hub.example", "key": "token"}},
    "secret_files": {"/secrets/gcs": "gcs-key"},
    "claims": {"/data": "photos"},
    "scratch": {"/fast": {"size_gb": 2.5, "in_memory": True}, "/scratch": {}},
    "node_selector": {"pool": "cpu"},
    "tolerations": [
        {"key": "spot", "value": "yes", "effect": "NoSchedule"},
        {"key": "nvidia.com/gpu", "effect": "NoExecute", "seconds": 300},
        {},
    ],
}


def configured(**settings):
    assignments = [f"cluster.{key}={json.dumps(value)}" for key, value in settings.items()]
    return apply_overrides(catalog.load("digits"), [f"output_dir={ROOT}", *assignments])


def executors(**settings):
    job = compile_job(configured(**settings), "image")
    return job["platformSpec"]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]


def test_every_setting_has_kfps_form():
    assert executors(every_pod=EVERY)["Trainer_executor"] == {
        "secretAsEnv": [{"secretName": "hub.example", "keyToEnv": [{"secretKey": "token", "envVar": "TOKEN"}]}],
        "secretAsVolume": [{"secretName": "gcs-key", "mountPath": "/secrets/gcs"}],
        "pvcMount": [{"constant": "photos", "mountPath": "/data"}],
        "emptyDirMounts": [
            {"volumeName": "scratch-0", "mountPath": "/fast", "sizeLimit": "2500M", "medium": "Memory"},
            {"volumeName": "scratch-1", "mountPath": "/scratch"},
        ],
        "nodeSelector": {"labels": {"pool": "cpu"}},
        "tolerations": [
            {"key": "spot", "operator": "Equal", "value": "yes", "effect": "NoSchedule"},
            {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": "300"},
            {"operator": "Exists"},
        ],
    }


def test_kfps_own_message_reads_it():
    """The release for Python 3.10 knows a part of it."""
    known = {field.json_name for field in KubernetesExecutorConfig.DESCRIPTOR.fields}
    config = executors(every_pod=EVERY)["Trainer_executor"]
    read = {key: value for key, value in config.items() if key in known}
    assert read.keys() == config.keys() or sys.version_info < (3, 11)
    message = json_format.ParseDict(read, KubernetesExecutorConfig())
    assert json_format.MessageToDict(message) == read
    assert message.pvc_mount[0].mount_path == "/data"


def test_each_step_gets_its_own_and_its_executor_is_one_of_the_pipelines():
    job = compile_job(configured(every_pod={"node_selector": {"pool": "cpu"}}, pods={"Trainer": EVERY}), "image")
    found = job["platformSpec"]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    assert found.keys() == job["pipelineSpec"]["deploymentSpec"]["executors"].keys()
    assert found["Report_executor"] == {"nodeSelector": {"labels": {"pool": "cpu"}}}
    assert found["Trainer_executor"]["pvcMount"] == [{"constant": "photos", "mountPath": "/data"}]


def test_a_step_without_settings_has_none():
    assert list(executors(pods={"Trainer": EVERY})) == ["Trainer_executor"]
    assert "platformSpec" not in compile_job(configured(), "image")


def test_kfps_loader_takes_both_documents(tmp_path):
    file = tmp_path / "pipeline.yaml"
    write_job(compile_job(configured(every_pod=EVERY), "image"), "kubeflow", file)
    loaded = kfp.components.load_component_from_file(str(file))
    assert set(loaded.platform_spec.platforms) == {"kubernetes"}
    assert len(list(yaml.safe_load_all(file.read_text()))) == 2


def test_a_pod_for_a_step_that_there_is_not_is_refused_with_the_nearest_name():
    with pytest.raises(TransferlineError, match="did you mean 'Trainer'") as raised:
        executors(pods={"trainer": EVERY})
    assert raised.value.place == "cluster.pods"


@pytest.mark.parametrize("settings", [{"every_pod": EVERY}, {"pods": {"Trainer": EVERY}}])
def test_vertex_has_no_pods(settings):
    config = configured(**settings)
    with pytest.raises(TransferlineError, match="Vertex AI runs its steps in no pod") as raised:
        compile_job(config, "image", "vertex")
    assert raised.value.place == f"cluster.{next(iter(settings))}"
    with pytest.raises(TransferlineError, match="Vertex AI runs its steps in no pod"):
        run_for_tfx_command(config, "image")


SLICE = {"accelerator": "tpu-v5-lite-podslice", "topology": "2x4"}


def test_a_tpu_slice_is_chips_a_node_selector_and_a_name():
    pods = {"Trainer": {"node_selector": {"disk": "ssd"}}}
    job = compile_job(configured(resources={"Trainer": {"memory_gb": 32, "tpu": SLICE}}, pods=pods), "image")
    container = job["pipelineSpec"]["deploymentSpec"]["executors"]["Trainer_executor"]["container"]
    assert container["resources"] == {"memoryLimit": 32, "accelerator": {"type": "google.com/tpu", "count": "8"}}
    assert container["env"] == [{"name": "TPU_NAME", "value": "local"}]
    others = job["pipelineSpec"]["deploymentSpec"]["executors"]["Report_executor"]["container"]
    assert "env" not in others
    executors = job["platformSpec"]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    labels = {
        "disk": "ssd",
        "cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
        "cloud.google.com/gke-tpu-topology": "2x4",
    }
    assert executors == {"Trainer_executor": {"nodeSelector": {"labels": labels}}}
    json_format.ParseDict(job["pipelineSpec"], pipeline_spec_pb2.PipelineSpec())


def test_vertex_has_no_node_pools():
    config = configured(resources={"Trainer": {"tpu": SLICE}})
    with pytest.raises(TransferlineError, match=r"no pod that has .* a node selector") as raised:
        compile_job(config, "image", "vertex")
    assert raised.value.place == "cluster.resources.Trainer.tpu"


def test_vertex_takes_machines_and_a_service_account():
    resources = {"Trainer": {"cpus": 8}}
    job = compile_job(configured(resources=resources, service_account="me@project"), "image", "vertex")
    assert job["pipelineSpec"]["deploymentSpec"]["executors"]["Trainer_executor"]["container"]["resources"]


def test_data_on_a_claim_is_on_the_cluster():
    on_claim = apply_overrides(configured(every_pod={"claims": {"/data": "photos"}}), ["data.path=/data/digits"])
    parameters = compile_job(on_claim, "image")["pipelineSpec"]["root"]["inputDefinitions"]["parameters"]
    assert parameters["data_path"]["defaultValue"] == "/data/digits"


@pytest.mark.parametrize("path", ["/database/digits", "/data/../digits", "data/digits"])
def test_data_beside_a_claim_is_not(path):
    beside = apply_overrides(configured(every_pod={"claims": {"/data": "photos"}}), [f"data.path={path}"])
    with pytest.raises(TransferlineError, match="Only this machine has what the settings name"):
        compile_job(beside, "image")


def test_a_claim_that_another_step_mounts_holds_no_data_for_this_one():
    named = ["data.path=/data/digits"]
    of_trainer = apply_overrides(configured(pods={"Trainer": {"claims": {"/data": "photos"}}}), named)
    with pytest.raises(TransferlineError, match="ImageExampleGen: data names /data/digits, which only"):
        compile_job(of_trainer, "image")
    compile_job(apply_overrides(configured(pods={"ImageExampleGen": {"claims": {"/data": "photos"}}}), named), "image")
