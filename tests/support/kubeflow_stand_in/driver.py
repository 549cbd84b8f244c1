"""The driver: it makes the ExecutorInput of a step from the compiled pipeline and from what the steps before made.

KFP's own: driver/container.go, Container; driver/resolve.go, resolveInputs; driver/driver.go, provisionOutputs (until
2.5 all three are in driver/driver.go; on master inputs are in driver/resolver/).
"""

import json
import posixpath
from collections.abc import Mapping
from typing import Any

from kubeflow_stand_in.releases import Release
from kubeflow_stand_in.storage import local_path

Json = dict[str, Any]
LEGACY_OUTPUT_FILE = "/tmp/kfp_outputs/output_metadata.json"  # noqa: S108 (KFP's own path)


class DriverError(Exception):
    """The driver refuses a step; its pod never starts."""


def component_of(spec: Json, task: str) -> Json:
    """Returns the component of a step."""
    return dict(spec["components"][spec["root"]["dag"]["tasks"][task]["componentRef"]["name"]])


def container_of(spec: Json, task: str) -> Json:
    """Returns the container of a step: image, command, args."""
    return dict(spec["deploymentSpec"]["executors"][component_of(spec, task)["executorLabel"]]["container"])


def run_parameters(spec: Json, given: Mapping[str, Any]) -> Json:
    """Returns the run parameters' values: as given, else their defaults (compiler/argocompiler/argo.go, Compile)."""
    definitions = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    defaults = {name: each["defaultValue"] for name, each in definitions.items() if "defaultValue" in each}
    return {**defaults, **given}


def inputs_of(spec: Json, task: str, parameters: Mapping[str, Any], made: Mapping[tuple[str, str], Json]) -> Json:
    """Returns the ExecutorInput's inputs: what the task binds, and nothing for an optional input that it doesn't.

    Args:
        spec: The compiled pipeline.
        task: The step's name in it.
        parameters: Of the run.
        made: What is told of each output, by producing step and key.

    Raises:
        DriverError: A parameter has no value or one of another type, or an input wasn't made.
    """
    bound = spec["root"]["dag"]["tasks"][task].get("inputs", {})
    definitions = component_of(spec, task).get("inputDefinitions", {}).get("parameters", {})
    values = {key: _value(each, parameters) for key, each in bound.get("parameters", {}).items()}
    for key, definition in definitions.items():
        if key in values:
            values[key] = _typed(key, values[key], definition["parameterType"])
        elif not definition.get("isOptional") and "defaultValue" not in definition:
            raise DriverError(f'neither value nor default value provided for non-optional parameter "{key}"')
    artifacts = {key: {"artifacts": [_made(each, made)]} for key, each in bound.get("artifacts", {}).items()}
    return {name: each for name, each in (("parameterValues", values), ("artifacts", artifacts)) if each}


def _value(binding: Json, parameters: Mapping[str, Any]) -> Any:
    if "runtimeValue" in binding:
        return binding["runtimeValue"]["constant"]
    name = binding["componentInputParameter"]
    if name not in parameters:
        raise DriverError(f"parent DAG does not have input parameter {name}")
    return parameters[name]


def _typed(key: str, value: Any, declared: str) -> Any:
    """Checks a value as handleParamTypeValidationAndConversion does: anything is a text where a STRING is asked."""
    actual = {str: "string", bool: "bool", int: "number", float: "number", list: "list", dict: "struct"}[type(value)]
    if declared == "STRING":
        return text_of(value)
    if declared not in _FITTING[actual]:
        raise DriverError(f'input parameter "{key}" type mismatch: expect {declared}, got {actual}')
    return value


def text_of(value: Any) -> str:
    """Returns a value as a text: metadata/converter.go, PbValueToText."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, separators=(",", ":"))


_FITTING = {
    "string": ("STRING",),
    "bool": ("BOOLEAN",),
    "number": ("NUMBER_INTEGER", "NUMBER_DOUBLE"),
    "list": ("LIST",),
    "struct": ("STRUCT",),
}


def _made(binding: Json, made: Mapping[tuple[str, str], Json]) -> Json:
    source = binding["taskOutputArtifact"]
    producer, key = source["producerTask"], source["outputArtifactKey"]
    if (producer, key) not in made:
        raise DriverError(f'cannot find output artifact key "{key}" in producer task "{producer}"')
    return made[producer, key]


def outputs_of(spec: Json, task: str, run_root: str, salt: str, release: Release) -> Json:
    """Returns the ExecutorInput's outputs: where the step writes, and their types just as the component has them.

    Args:
        spec: The compiled pipeline.
        task: The step's name in it.
        run_root: Where the run writes: {pipeline root}/{pipeline}/{run}.
        salt: Names this execution, so that no two write to one place.
        release: Of Kubeflow Pipelines.
    """
    folder = f"{run_root}/{task}/{salt}"
    artifacts = {}
    for key, definition in component_of(spec, task).get("outputDefinitions", {}).get("artifacts", {}).items():
        output = {"uri": f"{folder}/{key}", "type": definition["artifactType"]}
        output |= {"name": key} if release.named_outputs else {}
        output |= {"metadata": definition["metadata"]} if definition.get("metadata") else {}
        artifacts[key] = {"artifacts": [output]}
    local = local_path(folder) if release.named_outputs else None
    file = posixpath.join(local, "output_metadata.json") if local else LEGACY_OUTPUT_FILE
    return {**({"artifacts": artifacts} if artifacts else {}), "outputFile": file}
