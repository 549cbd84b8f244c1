"""Traces a model back to the files it was made of."""

import json
import os
from datetime import datetime, timezone

from components.errors import TransferlineError
from components.report.run_view import Origin
from pipeline.metadata.history import Artifact, Execution, History

PUSHED_TO = "pushed_destination"
SHOWN_DIGITS = 16
ASIDE = ("baseline_model", "analyzer_cache")
"""Inputs that a model isn't made of."""

REMOVED = "removed by `transferline clean`"


def lineage(history: History, model: str) -> list[Origin]:
    """Returns the artifacts that led to a model, the model first and the data last.

    Args:
        history: All executions of the pipeline.
        model: A pushed version's number or folder, or the URI of an artifact.

    Raises:
        TransferlineError: There is no such model.
    """
    start = _find(history, model)
    seen: dict[int, tuple[str, Artifact, Execution]] = {}
    waiting = [start]
    while waiting:
        artifact = waiting.pop()
        maker = history.maker(artifact)
        if artifact.number in seen or maker is None:
            continue
        key = next(key for key, group in maker.outputs.items() if artifact.number in {each.number for each in group})
        seen[artifact.number] = (key, artifact, maker)
        waiting += [each for key, group in maker.inputs.items() if key not in ASIDE for each in group]
    latest_first = sorted(seen.values(), key=lambda item: (-item[2].number, item[1].number))
    return [_origin(key, artifact, maker) for key, artifact, maker in latest_first]


def last_pushed(history: History) -> str:
    """Returns the folder of the version that was pushed last.

    Raises:
        TransferlineError: None was.
    """
    versions = _pushed(history)
    if not versions:
        raise TransferlineError("No run of this pipeline has pushed a model.", cure="See `transferline runs`.")
    return versions[-1]


def _pushed(history: History) -> list[str]:
    """The folders that were pushed to, the last one last."""
    return list(
        dict.fromkeys(
            artifact.properties[PUSHED_TO]
            for execution in history.executions
            for group in execution.outputs.values()
            for artifact in group
            if artifact.properties.get(PUSHED_TO)
        )
    )


def _find(history: History, model: str) -> Artifact:
    path = os.path.normpath(model)
    found = [
        artifact
        for execution in history.executions
        for group in execution.outputs.values()
        for artifact in group
        if model == os.path.basename(artifact.properties.get(PUSHED_TO, ""))
        or path in (os.path.normpath(artifact.uri), os.path.normpath(artifact.properties.get(PUSHED_TO, "/")))
    ]
    if not found:
        versions = map(os.path.basename, _pushed(history))
        raise TransferlineError(
            f"No run pushed or made '{model}'.",
            cure=f"Name one of the pushed versions: {', '.join(versions) or 'none was pushed'}.",
        )
    return found[-1]


def _origin(key: str, artifact: Artifact, maker: Execution) -> Origin:
    made = datetime.fromtimestamp(artifact.made / 1000, timezone.utc)
    return Origin(
        name=f"{maker.node}: {key}",
        uri=artifact.properties.get(PUSHED_TO) or artifact.uri,
        made=f"{made:%Y-%m-%d %H:%M} UTC",
        run_id=maker.run_id,
        details=", ".join(filter(None, (_details(key, artifact, maker), REMOVED * artifact.deleted))),
    )


def _details(key: str, artifact: Artifact, maker: Execution) -> str:
    """Of the examples, what they were made of; of a blessing, what it says."""
    if key == "blessing":
        return "blessed" if artifact.properties.get("blessed") == "1" else "not blessed"
    fingerprint = artifact.properties.get("input_fingerprint")
    if not fingerprint:
        return ""
    data = json.loads(maker.properties.get("data", "{}"))
    return f"data {data.get('path', '')}, fingerprint {fingerprint[:SHOWN_DIGITS]}"
