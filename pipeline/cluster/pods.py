"""Compiles what pods need of Kubernetes: the second document of a file for Kubeflow Pipelines.

The form is KFP's KubernetesExecutorConfig, a message of kfp-kubernetes. It is written here because that library has
only functions for kfp's own tasks beside the message, and because its one release for Python 3.10 knows neither
tolerations nor empty folders, whatever the cluster knows. Tests read the form by the message. Names of secrets and
claims are in the fields that every release of KFP 2 reads, not in the later ones that a run parameter may fill.
"""

from collections.abc import Iterable
from typing import Any

from components.errors import TransferlineError
from components.wording import nearest
from pipeline.config.cluster import Cluster, Pod, Scratch, Toleration

Json = dict[str, Any]


def check_steps(setting: str, named: Iterable[str], steps: Iterable[str]) -> None:
    """Checks that a setting by step names steps that there are.

    Args:
        setting: Its key.
        named: The steps that it names.
        steps: The pipeline's.

    Raises:
        TransferlineError: There is no such step; with the nearest name.
    """
    known = list(steps)
    for name in named:
        if name not in known:
            raise TransferlineError(
                f"There is no step '{name}'{nearest(name, known)}",
                place=setting,
                cure=f"Use one of {', '.join(known)}.",
            )


def check_vertex(cluster: Cluster) -> None:
    """Refuses what has no meaning on Vertex AI, where nobody sees a pod.

    Raises:
        TransferlineError: There are settings of pods, or of node pools.
    """
    none = Cluster()
    given = [name for name in ("every_pod", "pods") if getattr(cluster, name) != getattr(none, name)]
    given += [f"resources.{step}.tpu" for step, wanted in cluster.resources.items() if wanted.tpu]
    if given:
        raise TransferlineError(
            "Vertex AI runs its steps in no pod that has secrets, volumes, tolerations or a node selector.",
            place=", ".join(f"cluster.{name}" for name in given),
            cure="Leave these settings out for Vertex; `cluster.resources` and `cluster.service_account` hold there.",
        )


def platform_spec(cluster: Cluster, spec: Json) -> Json:
    """Returns KFP's PlatformSpec as JSON; empty where no pod needs anything.

    Args:
        cluster: The settings.
        spec: The compiled PipelineSpec.
    """
    labels = {
        step: spec["components"][task["componentRef"]["name"]]["executorLabel"]
        for step, task in spec["root"]["dag"]["tasks"].items()
    }
    executors = {label: config for step, label in labels.items() if (config := _executor_config(cluster.pod(step)))}
    return {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}} if executors else {}


def _executor_config(pod: Pod) -> Json:
    config: Json = {
        "secretAsEnv": [
            {"secretName": value.name, "keyToEnv": [{"secretKey": value.key, "envVar": variable}]}
            for variable, value in pod.secret_variables.items()
        ],
        "secretAsVolume": [{"secretName": name, "mountPath": path} for path, name in pod.secret_files.items()],
        "pvcMount": [{"constant": name, "mountPath": path} for path, name in pod.claims.items()],
        "emptyDirMounts": [
            {"volumeName": f"scratch-{number}", "mountPath": path} | _empty_dir(scratch)
            for number, (path, scratch) in enumerate(pod.scratch.items())
        ],
        "nodeSelector": {"labels": pod.node_selector} if pod.node_selector else {},
        "tolerations": [_toleration(each) for each in pod.tolerations],
    }
    return {key: value for key, value in config.items() if value}


def _empty_dir(scratch: Scratch) -> Json:
    # In whole megabytes: Kubernetes takes no exponents.
    limit = {} if scratch.size_gb is None else {"sizeLimit": f"{round(scratch.size_gb * 1000)}M"}
    return limit | ({"medium": "Memory"} if scratch.in_memory else {})


def _toleration(toleration: Toleration) -> Json:
    asked: Json = {
        "key": toleration.key,
        "operator": "Exists" if toleration.value is None else "Equal",
        "value": toleration.value,
        "effect": toleration.effect,
        "tolerationSeconds": None if toleration.seconds is None else str(toleration.seconds),
    }
    return {key: value for key, value in asked.items() if value not in ("", None)}
