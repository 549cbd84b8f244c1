"""Reads a step's ExecutorInput, which Kubeflow Pipelines or Vertex AI builds, and supplies the types that it lacks."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from components.errors import TransferlineError
from components.wording import listed

ANEW = "Compile the pipeline anew, and submit that."


def read_json(text: str, what: str, place: str) -> dict[str, Any]:
    """Returns what a JSON argument holds.

    Args:
        text: The argument; "" for an empty object.
        what: What it is.
        place: What to name in the error.

    Raises:
        TransferlineError: It isn't a JSON object.
    """
    try:
        found = json.loads(text or "{}")
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise TransferlineError(f"The {what} isn't a JSON object.", place=place, cure=ANEW)
    return found


def with_types(executor_input: dict[str, Any], inputs_spec: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Gives every input artifact that comes without its type the one that the component declares.

    Kubeflow's driver hands inputs over with an empty type, and without ML Metadata with a kind of its own, such as
    "Artifact", or with the whole schema where the title belongs. TFX makes the artifact's class from the type.

    Args:
        executor_input: As JSON; its types are changed in place.
        inputs_spec: The component's own ComponentInputsSpec, as JSON.
        place: The step.

    Returns:
        The same ExecutorInput.

    Raises:
        TransferlineError: A declared input is missing, or one's type isn't what the component declares.
    """
    declared = inputs_spec.get("artifacts", {})
    given = {name: _artifacts(each) for name, each in executor_input.get("inputs", {}).get("artifacts", {}).items()}
    missing = [name for name, each in declared.items() if not given.get(name) and not each.get("isOptional")]
    if missing:
        raise TransferlineError(
            f"An input that the step needs is missing: {listed(sorted(missing))}.",
            place=place,
            cure=f"See whether the step that makes it wrote it. {ANEW}",
        )
    for name in set(given) & set(declared):
        wanted = declared[name]["artifactType"]
        for artifact in given[name]:
            title = _title(artifact.get("type", {}))
            if title and title != _title(wanted):
                raise TransferlineError(
                    f"The input '{name}' is of type {title}, and the step takes {_title(wanted)}.",
                    place=place,
                    cure=f"The pipeline isn't as it was compiled. {ANEW}",
                )
            # TFX would take the whole schema for the class's name.
            if not title or artifact["type"].get("schemaTitle", title) != title:
                artifact["type"] = wanted
    return executor_input


def output_folders(executor_input: Mapping[str, Any]) -> list[str]:
    """Returns where the step's output artifacts are to be."""
    outputs = executor_input.get("outputs", {}).get("artifacts", {})
    return [artifact["uri"] for each in outputs.values() for artifact in _artifacts(each) if artifact.get("uri")]


def _artifacts(artifact_list: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(artifact_list.get("artifacts", []))


def _title(artifact_type: Mapping[str, Any]) -> str:
    """Returns the title of a type; "" where it says nothing of TFX's types, which are named as they are imported."""
    title = next(_titles(artifact_type), "")
    return title if "." in title and not title.startswith("system.") else ""


def _titles(artifact_type: Mapping[str, Any]) -> Iterator[str]:
    # As protobuf writes JSON, and as it reads it, too. Kubeflow without ML Metadata has the whole schema for a title.
    for key in ("schemaTitle", "schema_title", "instanceSchema", "instance_schema"):
        if artifact_type.get(key):
            schema = yaml.safe_load(artifact_type[key])
            yield str(schema.get("title", "") if isinstance(schema, dict) else schema)
