"""The launcher: KFP puts it into the step's container, where it runs the step's command between a before and an after.

KFP's own: component/launcher_v2.go, executeV2. It is given the ExecutorInput as the driver made it, and so is a retry:
Argo starts another pod from the same template, while the driver doesn't run again.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kubeflow_stand_in.driver import text_of
from kubeflow_stand_in.releases import Release
from kubeflow_stand_in.storage import Bucket, StorageError, bucket_and_key, download, local_path, upload

Json = dict[str, Any]
OpenBucket = Callable[[str], Bucket]


class LauncherError(Exception):
    """The launcher ends with exit status 1 and these words, at the end of the pod's log."""


def command_of(container: Json, component: Json, executor_input: Json) -> list[str]:
    """Returns the step's command, with the values in the places that are held for them: getPlaceholders.

    Defaults of the component's own parameters are filled in here and not by the driver: addDefaultParams.
    """
    filled = _with_defaults(executor_input, component)
    # The ExecutorInput first: it may itself have placeholders in it (since 2.14, pull request 11925).
    held = {"{{$}}": json.dumps(filled), **_placeholders(filled)}
    words = []
    for word in [*container.get("command", []), *container.get("args", [])]:
        for name, value in held.items():
            word = word.replace(name, value)  # noqa: PLW2901
        words.append(word)
    return words


def _with_defaults(executor_input: Json, component: Json) -> Json:
    definitions = component.get("inputDefinitions", {}).get("parameters", {})
    defaults = {name: each["defaultValue"] for name, each in definitions.items() if "defaultValue" in each}
    inputs = executor_input.get("inputs", {})
    values = {**defaults, **inputs.get("parameterValues", {})}
    return {**executor_input, "inputs": {**inputs, **({"parameterValues": values} if values else {})}}


def _placeholders(executor_input: Json) -> dict[str, str]:
    held = {}
    for side in ("inputs", "outputs"):
        for name, listed in executor_input.get(side, {}).get("artifacts", {}).items():
            uri = listed["artifacts"][0]["uri"]
            held[f"{{{{$.{side}.artifacts['{name}'].uri}}}}"] = uri
            held[f"{{{{$.{side}.artifacts['{name}'].path}}}}"] = local_path(uri) or uri
    for name, value in executor_input.get("inputs", {}).get("parameterValues", {}).items():
        held[f"{{{{$.inputs.parameters['{name}']}}}}"] = text_of(value)
    return held


def before(executor_input: Json, pod: Path, open_bucket: OpenBucket) -> None:
    """Downloads every input, whether the step reads the files or not, and makes the folders above its outputs.

    downloadArtifacts and prepareOutputFolders. An input that lies in no bucket is left where it is.

    Args:
        executor_input: What the driver made.
        pod: The folder that stands for the container's own file system.
        open_bucket: From the name of a bucket to the bucket.

    Raises:
        LauncherError: An input can't be copied.
    """
    for name, listed in executor_input.get("inputs", {}).get("artifacts", {}).items():
        uri = listed["artifacts"][0]["uri"]
        local = local_path(uri)
        if local is None:
            continue
        bucket, key = bucket_and_key(uri)
        try:
            download(open_bucket(bucket), key, inside(pod, local))
        except StorageError as error:
            raise LauncherError(
                f'failed to download input artifact "{name}" from remote storage URI "{uri}": {error}'
            ) from error
    for listed in executor_input["outputs"].get("artifacts", {}).values():
        local = local_path(listed["artifacts"][0]["uri"])
        if local is not None:
            inside(pod, local).parent.mkdir(parents=True, exist_ok=True)


def after(
    executor_input: Json, pod: Path, output_file: Path, open_bucket: OpenBucket, release: Release
) -> dict[str, Json]:
    """Reads what the step said of its outputs, uploads what lies at their local paths, and returns them merged.

    getExecutorOutputFile, uploadOutputArtifacts and mergeRuntimeArtifacts. A step that wrote to gs:// itself has
    nothing there: with ML Metadata that is a line in the log, without it the step's end.

    Args:
        executor_input: What the driver made.
        pod: The folder that stands for the container's own file system.
        output_file: The executor's output file, as it is called on this machine; it may be missing.
        open_bucket: From the name of a bucket to the bucket.
        release: Of Kubeflow Pipelines.

    Returns:
        The RuntimeArtifact of each output.

    Raises:
        LauncherError: An output isn't there, or can't be copied.
    """
    said = json.loads(output_file.read_text(encoding="utf-8")) if output_file.exists() else {}
    outputs = {}
    for name, listed in executor_input["outputs"].get("artifacts", {}).items():
        output = dict(listed["artifacts"][0])
        told = (said.get("artifacts", {}).get(name, {}).get("artifacts") or [{}])[0]
        output["uri"] = told.get("uri") or output["uri"]
        output["metadata"] = {**output.get("metadata", {}), **told.get("metadata", {})}
        _upload(name, output["uri"], pod, open_bucket, release)
        outputs[name] = output
    return outputs


def _upload(name: str, uri: str, pod: Path, open_bucket: OpenBucket, release: Release) -> None:
    local = local_path(uri)
    if local is None:
        return
    bucket, key = bucket_and_key(uri)
    try:
        upload(open_bucket(bucket), inside(pod, local), key)
    except FileNotFoundError as error:
        if release.demands_outputs:
            raise LauncherError(f'declared output artifact "{name}" is missing at "{local}": {error}') from error


def inside(pod: Path, path: str) -> Path:
    """Returns what a path of the container is called on this machine."""
    return pod / path.lstrip("/")
