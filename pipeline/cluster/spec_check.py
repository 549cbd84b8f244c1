"""Checks that a compiled pipeline needs nothing that only this machine has."""

import importlib
import json
import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import yaml
from tfx.orchestration.kubeflow.v2.compiler_utils import TITLE_TO_CLASS_PATH

from pipeline.cluster.step_command import ENTRY_POINT
from pipeline.graph import FUNCTIONS

Spec = dict[str, Any]
Mounted: TypeAlias = Mapping[str, Iterable[str]]
NOTHING: Mounted = MappingProxyType({})


def faults(spec: Spec, root: str, mounted: Mounted = NOTHING) -> list[str]:
    """Returns what would stop a compiled pipeline on a cluster; empty for a sound one.

    Args:
        spec: A PipelineSpec of schema 2.1, as JSON.
        root: Where the cluster's steps write; a local folder only where they share it.
        mounted: Folders that a step finds in its pod, by step.
    """
    return [*_of_commands(spec), *_of_types(spec), *_of_bindings(spec), *_of_paths(spec, root, mounted)]


def _of_commands(spec: Spec) -> Iterator[str]:
    """Every step enters by this project's entry point; every executor and function can be imported by its name."""
    for name, executor in spec["deploymentSpec"]["executors"].items():
        container = executor.get("container")
        if container is None:
            yield f"{name}: runs no container, which Kubeflow Pipelines refuses"
            continue
        command = container.get("command", [])
        if tuple(command[: len(ENTRY_POINT)]) != ENTRY_POINT:
            yield f"{name}: the command {' '.join(command)} isn't that of a step, {' '.join(ENTRY_POINT)}"
        arguments = container["args"]
        yield from _unless_found(name, arguments[arguments.index("--executor_class_path") + 1])
    for name, task in spec["root"]["dag"]["tasks"].items():
        for key, value in task["inputs"].get("parameters", {}).items():
            if key in FUNCTIONS:
                yield from _unless_found(name, value["runtimeValue"]["constant"])


def _of_types(spec: Spec) -> Iterator[str]:
    """An artifact of a type of ours is made by the class that its title names."""
    for name, component in spec["components"].items():
        for side in ("inputDefinitions", "outputDefinitions"):
            for artifact in component.get(side, {}).get("artifacts", {}).values():
                title = yaml.safe_load(artifact["artifactType"]["instanceSchema"])["title"]
                if title not in TITLE_TO_CLASS_PATH:
                    yield from _unless_found(name, title)


def _unless_found(where: str, path: str) -> Iterator[str]:
    module, _, attribute = path.rpartition(".")
    try:
        if hasattr(importlib.import_module(module), attribute):
            return
    except ImportError:
        pass
    yield f"{where}: there is no {path}"


def _of_bindings(spec: Spec) -> Iterator[str]:
    """Every input of every step comes from somewhere."""
    tasks, components = spec["root"]["dag"]["tasks"], spec["components"]
    of_run = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    for name, task in tasks.items():
        definitions = components[task["componentRef"]["name"]].get("inputDefinitions", {})
        given = task.get("inputs", {})
        for kind in ("parameters", "artifacts"):
            for key in set(definitions.get(kind, {})) - set(given.get(kind, {})):
                yield f"{name}: the input '{key}' is bound to nothing"
        for key, value in given.get("parameters", {}).items():
            source = value.get("componentInputParameter")
            if source is not None and source not in of_run:
                yield f"{name}: '{key}' comes from the run parameter '{source}', which there isn't"
        for key, value in given.get("artifacts", {}).items():
            source = value["taskOutputArtifact"]
            producer = tasks.get(source["producerTask"])
            outputs = components[producer["componentRef"]["name"]]["outputDefinitions"] if producer else {}
            if source["outputArtifactKey"] not in outputs.get("artifacts", {}):
                yield f"{name}: '{key}' comes from {source['producerTask']}, which doesn't make it"


def _of_paths(spec: Spec, root: str, mounted: Mounted) -> Iterator[str]:
    """No setting names a path of this machine, unless the steps write to one too, or have it mounted."""
    if "://" not in root:
        return
    takers = defaultdict(list)
    for name, task in spec["root"]["dag"]["tasks"].items():
        for key, value in task.get("inputs", {}).get("parameters", {}).items():
            takers[value.get("componentInputParameter")].append(name)
            for path in _local_paths(value.get("runtimeValue", {}).get("constant")):
                if not is_below(path, mounted.get(name, ())):
                    yield f"{name}: {key} names {path}, which only this machine has"
    for key, definition in spec["root"].get("inputDefinitions", {}).get("parameters", {}).items():
        for path in _local_paths(definition.get("defaultValue")):
            if not takers[key] or not all(is_below(path, mounted.get(name, ())) for name in takers[key]):
                yield f"the run parameter {key} is {path}, which only this machine has"


def is_below(path: str, folders: Iterable[str]) -> bool:
    """Whether a path is one of some folders, or in one."""
    normal = posixpath.normpath(path)
    return any(normal == folder or normal.startswith(f"{folder}/") for folder in folders)


def _local_paths(value: object) -> Iterator[str]:
    """Absolute paths in a value, in lists and mappings, and in JSON within texts."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _local_paths(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _local_paths(inner)
    elif isinstance(value, str):
        if value.startswith(("/", "~", "./", "file:")):
            yield value
        elif value.startswith(("{", "[", '"')):
            try:
                yield from _local_paths(json.loads(value))
            except json.JSONDecodeError:
                return
