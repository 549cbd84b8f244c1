"""The manifests of Flink on Kubernetes agree with each other, with the docs' command and with the lock."""

import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from apache_beam.options.pipeline_options import FlinkRunnerOptions

from pipeline import catalog
from pipeline.config.overrides import apply_overrides

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "kubeflow" / "flink"
LOCK = ROOT / "requirements.lock"


def objects():
    return [each for file in sorted(FOLDER.glob("*.yaml")) for each in yaml.safe_load_all(file.read_text())]


@pytest.fixture
def manifests():
    """Every object by its kind, but the network policies."""
    found = [each for each in objects() if each["kind"] != "NetworkPolicy"]
    by_kind = {each["kind"]: each for each in found}
    assert len(by_kind) == len(found)
    return by_kind


@pytest.fixture
def beam():
    """The settings of the docs' command for Flink."""
    (command,) = re.findall(r"transferline run higgs .*?\n\n", (ROOT / "docs" / "beam.md").read_text(), re.DOTALL)
    words = shlex.split(command.replace("\\\n", " "))
    settings = [value for option, value in pairwise(words) if option == "--set"]
    return apply_overrides(catalog.load("higgs"), settings).beam


def containers(manifest):
    template = manifest["spec"].get("template") or manifest["spec"]["taskManager"]["podTemplate"]
    return {container["name"]: container for container in template["spec"]["containers"]}


def options(container):
    return dict(argument.removeprefix("--").split("=", 1) for argument in container["args"])


def test_the_command_reaches_the_job_server_through_its_service(manifests, beam):
    service, deployment = manifests["Service"], manifests["Deployment"]
    assert service["spec"]["selector"] == deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"] == deployment["spec"]["selector"]["matchLabels"]
    ports = {port["name"]: port["containerPort"] for port in containers(deployment)["job-server"]["ports"]}
    reached = {port["name"]: (port["port"], ports[port["targetPort"]]) for port in service["spec"]["ports"]}
    name = service["metadata"]["name"]
    assert beam.endpoint == f"{name}:{reached['jobs'][0]}"
    assert beam.artifact_endpoint == f"{name}:{reached['artifacts'][0]}"
    given = options(containers(deployment)["job-server"])
    assert given["job-port"] == str(reached["jobs"][1])
    assert given["artifact-port"] == str(reached["artifacts"][1])


def test_the_job_server_reaches_the_cluster(manifests):
    given = options(containers(manifests["Deployment"])["job-server"])
    # The operator calls the service of a cluster's REST interface so.
    assert given["flink-master"] == f"{manifests['FlinkDeployment']['metadata']['name']}-rest:8081"


def test_the_task_managers_reach_the_worker_pool_beside_them(manifests, beam):
    pool = containers(manifests["FlinkDeployment"])["beam-worker-pool"]
    (port,) = [port["containerPort"] for port in pool["ports"]]
    assert options(pool)["service_port"] == str(port)
    assert (beam.environment, beam.environment_config) == ("external", f"localhost:{port}")
    assert "flink-main-container" in containers(manifests["FlinkDeployment"])


def test_there_are_as_many_slots_as_the_command_takes_and_a_worker_process_for_each(manifests, beam):
    spec = manifests["FlinkDeployment"]["spec"]
    slots = int(spec["flinkConfiguration"]["taskmanager.numberOfTaskSlots"])
    assert beam.parallelism == slots * spec["taskManager"]["replicas"]
    assert beam.processes == slots


def test_the_versions_are_those_of_the_beam_that_is_locked_for_the_image(manifests):
    (locked,) = re.findall(r"^apache-beam==(\S+) ; python_full_version >= '3.11'", LOCK.read_text(), re.MULTILINE)
    image = containers(manifests["Deployment"])["job-server"]["image"]
    flink, beam_version = re.fullmatch(r"apache/beam_flink([\d.]+)_job_server:([\d.]+)", image).groups()
    assert beam_version == locked
    assert flink in FlinkRunnerOptions.PUBLISHED_FLINK_VERSIONS
    cluster = manifests["FlinkDeployment"]["spec"]
    assert cluster["image"].startswith(f"flink:{flink}-")
    assert cluster["flinkVersion"] == f"v{flink.replace('.', '_')}"
    worker = (ROOT / "kubeflow" / "beam_worker.Dockerfile").read_text()
    assert f"_sdk:{locked}\n" in worker


def test_all_see_the_same_volume_at_the_same_path(manifests):
    claim = manifests["PersistentVolumeClaim"]["metadata"]["name"]
    for kind in ("FlinkDeployment", "Deployment"):
        template = manifests[kind]["spec"].get("template") or manifests[kind]["spec"]["taskManager"]["podTemplate"]
        (volume,) = template["spec"]["volumes"]
        assert volume["persistentVolumeClaim"]["claimName"] == claim
        for container in containers(manifests[kind]).values():
            assert container["volumeMounts"] == [{"name": volume["name"], "mountPath": "/pipelines"}]


def test_the_project_s_image_is_the_makefile_s(manifests):
    pool = containers(manifests["FlinkDeployment"])["beam-worker-pool"]
    assert f"ARG IMAGE={pool['image']}\n" in (ROOT / "kubeflow" / "beam_worker.Dockerfile").read_text()


def let_in(policy, port):
    """Who is let in to a port, by the labels of their pods."""
    return [
        peer["podSelector"]["matchLabels"]
        for rule in policy["spec"]["ingress"]
        for peer in rule["from"]
        if any(each["port"] <= port <= each.get("endPort", each["port"]) for each in rule["ports"])
    ]


def test_nobody_else_reaches_a_port_that_runs_what_it_is_told(manifests, beam):
    policies = {each["metadata"]["name"]: each for each in objects() if each["kind"] == "NetworkPolicy"}
    assert all(each["spec"]["policyTypes"] == ["Ingress"] for each in policies.values())
    # The operator labels Flink's pods with the deployment's name.
    flink, jobs = manifests["FlinkDeployment"]["metadata"]["name"], manifests["Deployment"]
    assert policies[flink]["spec"]["podSelector"]["matchLabels"] == {"app": flink}
    labels = jobs["spec"]["template"]["metadata"]["labels"]
    assert policies[jobs["metadata"]["name"]]["spec"]["podSelector"]["matchLabels"] == labels
    pool = int(beam.environment_config.rpartition(":")[2])
    assert let_in(policies[flink], pool) == []
    assert {"app": flink} in let_in(policies[flink], pool - 1)
    assert {"app": flink} in let_in(policies[flink], pool + 1)
    assert labels in let_in(policies[flink], 8081)
    for address in beam.endpoint, beam.artifact_endpoint:
        (submits,) = let_in(policies["transferline-jobs"], int(address.rpartition(":")[2]))
        ((name, value),) = submits.items()
        assert f'`{name}: "{value}"`' in (ROOT / "docs" / "beam.md").read_text()


def test_what_runs_the_pipelines_code_has_no_rights(manifests):
    for manifest, name in ((manifests["FlinkDeployment"], "beam-worker-pool"), (manifests["Deployment"], "job-server")):
        context = containers(manifest)[name]["securityContext"]
        assert context["runAsNonRoot"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
