import json

import pytest

from components.errors import TransferlineError
from pipeline import catalog
from pipeline.config import TPU, Cluster, Pod, Scratch, SecretValue, Toleration
from pipeline.config.overrides import apply_overrides


def cluster(**settings):
    return apply_overrides(
        catalog.load("digits"), [f"cluster.{key}={json.dumps(value)}" for key, value in settings.items()]
    ).cluster


def test_a_steps_pod_has_what_every_pod_has_and_its_own():
    every = Pod(
        scratch={"/scratch": Scratch(size_gb=10)},
        node_selector={"pool": "cpu", "disk": "ssd"},
        tolerations=(Toleration(key="spot"),),
    )
    own = Pod(
        secret_variables={"TOKEN": SecretValue(name="hub", key="token")},
        node_selector={"pool": "gpu"},
        tolerations=(Toleration(key="nvidia.com/gpu"),),
    )
    settings = Cluster(every_pod=every, pods={"Trainer": own})
    assert settings.pod("Evaluator") == every
    found = settings.pod("Trainer")
    assert found.scratch == every.scratch
    assert found.secret_variables == own.secret_variables
    assert found.node_selector == {"pool": "gpu", "disk": "ssd"}
    assert [each.key for each in found.tolerations] == ["spot", "nvidia.com/gpu"]


@pytest.mark.parametrize(("topology", "chips"), [("1x1", 1), ("2x2", 4), ("2x4", 8), ("2x2x1", 4)])
def test_a_tpu_slice_has_the_chips_of_its_topology(topology, chips):
    assert TPU(accelerator="tpu-v6e-slice", topology=topology).chips == chips


@pytest.mark.parametrize(
    ("resources", "fault"),
    [
        ({"tpu": {"accelerator": "tpu-v4-podslice", "topology": "2x2x4"}}, "topology: 2x2x4 is 16 chips"),
        ({"tpu": {"accelerator": "tpu-v4-podslice", "topology": "2x2x2"}}, "topology: 2x2x2 is 8 chips"),
        ({"tpu": {"accelerator": "tpu-v6e-slice", "topology": "4x4"}}, "topology: 4x4 is 16 chips"),
        ({"tpu": {"accelerator": "tpu-v4-podslice", "topology": "2"}}, "'2' must match the pattern"),
        ({"tpu": {"accelerator": "", "topology": "2x2"}}, "a TPU has a kind"),
        ({"tpu": {"topology": "2x2"}}, "accelerator: must be given"),
        (
            {"tpu": {"accelerator": "a", "topology": "2x2"}, "accelerator": "nvidia.com/gpu"},
            "has nvidia.com/gpu already",
        ),
    ],
)
def test_a_tpu_that_no_pod_could_have_is_refused(resources, fault):
    with pytest.raises(TransferlineError) as raised:
        cluster(resources={"Trainer": resources})
    assert fault in raised.value.cause


def test_the_command_line_sets_them():
    found = cluster(every_pod={"claims": {"/data": "photos"}}, pods={"Trainer": {"node_selector": {"pool": "gpu"}}})
    assert found.every_pod.claims == {"/data": "photos"}
    assert found.pods["Trainer"].node_selector == {"pool": "gpu"}


@pytest.mark.parametrize(
    ("pod", "fault"),
    [
        ({"claims": {"data": "photos"}}, "cluster.every_pod.claims.data: 'data' must match the pattern"),
        ({"claims": {"/": "photos"}}, "'/' must match the pattern"),
        ({"claims": {"/data/../etc": "photos"}}, "'/data/../etc' must match the pattern"),
        ({"claims": {"/data": "My_Photos"}}, "'My_Photos' must match the pattern"),
        ({"secret_files": {"/keys": "gcs.key"}}, "'gcs.key' must match the pattern"),
        ({"secret_variables": {"A-B": {"name": "s", "key": "k"}}}, "'A-B' must match the pattern"),
        ({"secret_variables": {"A": {"name": "s"}}}, "cluster.every_pod.secret_variables.A.key: must be given"),
        ({"scratch": {"/scratch": {"size_gb": 0}}}, "size_gb: must be greater than or equal to 0.001"),
        ({"scratch": {"/scratch": {"size": 2}}}, "there is no such setting"),
        ({"node_selector": {"pool": "a b"}}, "'a b' must match the pattern"),
        ({"tolerations": [{"value": "x"}]}, "cluster.every_pod.tolerations.0: value has no use without a key"),
        ({"tolerations": [{"key": "a", "effect": "noexecute"}]}, "effect: 'noexecute' must be"),
        ({"tolerations": [{"key": "a", "seconds": 5}]}, "seconds have a use with the effect 'NoExecute' only"),
        ({"claims": {"/a": "photos"}, "secret_files": {"/a": "keys"}}, "every_pod: /a is mounted 2 times"),
        ({"claims": {"/a": "photos", "/b": "photos"}}, "'photos' is mounted 2 times, which Kubeflow"),
        ({"claims": {"/a": "keys"}, "secret_files": {"/b": "keys"}}, "'keys' is mounted 2 times"),
    ],
)
def test_what_kubernetes_would_refuse_is_named(pod, fault):
    with pytest.raises(TransferlineError) as raised:
        cluster(every_pod=pod)
    assert fault in raised.value.cause


def test_what_fits_only_without_the_other_pods_is_named_with_its_step():
    with pytest.raises(TransferlineError, match=r"pods\.Trainer: /data is mounted 2 times"):
        cluster(every_pod={"claims": {"/data": "photos"}}, pods={"Trainer": {"scratch": {"/data": {}}}})
