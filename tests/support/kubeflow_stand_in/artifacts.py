"""What Kubeflow Pipelines remembers of an output, and what it tells the next step of it."""

import json
import uuid
from typing import Any

from kubeflow_stand_in.releases import Release

Json = dict[str, Any]


def input_of(key: str, output: Json, number: int, root: str, release: Release) -> Json:
    """Returns the RuntimeArtifact by which the steps behind are told of an output.

    With ML Metadata (2.0 to 2.18): metadata/client.go, RecordArtifact, writes the artifact, and reads it in
    GetOutputArtifactsByExecutionId with `Schema: ""` and a TODO, so that ToRuntimeArtifact gives an empty type;
    metadata/converter.go, toRuntimeArtifact, gives the number as its name.

    Without (master): component/launcher_v2.go, uploadOutputArtifacts, writes it through the API server;
    driver/container.go, convertArtifactToRuntimeArtifact, reads it; component/importer_launcher.go,
    RuntimeArtifactSchemaAndMetadata, makes a `schemaTitle` of the whole text that was the `instanceSchema`.

    Args:
        key: The output's name in its component.
        output: Its RuntimeArtifact, with what the step said of it.
        number: By which ML Metadata knows it.
        root: The pipeline root.
        release: Of Kubeflow Pipelines.
    """
    metadata = output.get("metadata", {})
    if release.has_metadata_store:
        kept = {name: _through_metadata_store(value) for name, value in metadata.items()}
        added = {"display_name": key, "store_session_info": _session_info(root)}
        return {
            "name": str(number),
            "type": {"instanceSchema": ""},
            "uri": output["uri"],
            "metadata": added | kept,
        }
    title = output["type"].get("schemaTitle") or output["type"]["instanceSchema"]
    told = {
        "name": output["name"],
        "artifactId": str(uuid.uuid5(uuid.NAMESPACE_URL, output["uri"])),
        "type": {"schemaTitle": title},
        "uri": output["uri"],
    }
    return told | ({"metadata": metadata} if metadata else {})


def _through_metadata_store(value: Any) -> Any:
    """A value after metadata/converter.go, StructValueToMLMDValue and toRuntimeArtifact."""
    match value:
        case bool():
            return int(value)
        case str() | int() | float():
            return value
        case list():
            return {"list": value}
        case dict():
            return {"struct": value}
        case _:
            raise TypeError(f"failed to convert RuntimeArtifact to MLMD artifact: unsupported value {value!r}")


def _session_info(root: str) -> str:
    """As config/env.go, GetStoreSessionInfo, has it where the pods' environment gives the credentials."""
    scheme, separator, _ = root.partition("://")
    return json.dumps({"Provider": scheme if separator else "", "Params": {"fromEnv": "true"}}, separators=(",", ":"))
